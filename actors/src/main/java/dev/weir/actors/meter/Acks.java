package dev.weir.actors.meter;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.pekko.actor.typed.ActorRef;

/** Settlements that are taken in and whose doors are told when all that they charge is durable. */
final class Acks {

    private enum Row {
        DONE,
        PLANNED,
        OWED
    }

    private static final class Owed {
        private final List<ActorRef<Ack>> doors = new ArrayList<>(1);
        private final Map<Share, Long> marks;
        private Row row;

        Owed(Debt debt) {
            this.marks = debt.marks();
            this.row = debt.row() ? Row.OWED : Row.DONE;
        }

        boolean isPaid() {
            return row == Row.DONE
                    && marks.entrySet().stream().allMatch(mark -> isDurable(mark.getKey(), mark.getValue()));
        }

        private static boolean isDurable(Share share, long mark) {
            share.lock();
            try {
                return share.isDurable(mark);
            } finally {
                share.unlock();
            }
        }
    }

    private final Map<HoldId, Owed> owed = new HashMap<>();

    boolean isEmpty() {
        return owed.isEmpty();
    }

    void add(Meter.Settle settle, Debt debt) {
        Owed entry = new Owed(debt);
        entry.doors.add(settle.replyTo());
        owed.put(settle.hold(), entry);
    }

    /** The same settlement again. False when it is not owed. */
    boolean join(Meter.Settle settle) {
        Owed entry = owed.get(settle.hold());
        if (entry == null) {
            return false;
        }
        entry.doors.add(settle.replyTo());
        return true;
    }

    /** A plan has been made that has everything so far. */
    void planned() {
        replace(Row.OWED, Row.PLANNED);
    }

    void written() {
        replace(Row.PLANNED, Row.DONE);
        tellPaid();
    }

    void abandoned() {
        replace(Row.PLANNED, Row.OWED);
    }

    private void replace(Row from, Row to) {
        for (Owed each : owed.values()) {
            if (each.row == from) {
                each.row = to;
            }
        }
    }

    /** Tells those to whom nothing is owed any more. */
    void tellPaid() {
        owed.entrySet().removeIf(each -> {
            boolean paid = each.getValue().isPaid();
            if (paid) {
                tell(each.getKey(), each.getValue());
            }
            return paid;
        });
    }

    void tellAll() {
        owed.forEach(Acks::tell);
        owed.clear();
    }

    private static void tell(HoldId hold, Owed entry) {
        entry.doors.forEach(door -> door.tell(new Ack(hold)));
    }
}
