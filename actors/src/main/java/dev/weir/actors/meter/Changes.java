package dev.weir.actors.meter;

import dev.weir.actors.meter.Meter.Change;
import java.time.ZoneId;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** Operators' changes of a key that wait for their write, in the order in which they came. Bounded in number. */
final class Changes {

    private static final int MOST = 1000;

    private final Deque<Change> waiting = new ArrayDeque<>();

    /** @return false when it was refused */
    boolean add(Change change) {
        if (waiting.size() >= MOST) {
            change.replyTo().tell(new AdminReply.Unavailable("too many changes of this key wait for the store"));
            return false;
        }
        return waiting.add(change);
    }

    boolean has(long request) {
        return waiting.stream().anyMatch(change -> change.request() == request);
    }

    @Nullable
    Change poll() {
        return waiting.poll();
    }

    /** All of them, which wait no longer. */
    List<Change> clear() {
        List<Change> all = List.copyOf(waiting);
        waiting.clear();
        return all;
    }

    void refuse(String reason) {
        clear().forEach(change -> change.replyTo().tell(new AdminReply.Unavailable(reason)));
    }

    /** What {@code change} makes of a key's state. Empty when it was answered instead. */
    static Optional<UnaryOperator<MeterState>> of(
            Change change, MeterState durable, long spent, long nowMillis, ZoneId zone) {
        Optional<UnaryOperator<MeterState>> made = made(change, durable, spent, nowMillis, zone);
        return made.map(make -> state -> {
            MeterState next = make.apply(state);
            return next.equals(state) ? state : next.by(change.request());
        });
    }

    private static Optional<UnaryOperator<MeterState>> made(
            Change change, MeterState durable, long spent, long nowMillis, ZoneId zone) {
        return switch (change) {
            case Meter.Update update -> {
                if (update.expectedVersion() != 0 && update.expectedVersion() != durable.version()) {
                    update.replyTo().tell(new AdminReply.Stale(durable.version()));
                    yield Optional.empty();
                }
                yield Optional.of(s -> s.withSettings(update.settings(), nowMillis, spent));
            }
            case Meter.SetBlocked block ->
                Optional.of(s -> s.settings().blocked() == block.blocked() ? s : s.withBlocked(block.blocked()));
            case Meter.Delete delete -> Optional.of(MeterState::deleted);
            case Meter.Rotate rotate ->
                Optional.of(s -> s.rotated(rotate.hash(), nowMillis, nowMillis + rotate.graceMillis()));
            case Meter.ResetSpend reset -> Optional.of(s -> s.reset(reset.toNanoUsd(), nowMillis, zone));
            case Meter.Create create -> Optional.empty();
        };
    }
}
