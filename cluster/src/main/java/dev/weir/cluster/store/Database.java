package dev.weir.cluster.store;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Instant;
import java.time.ZoneOffset;
import javax.sql.DataSource;
import org.flywaydb.core.Flyway;

/**
 * The embedded database of one data directory, shared by everything that stores: open, checked and migrated.
 *
 * <p>Its tables are made by the files under {@code db/migration} on the class path. Never used on a dispatcher: every
 * user brings a thread of its own.
 */
public final class Database implements AutoCloseable {

    private static final int CONNECTIONS = 8;
    private static final long CONNECT_MILLIS = 5_000;

    /** What is looked up again is small: meters that wake up, spend per key, open attempts. H2 would take 32 MB. */
    private static final int CACHE_KILOBYTES = 8_192;

    private final DataDirectory directory;
    private final HikariDataSource pool;

    private Database(DataDirectory directory, HikariDataSource pool) {
        this.directory = directory;
        this.pool = pool;
    }

    /**
     * Takes the directory and opens its database, making both where they are not there.
     *
     * @throws StoreException when another process has it, or a commit would not survive the process
     */
    public static Database open(Path path) {
        DataDirectory directory = DataDirectory.lock(path);
        try {
            HikariDataSource pool = new HikariDataSource(pool(path));
            try {
                verifyDurable(pool);
                Flyway.configure()
                        .dataSource(pool)
                        .locations("classpath:db/migration")
                        .load()
                        .migrate();
                return new Database(directory, pool);
            } catch (RuntimeException failure) {
                pool.close();
                throw failure;
            }
        } catch (RuntimeException failure) {
            directory.close();
            throw failure;
        }
    }

    /**
     * {@code WRITE_DELAY=0}: H2 would otherwise acknowledge commits that are still in the heap. {@code
     * DB_CLOSE_ON_EXIT=FALSE}: it would otherwise close at the first sign of a shutdown, before the meters have written.
     */
    private static HikariConfig pool(Path path) {
        HikariConfig config = new HikariConfig();
        config.setPoolName("weir-store");
        config.setJdbcUrl("jdbc:h2:file:" + path.toAbsolutePath().resolve("weir")
                + ";WRITE_DELAY=0;DB_CLOSE_ON_EXIT=FALSE;CACHE_SIZE=" + CACHE_KILOBYTES);
        config.setUsername("weir");
        config.setPassword("");
        config.setMaximumPoolSize(CONNECTIONS);
        config.setMinimumIdle(1);
        config.setConnectionTimeout(CONNECT_MILLIS);
        config.setExceptionOverride(new LeaveAClosedDatabase());
        return config;
    }

    /** Asks the database itself: a URL is only what was wished for. */
    static void verifyDurable(DataSource source) {
        try (Connection connection = source.getConnection();
                Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(
                        "select setting_value from information_schema.settings where setting_name = 'WRITE_DELAY'")) {
            String delay = row.next() ? row.getString(1) : "unknown";
            if (!"0".equals(delay)) {
                throw new StoreException("the database's WRITE_DELAY is " + delay
                        + " (expected: 0): it would acknowledge commits that a crash undoes");
            }
        } catch (SQLException failure) {
            throw new StoreException("the database cannot be asked for its WRITE_DELAY", failure);
        }
    }

    /** The store answers now. Blocks for as long as a connection may take. */
    public boolean answers() {
        try (Connection connection = pool.getConnection();
                Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery("select count(*) from node where incarnation < 0")) {
            return row.next();
        } catch (SQLException failure) {
            return false;
        }
    }

    public DataSource dataSource() {
        return pool;
    }

    public Path directory() {
        return directory.path();
    }

    /** A number for this start of the process that no other start has or will have. Blocks for a commit. */
    public long newIncarnation(String version, Instant now) {
        try (Connection connection = pool.getConnection();
                PreparedStatement insert = connection.prepareStatement(
                        "insert into node (version, started_at) values (?, ?)", new String[] {"INCARNATION"})) {
            insert.setString(1, version);
            insert.setObject(2, now.atOffset(ZoneOffset.UTC));
            insert.executeUpdate();
            try (ResultSet keys = insert.getGeneratedKeys()) {
                keys.next();
                return keys.getLong(1);
            }
        } catch (SQLException failure) {
            throw new StoreException("the node cannot be registered in the store", failure);
        }
    }

    /** The node of this incarnation has left by itself. Blocks for a commit. */
    public void incarnationEnded(long incarnation, Instant now) {
        try (Connection connection = pool.getConnection();
                PreparedStatement update =
                        connection.prepareStatement("update node set stopped_at = ? where incarnation = ?")) {
            update.setObject(1, now.atOffset(ZoneOffset.UTC));
            update.setLong(2, incarnation);
            update.executeUpdate();
        } catch (SQLException failure) {
            throw new StoreException("the node's end cannot be noted in the store", failure);
        }
    }

    @Override
    public void close() {
        pool.close();
        directory.close();
    }
}
