package dev.weir.actors.meter;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Answers that are owed, by what they are to, and are given when all that they say is durable.
 *
 * @param <K> what is answered
 */
final class Acks<K> {

    private enum Row {
        DONE,
        PLANNED,
        OWED
    }

    private static final class Owed {
        private final List<Runnable> answers = new ArrayList<>(1);
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

    private final Map<K, Owed> owed = new HashMap<>();

    boolean isEmpty() {
        return owed.isEmpty();
    }

    void add(K to, Debt debt, Runnable answer) {
        Owed entry = new Owed(debt);
        entry.answers.add(answer);
        owed.put(to, entry);
    }

    /** The same again. False when it is not owed. */
    boolean join(K to, Runnable answer) {
        Owed entry = owed.get(to);
        if (entry == null) {
            return false;
        }
        entry.answers.add(answer);
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
                each.getValue().answers.forEach(Runnable::run);
            }
            return paid;
        });
    }

    void tellAll() {
        owed.values().forEach(each -> each.answers.forEach(Runnable::run));
        owed.clear();
    }
}
