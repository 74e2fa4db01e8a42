package dev.weir.actors.meter;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.pekko.actor.typed.ActorRef;
import org.jspecify.annotations.Nullable;

/**
 * What waits until other nodes have given back what they do not use. A node that had nothing to give back the last time, and was
 * granted nothing since, is asked again after a while only: while a limit is used up, a flood of calls costs few messages.
 */
final class Recalls {

    private static final long AGAIN_MILLIS = 250;

    /** A node that did not answer is left alone for so long. */
    private static final long SILENT_MILLIS = 5_000;

    private static final class Waiting {
        private final Set<Long> asked;
        private final long since;
        private Want want;
        private int ticks;

        Waiting(Want want, Set<Long> asked, long since) {
            this.want = want;
            this.asked = new HashSet<>(asked);
            this.since = since;
        }
    }

    private final Nodes nodes;
    private final Map<Long, Waiting> waiting = new HashMap<>();
    private final Map<Long, Long> askedAt = new HashMap<>();
    private final Map<Long, Long> silentSince = new HashMap<>();

    Recalls(Nodes nodes) {
        this.nodes = nodes;
    }

    boolean isEmpty() {
        return waiting.isEmpty();
    }

    /** The node waits already; this is what it wants by now. */
    boolean isWaiting(Want want) {
        Waiting each = waiting.get(want.node());
        if (each == null) {
            return false;
        }
        if (want.sequence() > each.want.sequence()) {
            each.want = want;
        }
        return true;
    }

    /** Those who may have something of these limits that they do not use. */
    Map<Long, ActorRef<Keeper.Command>> from(long node, List<LimitId> limits, AccountBook book, long now) {
        Map<Long, ActorRef<Keeper.Command>> from = new HashMap<>();
        nodes.keepers().forEach((other, keeper) -> {
            boolean isHolder = other != node && limits.stream().anyMatch(limit -> book.piece(limit, other) > 0);
            boolean isSilent = now - silentSince.getOrDefault(other, Long.MIN_VALUE / 2) < SILENT_MILLIS;
            boolean isRecent = now - askedAt.getOrDefault(other, Long.MIN_VALUE / 2) < AGAIN_MILLIS;
            boolean hasSpare = limits.stream().anyMatch(limit -> book.spare(limit, other) > 0);
            if (isHolder && !isSilent && (hasSpare || !isRecent)) {
                from.put(other, keeper);
            }
        });
        return from;
    }

    void begin(Want want, Set<Long> asked, long now) {
        waiting.put(want.node(), new Waiting(want, asked, now));
        asked.forEach(node -> askedAt.put(node, now));
    }

    /** What the node wants, which waits no longer; null when it did not wait. */
    @Nullable
    Want end(long node) {
        Waiting each = waiting.remove(node);
        return each == null ? null : each.want;
    }

    /** Nodes that have waited for others for too long. */
    List<Long> tick(int most) {
        List<Long> over = new ArrayList<>();
        waiting.forEach((node, each) -> {
            if (++each.ticks >= most) {
                over.add(node);
                each.asked.forEach(silent -> silentSince.put(silent, each.since));
            }
        });
        return over;
    }

    /** Everybody who waits, and is not answered with figures. */
    List<Want> clear() {
        List<Want> all = waiting.values().stream().map(each -> each.want).toList();
        waiting.clear();
        return all;
    }
}
