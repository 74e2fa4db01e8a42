package dev.weir.actors.meter;

import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;

/** Reservations and top-ups that wait for the store, in the order in which they came, holding nothing. Bounded in number, and each in time. */
final class WaitingRoom {

    private static final int MOST = 1000;

    private final Map<HoldId, Meter.Asking> waiting = new LinkedHashMap<>();

    boolean isEmpty() {
        return waiting.isEmpty();
    }

    /** The same question waits already: its door has asked again. */
    boolean has(Meter.Asking call) {
        Meter.Asking same = waiting.get(call.hold());
        return same != null && same.ask().topUp() == call.ask().topUp();
    }

    /** @return false when the room is full */
    boolean admit(Meter.Asking call) {
        if (waiting.size() >= MOST) {
            return false;
        }
        waiting.put(call.hold(), call);
        return true;
    }

    Optional<Meter.Asking> remove(HoldId hold) {
        return Optional.ofNullable(waiting.remove(hold));
    }

    /**
     * Looks at each from the head; those that {@code leaves} is true of are gone.
     *
     * @return whether there were any
     */
    boolean sweep(Predicate<Meter.Asking> leaves) {
        return waiting.values().removeIf(leaves);
    }

    Collection<Ask> asks() {
        return waiting.values().stream().map(Meter.Asking::ask).toList();
    }

    /** Those that nobody waits for any more leave. */
    List<Meter.Asking> late(long now) {
        List<Meter.Asking> late = waiting.values().stream()
                .filter(call -> now > call.notAfterEpochMillis())
                .toList();
        late.forEach(call -> waiting.remove(call.hold()));
        return late;
    }

    /** Everybody leaves. */
    List<Meter.Asking> clear() {
        List<Meter.Asking> all = List.copyOf(waiting.values());
        waiting.clear();
        return all;
    }
}
