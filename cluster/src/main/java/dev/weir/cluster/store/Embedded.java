package dev.weir.cluster.store;

import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.sqlite.SQLiteConfig;
import org.sqlite.SQLiteConfig.JournalMode;
import org.sqlite.SQLiteConfig.SynchronousMode;
import org.sqlite.SQLiteConfig.TransactionMode;
import org.sqlite.SQLiteDataSource;
import org.sqlite.SQLiteOpenMode;

/** A SQLite database in the data directory: what a node alone needs. */
final class Embedded implements Engine {

    static final String FILE = "weir.db";
    private static final String FORMER_FILE = "weir.mv.db";
    private static final int BUSY_MILLIS = 5_000;
    private static final int CACHE_KILOBYTES = 4_096;
    private static final int FULL = 2;

    private final Path file;

    /** @throws StoreException when the directory has a store that is not read any more */
    Embedded(Path directory) {
        this.file = directory.toAbsolutePath().resolve(FILE);
        refuseFormerStore(directory);
    }

    /** Its keys and limits would seem to have vanished. */
    private void refuseFormerStore(Path directory) {
        if (Files.exists(directory.resolve(FORMER_FILE)) && !Files.exists(file)) {
            throw new StoreException("data directory " + directory.toAbsolutePath()
                    + " holds a store of before the first release, " + FORMER_FILE
                    + ", which is not read any more (expected: " + FILE + ", or another directory)");
        }
    }

    /**
     * A log that is written ahead and forced to the disk at each commit: what was acknowledged survives {@code kill -9} and a
     * power failure. A transaction takes the right to write at its begin: one that began by reading could not get it any more.
     */
    @Override
    public DataSource source() {
        return source(file);
    }

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

    /** It works in the thread that waits. */
    @Override
    public @Nullable String beforeReports() {
        return null;
    }

    @Override
    public int writers() {
        return 1;
    }

    @Override
    public String clock() {
        return "cast((julianday('now') - 2440587.5) * 86400000 as integer)";
    }

    @Override
    public boolean isShared() {
        return false;
    }

    @Override
    public Connection session(Duration patience) throws SQLException {
        return source().getConnection();
    }

    @Override
    public String migrations() {
        return "classpath:db/migration";
    }

    /** Asks the database itself: a configuration is only what was wished for. */
    @Override
    public void verifyDurable(DataSource source) {
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

    /** The lock on the directory is all that there is to it. */
    @Override
    public void close() {}
}
