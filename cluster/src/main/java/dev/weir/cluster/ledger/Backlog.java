package dev.weir.cluster.ledger;

import java.util.AbstractList;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * What was read of the journal and is not in the store: the reader's place, the attempts that are open there, and what
 * the next transaction will write. Knows no database and no clock.
 *
 * <p>Keeps where records are and not what they say: they stay in the journal until their batch is in the store, and are
 * read again, one by one, when that is written. A batch of rows would outlive a collection, and fill the old generation.
 *
 * <p>Attempts are parked oldest first, so an open attempt is parked exactly when it lies before {@code released}: that
 * is what makes a second reading after a crash come to the same figures.
 */
final class Backlog {

    /** An attempt that has not ended, where its beginning is, and what it is charged if nothing further is heard. */
    private record Open(long position, long startedMillis, long tokens, long nanoUsd) {

        Open progressed(Entry.Progressed so) {
            return new Open(
                    position, startedMillis, Math.max(tokens, so.usage().total()), Math.max(nanoUsd, so.nanoUsd()));
        }
    }

    private final Ring ring;
    private final int most;
    private final Scratch scratch = new Scratch();

    /** Ends before this place are in the ledger already. */
    private final long shippedTo;

    private final Map<AttemptId, Open> open = new LinkedHashMap<>();
    private List<Batch.Running> parked = new ArrayList<>();
    private List<Entry.Progressed> progressed = new ArrayList<>();
    private List<AttemptEnded> ends = new ArrayList<>();
    private final Rows rows = new Rows();
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
        rows.clear();
        while (position < head && !full() && ring.read(position, scratch)) {
            take();
        }
    }

    /** Reads what a process left: what cannot be read now never will, and the next slot may begin a record. */
    void replay(long head) {
        rows.clear();
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
        switch (scratch.kind()) {
            case Scratch.BEGUN -> begin(at);
            case Scratch.PROGRESSED -> progress((Entry.Progressed) scratch.entry(), at >= shippedTo);
            case Scratch.ENDED -> end(at, at >= shippedTo);
            default -> throw Scratch.unknown(scratch.kind());
        }
    }

    private void begin(long at) {
        lastMillis = Math.max(lastMillis, scratch.startedMillis());
        open.put(scratch.id(), new Open(at, scratch.startedMillis(), scratch.heldTokens(), scratch.heldNanoUsd()));
    }

    private void progress(Entry.Progressed so, boolean isNew) {
        boolean here = open.computeIfPresent(so.id(), (id, running) -> running.progressed(so)) != null;
        if (!here && isNew) {
            progressed.add(so);
        }
    }

    private void end(long at, boolean isNew) {
        lastMillis = Math.max(lastMillis, scratch.endedMillis());
        Open running = open.remove(scratch.id());
        if (!isNew) {
            return;
        }
        if (running == null) {
            ends.add(((Entry.Ended) scratch.entry()).attempt());
        } else {
            rows.put(running.position(), at);
        }
    }

    /** Parks, of the oldest attempts, those that began before {@code millis} or lie before {@code place}. */
    void park(long millis, long place) {
        Iterator<Open> oldest = open.values().iterator();
        while (oldest.hasNext() && parked.size() < most) {
            Open running = oldest.next();
            if (running.startedMillis() >= millis && running.position() >= place) {
                return;
            }
            parked.add(running(running));
            oldest.remove();
        }
    }

    private Batch.Running running(Open of) {
        return new Batch.Running(begun(of.position()), of.tokens(), of.nanoUsd());
    }

    boolean anyOpen() {
        return !open.isEmpty();
    }

    /** The process that had them is dead: ends the oldest open attempts, as many as a batch takes. */
    Batch lose(long number) {
        List<Batch.Row> rows = new ArrayList<>();
        Iterator<Open> oldest = open.values().iterator();
        while (oldest.hasNext() && rows.size() < most) {
            rows.add(lost(running(oldest.next())));
            oldest.remove();
        }
        return batch(number, rows);
    }

    /** The row of an attempt that nothing further was heard of. Its end is the last thing that the process wrote. */
    Batch.Row lost(Batch.Running running) {
        return running.lost(lastMillis);
    }

    /** What is to be written now. To be done with before reading goes on. */
    Batch batch(long number) {
        Batch batch = batch(number, rows);
        parked = new ArrayList<>();
        progressed = new ArrayList<>();
        ends = new ArrayList<>();
        return batch;
    }

    private Batch batch(long number, List<Batch.Row> rows) {
        long released =
                open.isEmpty() ? position : open.values().iterator().next().position();
        return new Batch(number, position, released, parked, progressed, rows, ends, List.of());
    }

    private AttemptBegun begun(long at) {
        if (entry(at) instanceof Entry.Begun begun) {
            return begun.attempt();
        }
        throw changed(at);
    }

    private AttemptEnded ended(long at) {
        if (entry(at) instanceof Entry.Ended ended) {
            return ended.attempt();
        }
        throw changed(at);
    }

    private Entry entry(long at) {
        if (ring.read(at, scratch)) {
            return scratch.entry();
        }
        throw changed(at);
    }

    private static JournalException changed(long at) {
        return new JournalException("the journal's record at " + at + " was whole and is not any more");
    }

    /** Reads each row when it is asked for. */
    private final class Rows extends AbstractList<Batch.Row> {

        /** The places of the two ends of each. */
        private long[] places = new long[512];

        private int size;

        void put(long begunAt, long endedAt) {
            if (2 * size == places.length) {
                places = Arrays.copyOf(places, 2 * places.length);
            }
            places[2 * size] = begunAt;
            places[2 * size + 1] = endedAt;
            size++;
        }

        @Override
        public Batch.Row get(int index) {
            Objects.checkIndex(index, size);
            return new Batch.Row(begun(places[2 * index]), ended(places[2 * index + 1]));
        }

        @Override
        public int size() {
            return size;
        }

        @Override
        public void clear() {
            size = 0;
        }
    }
}
