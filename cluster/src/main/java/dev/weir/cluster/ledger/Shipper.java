package dev.weir.cluster.ledger;

import java.sql.SQLException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.sqlite.SQLiteErrorCode;

/**
 * Carries the journal into the ledger: one thread that reads in order and writes rows in batches, each batch and the
 * place that it was read to in one transaction.
 *
 * <p>An attempt becomes a row when it ends. One that runs for long is parked in the store meanwhile, so that it does not
 * keep the journal from being written over. One that had not ended when the process died becomes a row at {@link
 * #recover}, charged with what it held.
 *
 * <p>A store that fails is tried again without end and nothing is lost: the journal fills, and then refuses attempts.
 */
public final class Shipper implements AutoCloseable {

    /** What a shipper tells those who count. Called on its thread. */
    public interface Watch {

        Watch NONE = new Watch() {};

        /** @param rows that were added to the ledger, or found to be there after a commit of unknown outcome */
        default void shipped(int rows) {}

        /** The store could not be written, once more. */
        default void failed(String why) {}

        /** The store was written again after it had failed. */
        default void resumed() {}
    }

    /**
     * What {@link #recover} found.
     *
     * @param withdrawn provisional rows of calls that had never begun an attempt
     */
    public record Recovered(int ended, int lost, int withdrawn) {}

    /**
     * @param rows of a batch, at most
     * @param every how long an idle shipper waits before it looks again
     * @param parkAfter how long an attempt runs before it is parked
     * @param recoverWithin how long {@link Shipper#recover} tries a store that fails
     * @param writtenWithin how long a record may take from its place to its stamp: microseconds, or as long as a thread
     *     is put to sleep
     */
    record Pace(int rows, Duration every, Duration parkAfter, Duration recoverWithin, Duration writtenWithin) {

        static final Pace STANDARD = new Pace(
                5_000, Duration.ofMillis(400), Duration.ofSeconds(10), Duration.ofSeconds(30), Duration.ofSeconds(5));
    }

    private static final Logger LOG = LoggerFactory.getLogger(Shipper.class);

    private static final long SHORTEST_PAUSE_MILLIS = 50;
    private static final long LONGEST_PAUSE_MILLIS = 2_000;
    private static final Duration CLOSE_WITHIN = Duration.ofSeconds(10);

    private final AttemptJournal journal;
    private final LedgerStore store;
    private final InstantSource clock;
    private final Watch watch;
    private final Pace pace;
    private final Thread thread =
            Thread.ofPlatform().name("weir-ledger").daemon().unstarted(this::run);

    private @Nullable Backlog backlog;
    private long stuckAt = -1;
    private long stuckSinceNanos;
    private long batches;
    private volatile @Nullable String failure;
    private volatile long giveUpNanos;
    private volatile boolean closing;

    /** @param clock the one that attempts are stamped with */
    public Shipper(AttemptJournal journal, DataSource source, InstantSource clock, Watch watch) {
        this(journal, source, clock, watch, Pace.STANDARD);
    }

    Shipper(AttemptJournal journal, DataSource source, InstantSource clock, Watch watch, Pace pace) {
        this.journal = journal;
        this.store = new LedgerStore(source);
        this.clock = clock;
        this.watch = watch;
        this.pace = pace;
    }

    /**
     * Writes what an earlier process left, and then lets attempts begin. To be called once, before {@link #start} and
     * before the door opens. Blocks. When it fails, or is killed, the next one comes to the same rows.
     *
     * @throws JournalException when the store cannot be written, or does not know this journal
     */
    public Recovered recover() {
        giveUpNanos = System.nanoTime() + pace.recoverWithin().toNanos();
        try {
            long end = journal.ring().end();
            LedgerStore.Place place = placeOf(end);
            batches = place.batch();
            long head = Math.max(end, place.readTo());
            long from = Math.max(place.released(), head - journal.ring().bytes());
            if (from > place.released() || !journal.ring().has(from, head)) {
                LOG.error(
                        "the store is older than the journal: attempts between {} and {} are missing from the ledger",
                        place.released(),
                        head);
            }
            Backlog left = new Backlog(journal.ring(), from, place.readTo(), pace.rows());
            int ended = shipEnded(left, head);
            int lost = shipLost(left);
            int withdrawn = insist(careful -> store.closeDoors(journal.ring().id()));
            if (journal.resize()) {
                store.register(journal.ring().id(), 0);
                batches = 0;
                head = 0;
            }
            long first = journal.admitFrom(head);
            backlog = new Backlog(journal.ring(), first, first, pace.rows());
            return new Recovered(ended, lost, withdrawn);
        } catch (SQLException cause) {
            throw new JournalException("the ledger cannot be written: " + cause.getMessage(), cause);
        }
    }

    private LedgerStore.Place placeOf(long end) throws SQLException {
        long id = journal.ring().id();
        Optional<LedgerStore.Place> known = store.place(id);
        if (known.isEmpty() && end > 0) {
            throw new JournalException("the journal " + AttemptJournal.FILE + " has attempts of another store."
                    + " Put that store back, or move the file away: its attempts are then missing from the ledger");
        }
        if (known.isEmpty()) {
            store.register(id, 0);
        }
        return known.orElse(new LedgerStore.Place(0, 0, 0));
    }

    private int shipEnded(Backlog left, long head) throws SQLException {
        int ended = 0;
        do {
            left.replay(head);
            Batch batch = left.batch(batches + 1);
            ended += commit(batch);
        } while (left.position() < head);
        return ended;
    }

    private int shipLost(Backlog left) throws SQLException {
        int lost = 0;
        while (left.anyOpen()) {
            lost += commit(left.lose(batches + 1));
        }
        List<Batch.Running> parked = store.parked(journal.ring().id(), pace.rows());
        while (!parked.isEmpty()) {
            List<Batch.Row> rows = parked.stream().map(left::lost).toList();
            List<AttemptId> ids =
                    parked.stream().map(running -> running.begun().id()).toList();
            lost += commit(new Batch(
                    batches + 1, left.position(), left.position(), List.of(), List.of(), rows, List.of(), ids));
            parked = store.parked(journal.ring().id(), pace.rows());
        }
        return lost;
    }

    /**
     * Says to the store that the attempts of this start of the node are in this journal. To be called before its first
     * call: what others write for it, should it die, is else not taken out when the journal is read. Blocks for a commit.
     *
     * @throws JournalException when the store cannot be written
     */
    public void carries(long incarnation) {
        try {
            store.open(incarnation, journal.ring().id());
        } catch (SQLException cause) {
            throw new JournalException("the ledger cannot be written: " + cause.getMessage(), cause);
        }
    }

    /** Starts the thread. */
    public void start() {
        if (!journal.admitting()) {
            throw new IllegalStateException("the journal is not recovered");
        }
        thread.start();
    }

    private void run() {
        boolean going = true;
        while (going) {
            boolean last = closing;
            try {
                boolean more = ship();
                going = more || !last;
                if (!more && !last) {
                    LockSupport.parkNanos(pace.every().toNanos());
                }
            } catch (SQLException givenUp) {
                LOG.error(
                        "the ledger could not be written to the end; the journal keeps the rest: {}",
                        givenUp.getMessage());
                going = false;
            } catch (RuntimeException bug) {
                degraded(bug);
                LOG.error("the ledger's shipper has ended by a bug; the journal keeps all and will be full", bug);
                going = false;
            }
        }
    }

    /** One batch. True when another one is full already. */
    boolean ship() throws SQLException {
        Backlog reading = backlog;
        if (reading == null) {
            throw new IllegalStateException("the journal is not recovered");
        }
        reading.read(journal.head());
        sayIfStuck(reading);
        boolean more = reading.full();
        reading.park(
                clock.millis() - pace.parkAfter().toMillis(),
                reading.position() - journal.ring().capacity() / 4);
        Batch batch = reading.batch(batches + 1);
        if (!batch.isEmpty()) {
            commit(batch);
            journal.release(batch.released());
        }
        return more;
    }

    /** A record that was begun and never becomes readable: only damage from outside can do that, or a bug. */
    private void sayIfStuck(Backlog reading) {
        long now = System.nanoTime();
        boolean moves = reading.full() || reading.position() >= journal.head() || reading.position() != stuckAt;
        if (moves) {
            stuckAt = reading.position();
            stuckSinceNanos = now;
        } else if (now - stuckSinceNanos > pace.writtenWithin().toNanos()) {
            degraded(new JournalException("the journal cannot be read at " + stuckAt
                    + ": nothing after it becomes a row before the next start"));
        }
    }

    private int commit(Batch batch) throws SQLException {
        int rows = insist(careful -> store.commit(journal.ring().id(), batch, careful));
        batches = batch.number();
        watch.shipped(rows);
        return rows;
    }

    private interface Step {
        int run(boolean careful) throws SQLException;
    }

    /** Does it, or has found that it was done: a step says so when it is repeated. */
    private int insist(Step step) throws SQLException {
        long pause = SHORTEST_PAUSE_MILLIS;
        boolean careful = false;
        while (true) {
            try {
                int rows = step.run(careful);
                succeeded();
                return rows;
            } catch (SQLException cause) {
                degraded(cause);
                if (pastTheEnd()) {
                    throw cause;
                }
                careful = pause > SHORTEST_PAUSE_MILLIS && isViolation(cause);
                LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(pause));
                pause = Math.min(2 * pause, LONGEST_PAUSE_MILLIS);
            }
        }
    }

    /** Class 23 of the standard's states; SQLite names none, but its own result code. */
    private static boolean isViolation(SQLException cause) {
        String state = cause.getSQLState();
        return cause.getErrorCode() == SQLiteErrorCode.SQLITE_CONSTRAINT.code
                || (state != null && state.startsWith("23"));
    }

    private boolean pastTheEnd() {
        return (closing || !journal.admitting()) && System.nanoTime() - giveUpNanos > 0;
    }

    private void degraded(Exception cause) {
        String why = String.valueOf(cause.getMessage());
        if (failure == null) {
            LOG.error("rows cannot be written and stay in the journal; tried again: {}", why);
        }
        failure = why;
        watch.failed(why);
    }

    private void succeeded() {
        if (failure != null) {
            LOG.warn("the ledger is written again");
            failure = null;
            watch.resumed();
        }
    }

    /** Why rows are not written at present; empty while all is well. */
    public Optional<String> degraded() {
        return Optional.ofNullable(failure);
    }

    /**
     * Writes what has ended, for up to ten seconds, and stops. The journal keeps what could not be written. To be
     * called when no call runs any more, before the journal and the database are closed.
     */
    @Override
    public void close() {
        giveUpNanos = System.nanoTime() + CLOSE_WITHIN.toNanos();
        closing = true;
        LockSupport.unpark(thread);
        try {
            thread.join();
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
