package dev.weir.actors.meter;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.pekko.actor.typed.ActorRef;

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

    /** Who asks more often has asked before, and is answered. */
    private static final int MOST_ANSWERS = 8;

    private static final class Owed {
        private final Map<Share, Long> marks;
        private final List<Runnable> answers = new ArrayList<>(1);
        private Row row;

        Owed(Debt debt, Runnable answer) {
            this.marks = debt.marks();
            this.answers.add(answer);
            this.row = debt.row() ? Row.OWED : Row.DONE;
        }
    }

    private final ActorRef<Meter.Command> watcher;
    private final Map<K, Owed> owed = new HashMap<>();

    /** @param watcher is told when a share has moved that an answer waits for */
    Acks(ActorRef<Meter.Command> watcher) {
        this.watcher = watcher;
    }

    boolean isEmpty() {
        return owed.isEmpty();
    }

    void add(K to, Debt debt, Runnable answer) {
        owed.put(to, new Owed(debt, answer));
    }

    /** The same again. False when it is not owed. */
    boolean join(K to, Runnable answer) {
        Owed entry = owed.get(to);
        if (entry == null) {
            return false;
        }
        if (entry.answers.size() < MOST_ANSWERS) {
            entry.answers.add(answer);
        }
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
        owed.values().removeIf(each -> {
            boolean paid = isPaid(each);
            if (paid) {
                each.answers.forEach(Runnable::run);
            }
            return paid;
        });
    }

    private boolean isPaid(Owed each) {
        return each.row == Row.DONE
                && each.marks.entrySet().stream().allMatch(mark -> isDurable(mark.getKey(), mark.getValue()));
    }

    /** A share says only once that it has moved, and moves for others' sake too: where that was not enough it is watched again. */
    private boolean isDurable(Share share, long mark) {
        share.lock();
        try {
            boolean durable = share.isDurable(mark);
            if (!durable) {
                share.watch(watcher);
            }
            return durable;
        } finally {
            share.unlock();
        }
    }

    void tellAll() {
        owed.values().forEach(each -> each.answers.forEach(Runnable::run));
        owed.clear();
    }
}
