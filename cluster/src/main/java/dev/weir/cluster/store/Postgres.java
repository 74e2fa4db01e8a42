package dev.weir.cluster.store;

import dev.weir.config.DatabaseUrl;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.postgresql.ds.PGSimpleDataSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A PostgreSQL database, which several nodes may use at once: each of its rows says who may write it. */
final class Postgres implements Engine {

    private static final int WRITERS = 2;
    private static final int TIMEOUT_SECONDS = 5;

    /** A little sooner: nobody waits for the answer then. */
    private static final int REPORT_MILLIS = 4_500;

    /** Classes of SQLSTATE. */
    private static final String CONNECTION_EXCEPTION = "08";

    private static final String OPERATOR_INTERVENTION = "57";
    private static final String NAME = "weir";

    private static final long RETRY_MILLIS = 200;

    private static final Logger LOG = LoggerFactory.getLogger(Postgres.class);

    private final DatabaseUrl url;

    /**
     * @param patience how long one that is out of reach, or about to start, is waited for
     * @throws StoreException when it cannot be used
     */
    Postgres(DatabaseUrl url, Duration patience) {
        this.url = url;
        long end = System.nanoTime() + patience.toNanos();
        boolean said = false;
        SQLException failure = failure();
        while (failure != null) {
            if (!mayPass(failure) || System.nanoTime() - end > 0) {
                throw new StoreException("database " + url + " cannot be used: " + failure.getMessage(), failure);
            }
            if (!said) {
                said = true;
                LOG.warn(
                        "Database {} cannot be used yet: {} Waiting for it, at most {} s",
                        url,
                        failure.getMessage(),
                        patience.toSeconds());
            }
            pause();
            failure = failure();
        }
    }

    private @Nullable SQLException failure() {
        try {
            source(TIMEOUT_SECONDS).getConnection().close();
            return null;
        } catch (SQLException failure) {
            return failure;
        }
    }

    /** Nobody listens there, or no answer came, or it starts or stops. What it refuses it refuses the next time too. */
    private static boolean mayPass(SQLException failure) {
        String state = String.valueOf(failure.getSQLState());
        return state.startsWith(CONNECTION_EXCEPTION) || state.startsWith(OPERATOR_INTERVENTION);
    }

    private static void pause() {
        try {
            TimeUnit.MILLISECONDS.sleep(RETRY_MILLIS); // another process: there is nothing to be notified by
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
            throw new StoreException("interrupted while the database was waited for", stopped);
        }
    }

    /** An answer that does not come is a failure, as a broken connection is: the write that waits for it is tried again. */
    @Override
    public DataSource source() {
        return source(TIMEOUT_SECONDS);
    }

    private PGSimpleDataSource source(int timeout) {
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
        source.setConnectTimeout(Math.min(timeout, TIMEOUT_SECONDS));
        source.setSocketTimeout(timeout);
        source.setTcpKeepAlive(true);
        source.setReWriteBatchedInserts(true);
        source.setLogServerErrorDetail(false); // or what it says of a failure has whole rows, names of end users too
        return source;
    }

    @Override
    public String beforeReports() {
        return "set statement_timeout = " + REPORT_MILLIS;
    }

    @Override
    public int writers() {
        return WRITERS;
    }

    @Override
    public String clock() {
        return "cast(extract(epoch from clock_timestamp()) * 1000 as bigint)";
    }

    @Override
    public boolean isShared() {
        return true;
    }

    @Override
    public Connection session(Duration patience) throws SQLException {
        return source((int) patience.toSeconds()).getConnection();
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

    /** Its connections are all that there is to it. */
    @Override
    public void close() {}
}
