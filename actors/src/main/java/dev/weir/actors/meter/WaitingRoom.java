package dev.weir.actors.meter;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;

/** Reservations and top-ups that wait for the store, in the order in which they came, holding nothing. Bounded in number and time. */
final class WaitingRoom {

    private static final int MOST = 1000;
    private static final int TICKS = 10;

    private static final class Waiting {
        private final Meter.Asking call;
        private int ticks;

        Waiting(Meter.Asking call) {
            this.call = call;
        }
    }

    private final Map<HoldId, Waiting> waiting = new LinkedHashMap<>();

    boolean isEmpty() {
        return waiting.isEmpty();
    }

    /** The same question waits already: its door has asked again. */
    boolean has(Meter.Asking call) {
        Waiting same = waiting.get(call.hold());
        return same != null && same.call.ask().topUp() == call.ask().topUp();
    }

    /** @return false when the room is full */
    boolean admit(Meter.Asking call) {
        if (waiting.size() >= MOST) {
            return false;
        }
        waiting.put(call.hold(), new Waiting(call));
        return true;
    }

    Optional<Meter.Asking> remove(HoldId hold) {
        return Optional.ofNullable(waiting.remove(hold)).map(each -> each.call);
    }

    /**
     * Looks at each from the head; those that {@code leaves} is true of are gone.
     *
     * @return whether there were any
     */
    boolean sweep(Predicate<Meter.Asking> leaves) {
        return waiting.values().removeIf(each -> leaves.test(each.call));
    }

    Collection<Ask> asks() {
        return waiting.values().stream().map(each -> each.call.ask()).toList();
    }

    /** A tick of the clock went by. Returns, and forgets, those that have waited for {@value #TICKS}. */
    List<Meter.Asking> tick() {
        List<Meter.Asking> late = new ArrayList<>();
        Iterator<Waiting> all = waiting.values().iterator();
        while (all.hasNext()) {
            Waiting each = all.next();
            if (++each.ticks >= TICKS) {
                all.remove();
                late.add(each.call);
            }
        }
        return late;
    }

    /** Everybody leaves. */
    List<Meter.Asking> clear() {
        List<Meter.Asking> all =
                waiting.values().stream().map(each -> each.call).toList();
        waiting.clear();
        return all;
    }
}
