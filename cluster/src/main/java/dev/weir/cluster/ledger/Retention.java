package dev.weir.cluster.ledger;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import javax.sql.DataSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Deletes rows of the ledger that are older than they are kept, a few at a time, so that whoever writes never waits for it
 * long. What keys and accounts have spent stays: it is kept apart from the rows. Provisional rows stay too, because what takes
 * their place is counted against them.
 */
public final class Retention implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(Retention.class);
    private static final int AT_ONCE = 500;
    private static final long PAUSE_MILLIS = 20;
    private static final Duration LONGEST_WAIT = Duration.ofMinutes(1);
    private static final Duration SHORTEST_WAIT = Duration.ofMillis(500);

    private static final String DELETE = "delete from ledger where (incarnation, call_sequence, attempt) in"
            + " (select incarnation, call_sequence, attempt from ledger where started_at < ? and not provisional"
            + " order by started_at limit " + AT_ONCE + ")";

    private final DataSource source;
    private final Duration kept;
    private final InstantSource clock;
    private final ScheduledExecutorService thread = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().name("weir-retention").daemon(true).factory());

    /** @param kept how long a row is, by the start of its attempt */
    public Retention(DataSource source, Duration kept, InstantSource clock) {
        this.source = source;
        this.kept = kept;
        this.clock = clock;
    }

    public void start() {
        Duration tenth = kept.dividedBy(10);
        Duration wait = tenth.compareTo(LONGEST_WAIT) > 0
                ? LONGEST_WAIT
                : tenth.compareTo(SHORTEST_WAIT) < 0 ? SHORTEST_WAIT : tenth;
        thread.scheduleWithFixedDelay(this::sweep, wait.toMillis(), wait.toMillis(), TimeUnit.MILLISECONDS);
    }

    void sweep() {
        try {
            long before = clock.millis() - kept.toMillis();
            while (delete(before) == AT_ONCE) {
                TimeUnit.MILLISECONDS.sleep(PAUSE_MILLIS);
            }
        } catch (SQLException failure) {
            LOG.warn("old rows of the ledger were not deleted: {}; trying again", failure.getMessage());
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
        }
    }

    private int delete(long before) throws SQLException {
        try (Connection connection = source.getConnection();
                PreparedStatement delete = connection.prepareStatement(DELETE)) {
            delete.setLong(1, before);
            return delete.executeUpdate();
        }
    }

    @Override
    public void close() {
        thread.shutdownNow();
    }
}
