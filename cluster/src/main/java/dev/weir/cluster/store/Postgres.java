package dev.weir.cluster.store;

import dev.weir.config.DatabaseUrl;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.concurrent.TimeUnit;
import javax.sql.DataSource;
import org.postgresql.ds.PGSimpleDataSource;

/**
 * A PostgreSQL database. One Weir at a time uses it: a session of its own holds a lock there, which ends with the process.
 */
final class Postgres implements Engine {

    private static final int WRITERS = 2;
    private static final int TIMEOUT_SECONDS = 5;
    private static final String NAME = "weir";

    /** "weir" in ASCII. */
    private static final long LOCK = 0x77656972L;

    /** A process that was killed is noticed within moments; one that runs is not waited for. */
    private static final long LOCK_PATIENCE_MILLIS = 5_000;

    private static final long LOCK_PAUSE_MILLIS = 100;

    private final DatabaseUrl url;
    private final Connection session;

    /** @throws StoreException when it cannot be reached, or another Weir uses it */
    Postgres(DatabaseUrl url) {
        this.url = url;
        try {
            // Without a timeout for answers: this session waits for nothing, and is as old as the process.
            this.session = source(0).getConnection();
        } catch (SQLException failure) {
            throw new StoreException("database " + url + " cannot be used: " + failure.getMessage(), failure);
        }
        try {
            lock();
        } catch (SQLException | RuntimeException failure) {
            close();
            throw failure instanceof StoreException known
                    ? known
                    : new StoreException("database " + url + " cannot be locked: " + failure.getMessage(), failure);
        }
    }

    private void lock() throws SQLException {
        long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(LOCK_PATIENCE_MILLIS);
        while (!tryLock()) {
            if (System.nanoTime() - end > 0) {
                throw new StoreException("database " + url + " is in use by another Weir");
            }
            try {
                TimeUnit.MILLISECONDS.sleep(LOCK_PAUSE_MILLIS);
            } catch (InterruptedException interrupted) {
                Thread.currentThread().interrupt();
                throw new StoreException("interrupted while waiting for database " + url, interrupted);
            }
        }
    }

    private boolean tryLock() throws SQLException {
        try (Statement statement = session.createStatement();
                ResultSet row = statement.executeQuery("select pg_try_advisory_lock(" + LOCK + ")")) {
            return row.next() && row.getBoolean(1);
        }
    }

    /** An answer that does not come is a failure, as a broken connection is: the write that waits for it is tried again. */
    @Override
    public DataSource source() {
        return source(TIMEOUT_SECONDS);
    }

    private PGSimpleDataSource source(int socketTimeout) {
        PGSimpleDataSource source = new PGSimpleDataSource();
        source.setServerNames(new String[] {url.host()});
        source.setPortNumbers(new int[] {url.port()});
        source.setDatabaseName(url.database());
        source.setUser(url.user());
        if (url.password() != null) {
            source.setPassword(url.password().reveal());
        }
        if (url.sslMode() != null) {
            source.setSslMode(url.sslMode());
        }
        source.setApplicationName(NAME);
        source.setConnectTimeout(TIMEOUT_SECONDS);
        source.setSocketTimeout(socketTimeout);
        source.setTcpKeepAlive(true);
        source.setReWriteBatchedInserts(true);
        return source;
    }

    @Override
    public int writers() {
        return WRITERS;
    }

    @Override
    public String migrations() {
        return "classpath:db/postgresql";
    }

    @Override
    public void verifyDurable(DataSource source) {
        try (Connection connection = source.getConnection()) {
            require(connection, "fsync");
            require(connection, "synchronous_commit");
        } catch (SQLException failure) {
            throw new StoreException("the database cannot be asked whether its commits are durable", failure);
        }
    }

    private static void require(Connection connection, String setting) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery("select current_setting('" + setting + "')")) {
            String value = row.next() ? row.getString(1) : "unknown";
            if (value.equals("off") || value.equals("unknown")) {
                throw new StoreException("the database's " + setting + " is " + value
                        + " (expected: on): it would acknowledge commits that a crash undoes");
            }
        }
    }

    @Override
    public void close() {
        try {
            session.close();
        } catch (SQLException failure) {
            throw new StoreException("database " + url + " cannot be released", failure);
        }
    }
}
