package dev.weir.gateway.chat;

import dev.weir.actors.meter.Decision;
import dev.weir.actors.meter.Need;
import dev.weir.actors.meter.Standing;
import dev.weir.cluster.meters.Meters;
import dev.weir.streams.relay.CallWatch.Held;
import dev.weir.streams.relay.Failure;
import io.netty.channel.EventLoop;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * What a call holds of its limits, and how it comes to hold more: as a stream goes on, and before another attempt. Confined
 * to the call's loop.
 */
final class Holding {

    /** Below this many tokens it is not worth asking again for half of what was refused. */
    private static final long LEAST = 16;

    private final Meters meters;
    private final Decision.Granted granted;
    private final Models.Group group;
    private final Duration timeout;
    private final EventLoop loop;
    private final boolean limited;
    private Need need;
    private long output;
    private int topUps;
    private boolean settled;
    private Decision.@Nullable Refused refusal;

    /**
     * @param need what was held at first
     * @param output the part of it that is for output
     */
    Holding(
            Meters meters,
            Decision.Granted granted,
            Models.Group group,
            Need need,
            long output,
            Duration timeout,
            EventLoop loop) {
        this.meters = meters;
        this.granted = granted;
        this.group = group;
        this.need = need;
        this.output = output;
        this.timeout = timeout;
        this.loop = loop;
        this.limited = granted.standings().stream().anyMatch(Holding::isOfTokens);
    }

    private static boolean isOfTokens(Standing standing) {
        return switch (standing.kind()) {
            case TOKENS, BUDGET -> true;
            case REQUESTS, MAX_PARALLEL_REQUESTS -> false;
        };
    }

    Decision.Granted granted() {
        return granted;
    }

    /** All that is held. */
    Need need() {
        return need;
    }

    /** The output tokens that are held; where no limit counts them, as many as come. */
    long output() {
        return limited ? output : Long.MAX_VALUE;
    }

    /** What a limit said when it had no more; null when none has. */
    Decision.@Nullable Refused refusal() {
        return refusal;
    }

    /** Holds so much output in all, or less of it where that is all there is. */
    void growTo(long tokens, Held then) {
        grow(tokens - output, then);
    }

    private void grow(long more, Held then) {
        ask(Need.ofMore(more, group.costBound(0, more), group.priced()), decision -> {
            if (decision instanceof Decision.Granted) {
                output += more;
                then.answered(null);
            } else if (decision instanceof Decision.Exceeded && more >= 2 * LEAST) {
                grow(more / 2, then);
            } else {
                then.answered(refused(decision));
            }
        });
    }

    /** Holds again what attempts before have used up. */
    void replace(long tokens, long nanoUsd, Held then) {
        if (!limited || tokens == 0) {
            then.answered(null);
            return;
        }
        ask(
                Need.ofMore(tokens, nanoUsd, group.priced()),
                decision -> then.answered(decision instanceof Decision.Granted ? null : refused(decision)));
    }

    private interface Decided {
        void by(Decision decision);
    }

    /** The call is over: nobody would settle what it held from now on. */
    void settled() {
        settled = true;
    }

    private void ask(Need more, Decided then) {
        if (settled) {
            return;
        }
        meters.topUp(granted.meter(), granted.hold(), granted.epoch(), ++topUps, group.name(), more, timeout)
                .thenAcceptAsync(
                        decision -> {
                            if (decision instanceof Decision.Granted) {
                                need = need.and(more);
                            }
                            then.by(decision);
                        },
                        loop);
    }

    private Failure refused(Decision decision) {
        if (decision instanceof Decision.Refused refused) {
            refusal = refused;
            return new Failure(Failure.Kind.QUOTA, "a limit has nothing left for the rest of the call");
        }
        return new Failure(Failure.Kind.NOT_HELD, "the key's meter did not answer");
    }
}
