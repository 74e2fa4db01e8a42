package dev.weir.streams.mock;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;

/**
 * What really reached the mock: the sightings of the last requests and sums over all of them. Safe for any thread.
 *
 * <p>A gateway's ledger is right when it agrees with this one.
 */
public final class Witness {
    private final int kept;
    private final Deque<Trace> traces = new ArrayDeque<>();
    private final Object monitor = new Object();
    private volatile int waiting;

    private long newest;
    private long forgotten;
    private long requests;
    private long complete;
    private long closedByPeer;
    private long faulted;
    private long tokens;
    private long toldPromptTokens;
    private long toldCompletionTokens;
    private long connections;
    private long openConnections;

    Witness(int kept) {
        this.kept = kept;
    }

    /**
     * Sums since the start or the last {@link #clear()}.
     *
     * @param requests that arrived
     * @param tokens that the socket took, of all answers that have ended
     * @param toldPromptTokens in the usages that were told
     * @param connections that were accepted
     */
    public record Totals(
            long requests,
            long complete,
            long closedByPeer,
            long faulted,
            long tokens,
            long toldPromptTokens,
            long toldCompletionTokens,
            long connections,
            long openConnections) {
        /** How many answers have no end yet. */
        public long open() {
            return requests - complete - closedByPeer - faulted;
        }
    }

    /** The sums. */
    public Totals totals() {
        synchronized (monitor) {
            return new Totals(
                    requests,
                    complete,
                    closedByPeer,
                    faulted,
                    tokens,
                    toldPromptTokens,
                    toldCompletionTokens,
                    connections,
                    openConnections);
        }
    }

    /** The kept sightings, oldest first. */
    public List<Sighting> sightings() {
        return since(0);
    }

    /** The kept sightings with a greater serial than this, oldest first. */
    public List<Sighting> since(long serial) {
        List<Trace> copy;
        synchronized (monitor) {
            copy = new ArrayList<>(traces);
        }
        return copy.stream()
                .filter(trace -> trace.serial() > serial)
                .map(Trace::sighting)
                .toList();
    }

    /** The kept sightings of one model name, oldest first. */
    public List<Sighting> ofModel(String model) {
        return sightings().stream().filter(seen -> seen.model().equals(model)).toList();
    }

    /**
     * The newest sighting that fulfils a condition, as soon as there is one.
     *
     * @throws NoSuchElementException when patience ends before, listing what was seen
     */
    public Sighting await(Predicate<? super Sighting> sought, Duration patience) {
        Sighting[] found = new Sighting[1];
        awaitThat(
                () -> {
                    found[0] = sightings().reversed().stream()
                            .filter(sought)
                            .findFirst()
                            .orElse(null);
                    return found[0] != null;
                },
                patience);
        return found[0];
    }

    /** The newest request for this model name, as soon as it has arrived. */
    public Sighting awaitArrived(String model, Duration patience) {
        return await(seen -> seen.model().equals(model), patience);
    }

    /** The newest answer for this model name that has ended, in whatever way, as soon as there is one. */
    public Sighting awaitEnded(String model, Duration patience) {
        return await(seen -> seen.model().equals(model) && seen.end() != Sighting.End.OPEN, patience);
    }

    /** The newest request for this model name whose peer went away, as soon as it has; see {@link Sighting#endedNanos()}. */
    public Sighting awaitClosed(String model, Duration patience) {
        return await(seen -> seen.model().equals(model) && seen.end() == Sighting.End.CLOSED_BY_PEER, patience);
    }

    /** The sums, as soon as they fulfil a condition. */
    public Totals awaitTotals(Predicate<? super Totals> sought, Duration patience) {
        awaitThat(() -> sought.test(totals()), patience);
        return totals();
    }

    /** Forgets sightings and sums; what is open goes on, and its end is not counted any more than its arrival was. */
    public void clear() {
        synchronized (monitor) {
            traces.clear();
            forgotten = newest;
            requests = 0;
            complete = 0;
            closedByPeer = 0;
            faulted = 0;
            tokens = 0;
            toldPromptTokens = 0;
            toldCompletionTokens = 0;
            connections = openConnections;
        }
    }

    Trace arrived(Request request, long connection) {
        synchronized (monitor) {
            Trace trace = new Trace(++newest, request, connection);
            requests++;
            traces.add(trace);
            if (traces.size() > kept) {
                traces.remove();
            }
            changed();
            return trace;
        }
    }

    void ended(Trace trace, Sighting.End how) {
        trace.ended(how);
        synchronized (monitor) {
            if (trace.serial() <= forgotten) {
                return;
            }
            switch (how) {
                case COMPLETE -> complete++;
                case CLOSED_BY_PEER -> closedByPeer++;
                case FAULTED -> faulted++;
                case OPEN -> throw new IllegalArgumentException("an end that is none");
            }
            tokens += trace.tokens();
            Sighting.Told told = trace.toldUsage();
            if (told != null) {
                toldPromptTokens += told.promptTokens();
                toldCompletionTokens += told.completionTokens();
            }
            changed();
        }
    }

    /** Tokens or bytes went out: of interest to a waiting test only. */
    void progressed() {
        if (waiting > 0) {
            synchronized (monitor) {
                changed();
            }
        }
    }

    void connected() {
        synchronized (monitor) {
            connections++;
            openConnections++;
            changed();
        }
    }

    void disconnected() {
        synchronized (monitor) {
            openConnections--;
            changed();
        }
    }

    private void changed() {
        if (waiting > 0) {
            monitor.notifyAll();
        }
    }

    @SuppressWarnings("NonAtomicVolatileUpdate")
    private void awaitThat(BooleanSupplier condition, Duration patience) {
        long deadline = System.nanoTime() + patience.toNanos();
        synchronized (monitor) {
            waiting = waiting + 1;
            try {
                while (!condition.getAsBoolean()) {
                    long left = deadline - System.nanoTime();
                    if (left <= 0) {
                        throw new NoSuchElementException("Not seen within " + patience + ". Seen: " + totals() + " "
                                + sightings().reversed().stream().limit(20).toList());
                    }
                    monitor.wait(left / 1_000_000 + 1);
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IllegalStateException("Interrupted while waiting for the witness", e);
            } finally {
                waiting = waiting - 1;
            }
        }
    }
}
