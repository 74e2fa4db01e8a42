package dev.weir.cluster.ledger;

import dev.weir.actors.meter.Outcome;
import dev.weir.config.price.Usage;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What was read of the journal and is not in the store: the reader's place, the attempts that are open there, and what
 * the next transaction will write. Knows no database and no clock.
 *
 * <p>Attempts are parked oldest first, so an open attempt is parked exactly when it lies before {@code released}: that
 * is what makes a second reading after a crash come to the same figures.
 */
final class Backlog {

    private final Ring ring;
    private final int most;
    private final Scratch scratch = new Scratch();

    /** Ends before this place are in the ledger already. */
    private final long shippedTo;

    private final Map<AttemptId, Batch.Running> open = new LinkedHashMap<>();
    private List<Batch.Running> parked = new ArrayList<>();
    private List<Entry.Progressed> progressed = new ArrayList<>();
    private List<Batch.Row> rows = new ArrayList<>();
    private List<AttemptEnded> ends = new ArrayList<>();
    private long position;
    private long lastMillis;

    /** @param most how many rows a batch has */
    Backlog(Ring ring, long from, long shippedTo, int most) {
        this.ring = ring;
        this.position = from;
        this.shippedTo = shippedTo;
        this.most = most;
    }

    long position() {
        return position;
    }

    boolean full() {
        return rows.size() + ends.size() + progressed.size() >= most;
    }

    /** Reads up to {@code head}, to a record that is still being written, or until a batch is full. */
    void read(long head) {
        while (position < head && !full() && ring.read(position, scratch)) {
            take();
        }
    }

    /** Reads what a process left: what cannot be read now never will, and the next slot may begin a record. */
    void replay(long head) {
        while (position < head && !full()) {
            if (ring.read(position, scratch)) {
                take();
            } else {
                position += Ring.SLOT;
            }
        }
    }

    private void take() {
        long at = position;
        position += scratch.size();
        switch (scratch.entry()) {
            case Entry.Begun begun -> begin(begun.attempt(), at);
            case Entry.Progressed so -> progress(so, at >= shippedTo);
            case Entry.Ended ended -> end(ended.attempt(), at >= shippedTo);
        }
    }

    private void begin(AttemptBegun begun, long at) {
        lastMillis = Math.max(lastMillis, begun.startedMillis());
        Batch.Running running =
                new Batch.Running(at, begun, begun.held().tokens(), begun.held().nanoUsd());
        open.put(begun.id(), running);
    }

    private void progress(Entry.Progressed so, boolean isNew) {
        boolean here = open.computeIfPresent(so.id(), (id, running) -> running.progressed(so)) != null;
        if (!here && isNew) {
            progressed.add(so);
        }
    }

    private void end(AttemptEnded ended, boolean isNew) {
        lastMillis = Math.max(lastMillis, ended.endedMillis());
        Batch.Running running = open.remove(ended.id());
        if (!isNew) {
            return;
        }
        if (running == null) {
            ends.add(ended);
        } else {
            rows.add(new Batch.Row(running.begun(), ended));
        }
    }

    /** Parks, of the oldest attempts, those that began before {@code millis} or lie before {@code place}. */
    void park(long millis, long place) {
        Iterator<Batch.Running> oldest = open.values().iterator();
        while (oldest.hasNext() && parked.size() < most) {
            Batch.Running running = oldest.next();
            if (running.begun().startedMillis() >= millis && running.position() >= place) {
                return;
            }
            parked.add(running);
            oldest.remove();
        }
    }

    /** The process that had them is dead: ends the oldest open attempts, as many as a batch takes. */
    void loseOldest() {
        Iterator<Batch.Running> oldest = open.values().iterator();
        while (oldest.hasNext() && !full()) {
            Batch.Running running = oldest.next();
            rows.add(lost(running));
            oldest.remove();
        }
    }

    boolean anyOpen() {
        return !open.isEmpty();
    }

    /** The row of an attempt that nothing further was heard of. Its end is the last thing that the process wrote. */
    Batch.Row lost(Batch.Running running) {
        AttemptBegun begun = running.begun();
        return new Batch.Row(
                begun,
                new AttemptEnded(
                        begun.id(),
                        Outcome.LOST,
                        0,
                        Usage.ofText(running.tokens(), 0),
                        true,
                        running.nanoUsd(),
                        begun.held().priced(),
                        Math.max(lastMillis, begun.startedMillis()),
                        0));
    }

    /** What is to be written now. */
    Batch batch(long number) {
        long released =
                open.isEmpty() ? position : open.values().iterator().next().position();
        Batch batch = new Batch(number, position, released, parked, progressed, rows, ends, List.of());
        parked = new ArrayList<>();
        progressed = new ArrayList<>();
        rows = new ArrayList<>();
        ends = new ArrayList<>();
        return batch;
    }
}
