package dev.weir.cluster.store;

import dev.weir.config.DatabaseUrl;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import javax.sql.DataSource;
import org.postgresql.ds.PGSimpleDataSource;

/** A PostgreSQL database, which several nodes may use at once: each of its rows says who may write it. */
final class Postgres implements Engine {

    private static final int WRITERS = 2;
    private static final int TIMEOUT_SECONDS = 5;
    private static final String NAME = "weir";

    private final DatabaseUrl url;

    /** @throws StoreException when it cannot be reached */
    Postgres(DatabaseUrl url) {
        this.url = url;
        try {
            source(TIMEOUT_SECONDS).getConnection().close();
        } catch (SQLException failure) {
            throw new StoreException("database " + url + " cannot be used: " + failure.getMessage(), failure);
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
        return source;
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
