package dev.weir.cluster.nodes;

import dev.weir.cluster.store.Database;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.ObjLongConsumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * This node's right to act, which it renews in the store, and the store's time, which comes with it.
 *
 * <p>It holds for {@link #TERM} from the moment at which the last renewal that succeeded was sent, by the monotonic clock and
 * by the wall's: a process that stood still does not know how long. Whoever has shut a node out therefore knows when it cannot
 * act any more. Nothing that is counted rests on it: the store takes no write of a meter that somebody else has taken over.
 */
public final class Authority implements InstantSource, AutoCloseable {

    public static final Duration TERM = Duration.ofSeconds(10);

    /** For clocks that run at different speeds. */
    static final Duration GUARD = Duration.ofSeconds(1);

    private static final Logger LOG = LoggerFactory.getLogger(Authority.class);
    private static final Duration RENEWAL = Duration.ofSeconds(2);
    private static final Duration RETRY = Duration.ofMillis(250);
    private static final Duration PATIENCE = Duration.ofSeconds(2);

    /** The store's time is taken from an answer that came this soon, or from any when there was none for a while. */
    private static final long PROMPT_NANOS = TimeUnit.MILLISECONDS.toNanos(50);

    private static final long STALE_NANOS = TimeUnit.SECONDS.toNanos(60);

    /** So often the wall's clock is looked at: one that was set by as much as that ends the right before the next renewal. */
    private static final long LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

    private static final long SET_MILLIS = 1_000;

    private record Sent(long nanos, long wallMillis) {}

    private record StoreTime(long millis, long atNanos, long takenNanos) {}

    private final NodeTable table;
    private final Database database;
    private final long incarnation;
    private final BooleanSupplier joined;
    private final ObjLongConsumer<List<NodeRow>> rows;
    private final Runnable shutOut;
    private final Duration renewal;
    private final InstantSource wall;
    private final Thread thread =
            Thread.ofPlatform().name("weir-authority").daemon(true).unstarted(this::renewAlways);
    private volatile @Nullable Sent renewed;
    private volatile StoreTime time = new StoreTime(System.currentTimeMillis(), System.nanoTime(), 0);
    private volatile List<NodeRow> latest = List.of();
    private volatile boolean lost;
    private volatile boolean closed;
    private @Nullable Connection connection;
    private boolean failing;

    /**
     * @param joined whether the node is a member of the cluster
     * @param rows is told what the table says, with the store's time
     * @param shutOut is called once when others have shut this node out
     */
    Authority(
            Database database,
            NodeTable table,
            long incarnation,
            BooleanSupplier joined,
            ObjLongConsumer<List<NodeRow>> rows,
            Runnable shutOut) {
        this(database, table, incarnation, joined, rows, shutOut, RENEWAL, InstantSource.system());
    }

    /** With other renewals and another wall's clock. */
    Authority(
            Database database,
            NodeTable table,
            long incarnation,
            BooleanSupplier joined,
            ObjLongConsumer<List<NodeRow>> rows,
            Runnable shutOut,
            Duration renewal,
            InstantSource wall) {
        this.database = database;
        this.table = table;
        this.incarnation = incarnation;
        this.joined = joined;
        this.rows = rows;
        this.shutOut = shutOut;
        this.renewal = renewal;
        this.wall = wall;
    }

    /** Renews once, then always. */
    void start() {
        renew();
        thread.start();
    }

    /** Whether this node may act now. */
    public boolean holds() {
        Sent last = renewed;
        if (last == null || isOver()) {
            return false;
        }
        long term = TERM.toMillis();
        return System.nanoTime() - last.nanos < TERM.toNanos() && Math.abs(wall.millis() - last.wallMillis) < term;
    }

    /** What the table said last. */
    List<NodeRow> rows() {
        return latest;
    }

    /** Reads the table again, soon. */
    void readNow() {
        thread.interrupt();
    }

    /** Others have shut this node out: it never acts again. */
    public boolean isLost() {
        return lost;
    }

    /** The node has left, or was shut out. */
    boolean isOver() {
        return closed || lost;
    }

    /** The store answered just now. */
    public boolean isFresh() {
        Sent last = renewed;
        return last != null
                && System.nanoTime() - last.nanos < renewal.multipliedBy(2).toNanos();
    }

    @Override
    public long millis() {
        StoreTime now = time;
        return now.millis + TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - now.atNanos);
    }

    /** What the store's clock shows at least, however long its answer took: nobody is over before that. */
    long millisAtLeast() {
        StoreTime now = time;
        return now.takenNanos == 0 ? 0 : now.millis + TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - now.takenNanos);
    }

    @Override
    public Instant instant() {
        return Instant.ofEpochMilli(millis());
    }

    private void renewAlways() {
        Duration pause = renewal;
        while (!closed && !lost) {
            await(System.nanoTime() + pause.toNanos());
            if (closed) {
                return;
            }
            pause = renew() ? renewal : RETRY;
        }
    }

    /** Or until somebody wants to know, or the wall's clock is set. */
    private void await(long nanos) {
        try {
            for (long left = nanos - System.nanoTime(); left > 0; left = nanos - System.nanoTime()) {
                if (isClockSet() && !failing) {
                    return;
                }
                TimeUnit.NANOSECONDS.sleep(Math.min(left, LOOK_NANOS));
            }
        } catch (InterruptedException atOnce) {
            // closed, or somebody wants to know
        }
    }

    private boolean isClockSet() {
        Sent last = renewed;
        return last != null
                && Math.abs(wall.millis()
                                - last.wallMillis
                                - TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - last.nanos))
                        > SET_MILLIS;
    }

    private boolean renew() {
        Sent sent = new Sent(System.nanoTime(), wall.millis());
        try {
            Connection session = session();
            OptionalLong now = table.renew(session, incarnation, joined.getAsBoolean());
            if (now.isEmpty()) {
                lost = true;
                LOG.error(
                        "This node (incarnation {}) was shut out by the others: it does nothing any more", incarnation);
                shutOut.run();
                return true;
            }
            renewed = sent;
            take(now.getAsLong(), sent.nanos, System.nanoTime());
            List<NodeRow> read = table.atWork(session);
            latest = read;
            rows.accept(read, now.getAsLong());
            if (failing) {
                failing = false;
                LOG.info("This node's right to act is renewed again");
            }
            return true;
        } catch (SQLException | RuntimeException failure) {
            if (!failing && !closed) {
                failing = true;
                LOG.warn(
                        "This node's right to act could not be renewed: {}; it ends {} s after the last renewal",
                        failure.getMessage(),
                        TERM.toSeconds());
            }
            disconnect();
            return false;
        }
    }

    private void take(long storeMillis, long sent, long received) {
        StoreTime last = time;
        if (received - sent < PROMPT_NANOS || last.takenNanos == 0 || received - last.takenNanos > STALE_NANOS) {
            time = new StoreTime(storeMillis, sent + (received - sent) / 2, received);
        }
    }

    private Connection session() throws SQLException {
        Connection open = connection;
        if (open == null) {
            open = database.session(PATIENCE);
            connection = open;
        }
        return open;
    }

    private void disconnect() {
        Connection open = connection;
        connection = null;
        if (open != null) {
            try {
                open.close();
            } catch (SQLException failure) {
                LOG.debug("A connection could not be closed", failure);
            }
        }
    }

    @Override
    public void close() {
        closed = true;
        thread.interrupt();
        try {
            thread.join(PATIENCE.toMillis() * 2);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
        disconnect();
    }
}
