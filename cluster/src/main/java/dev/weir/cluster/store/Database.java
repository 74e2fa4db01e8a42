package dev.weir.cluster.store;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Instant;
import javax.sql.DataSource;
import org.flywaydb.core.Flyway;
import org.sqlite.SQLiteConfig;
import org.sqlite.SQLiteConfig.JournalMode;
import org.sqlite.SQLiteConfig.SynchronousMode;
import org.sqlite.SQLiteConfig.TransactionMode;
import org.sqlite.SQLiteDataSource;
import org.sqlite.SQLiteOpenMode;

/**
 * The embedded database of one data directory, shared by everything that stores: open, checked and migrated.
 *
 * <p>Its tables are made by the files under {@code db/migration} on the class path. Never used on a dispatcher: every
 * user brings a thread of its own.
 */
public final class Database implements AutoCloseable {

    private static final String FILE = "weir.db";
    private static final String FORMER_FILE = "weir.mv.db";
    private static final int READERS = 4;
    private static final long CONNECT_MILLIS = 5_000;
    private static final int BUSY_MILLIS = 5_000;
    private static final int CACHE_KILOBYTES = 4_096;
    private static final int FULL = 2;

    private final DataDirectory directory;
    private final HikariDataSource writing;
    private final HikariDataSource reading;

    private Database(DataDirectory directory, HikariDataSource writing, HikariDataSource reading) {
        this.directory = directory;
        this.writing = writing;
        this.reading = reading;
    }

    /**
     * Takes the directory and opens its database, making both where they are not there.
     *
     * @throws StoreException when another process has it, or a commit would not survive the process
     */
    public static Database open(Path path) {
        DataDirectory directory = DataDirectory.lock(path);
        try {
            refuseFormerStore(path);
            HikariDataSource writing = pool("weir-store-write", path, 1);
            try {
                verifyDurable(writing);
                Flyway.configure()
                        .dataSource(writing.getDataSource())
                        .locations("classpath:db/migration")
                        .load()
                        .migrate();
                return new Database(directory, writing, pool("weir-store-read", path, READERS));
            } catch (RuntimeException failure) {
                writing.close();
                throw failure;
            }
        } catch (RuntimeException failure) {
            directory.close();
            throw failure;
        }
    }

    /** Its keys and limits would seem to have vanished. */
    private static void refuseFormerStore(Path path) {
        if (Files.exists(path.resolve(FORMER_FILE)) && !Files.exists(path.resolve(FILE))) {
            throw new StoreException("data directory " + path.toAbsolutePath()
                    + " holds a store of before the first release, " + FORMER_FILE
                    + ", which is not read any more (expected: " + FILE + ", or another directory)");
        }
    }

    private static HikariDataSource pool(String name, Path path, int connections) {
        HikariConfig config = new HikariConfig();
        config.setPoolName(name);
        config.setDataSource(source(path.toAbsolutePath().resolve(FILE)));
        config.setMaximumPoolSize(connections);
        config.setMinimumIdle(1);
        config.setConnectionTimeout(CONNECT_MILLIS);
        config.setExceptionOverride(new LeaveAFailedConnection());
        return new HikariDataSource(config);
    }

    /**
     * A log that is written ahead and forced to the disk at each commit: what was acknowledged survives {@code kill -9} and a
     * power failure. A transaction takes the right to write at its begin: one that began by reading could not get it any more.
     */
    static SQLiteDataSource source(Path file) {
        SQLiteConfig config = new SQLiteConfig();
        config.setJournalMode(JournalMode.WAL);
        config.setSynchronous(SynchronousMode.FULL);
        config.setTransactionMode(TransactionMode.IMMEDIATE);
        config.setBusyTimeout(BUSY_MILLIS);
        config.setCacheSize(-CACHE_KILOBYTES);
        // The driver lets one thread at a time use a connection; SQLite need not lock again for each value of a row.
        config.setOpenMode(SQLiteOpenMode.NOMUTEX);
        SQLiteDataSource source = new SQLiteDataSource(config);
        source.setUrl("jdbc:sqlite:" + file);
        return source;
    }

    /** Asks the database itself: a configuration is only what was wished for. */
    static void verifyDurable(DataSource source) {
        try (Connection connection = source.getConnection();
                Statement statement = connection.createStatement()) {
            String journal;
            try (ResultSet row = statement.executeQuery("pragma journal_mode")) {
                journal = row.next() ? row.getString(1) : "unknown";
            }
            int synchronous;
            try (ResultSet row = statement.executeQuery("pragma synchronous")) {
                synchronous = row.next() ? row.getInt(1) : 0;
            }
            if (!journal.equals("wal") || synchronous < FULL) {
                throw new StoreException("the database's journal_mode is " + journal + " and its synchronous "
                        + synchronous + " (expected: wal and " + FULL
                        + "): it would acknowledge commits that a crash undoes");
            }
        } catch (SQLException failure) {
            throw new StoreException("the database cannot be asked whether its commits are durable", failure);
        }
    }

    /** The store answers now. Blocks for as long as a connection may take. */
    public boolean answers() {
        try (Connection connection = reading.getConnection();
                Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery("select count(*) from node where incarnation < 0")) {
            return row.next();
        } catch (SQLException failure) {
            return false;
        }
    }

    /** One connection: who writes has it, the others wait for it in turn. */
    public DataSource writing() {
        return writing;
    }

    /** Connections that see what was committed, also while somebody writes. */
    public DataSource reading() {
        return reading;
    }

    public Path directory() {
        return directory.path();
    }

    /** A number for this start of the process that no other start has or will have. Blocks for a commit. */
    public long newIncarnation(String version, Instant now) {
        try (Connection connection = writing.getConnection();
                PreparedStatement insert = connection.prepareStatement(
                        "insert into node (version, started_at) values (?, ?)", Statement.RETURN_GENERATED_KEYS)) {
            insert.setString(1, version);
            insert.setLong(2, now.toEpochMilli());
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
        try (Connection connection = writing.getConnection();
                PreparedStatement update =
                        connection.prepareStatement("update node set stopped_at = ? where incarnation = ?")) {
            update.setLong(1, now.toEpochMilli());
            update.setLong(2, incarnation);
            update.executeUpdate();
        } catch (SQLException failure) {
            throw new StoreException("the node's end cannot be noted in the store", failure);
        }
    }

    @Override
    public void close() {
        reading.close();
        writing.close();
        directory.close();
    }
}
