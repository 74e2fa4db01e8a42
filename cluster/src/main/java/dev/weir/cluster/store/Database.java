package dev.weir.cluster.store;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import dev.weir.config.DatabaseUrl;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import javax.sql.DataSource;
import org.flywaydb.core.Flyway;
import org.jspecify.annotations.Nullable;

/**
 * The database, shared by everything that stores: open, checked and migrated. It is the embedded one of a data directory,
 * or a PostgreSQL beside that directory.
 *
 * <p>Its tables are made by files on the class path: {@code db/migration} and {@code db/postgresql}. Never used on a dispatcher: every
 * user brings a thread of its own.
 */
public final class Database implements AutoCloseable {

    /** What the embedded one is called in the data directory. */
    public static final String FILE = Embedded.FILE;

    private static final int READERS = 4;
    private static final int REPORTS = 2;
    private static final long CONNECT_MILLIS = 5_000;

    private final DataDirectory directory;
    private final Engine engine;
    private final HikariDataSource writing;
    private final HikariDataSource reading;
    private final HikariDataSource reports;

    private Database(DataDirectory directory, Engine engine, HikariDataSource writing) {
        this.directory = directory;
        this.engine = engine;
        this.writing = writing;
        this.reading = new HikariDataSource(pool("weir-store-read", engine, READERS));
        HikariConfig ofReports = pool("weir-store-reports", engine, REPORTS);
        ofReports.setMinimumIdle(0);
        ofReports.setConnectionInitSql(engine.beforeReports());
        ofReports.setInitializationFailTimeout(-1); // none is made before somebody asks
        this.reports = new HikariDataSource(ofReports);
    }

    /** Takes the directory and opens its embedded database, making both where they are not there. */
    public static Database open(Path path) {
        return open(path, null);
    }

    /** The same for one that has to be there already. */
    public static Database open(Path path, @Nullable DatabaseUrl url) {
        return open(path, url, Duration.ZERO);
    }

    /**
     * Takes the directory, and opens the database.
     *
     * @param url of a PostgreSQL; null for the embedded one
     * @param patience how long a PostgreSQL that is out of reach, or about to start, is waited for
     * @throws StoreException when another process has the directory, or a commit would not survive the process
     */
    public static Database open(Path path, @Nullable DatabaseUrl url, Duration patience) {
        DataDirectory directory = DataDirectory.lock(path);
        try {
            Engine engine = url == null ? new Embedded(path) : new Postgres(url, patience);
            try {
                return open(directory, engine);
            } catch (RuntimeException failure) {
                engine.close();
                throw failure;
            }
        } catch (RuntimeException failure) {
            directory.close();
            throw failure;
        }
    }

    private static Database open(DataDirectory directory, Engine engine) {
        HikariDataSource writing = new HikariDataSource(pool("weir-store-write", engine, engine.writers()));
        try {
            engine.verifyDurable(writing);
            migrate(engine);
            return new Database(directory, engine, writing);
        } catch (RuntimeException failure) {
            writing.close();
            throw failure;
        }
    }

    static void migrate(Engine engine) {
        Flyway.configure()
                .dataSource(engine.source())
                .locations(engine.migrations())
                .load()
                .migrate();
    }

    private static HikariConfig pool(String name, Engine engine, int connections) {
        HikariConfig config = new HikariConfig();
        config.setPoolName(name);
        config.setDataSource(engine.source());
        config.setMaximumPoolSize(connections);
        config.setMinimumIdle(1);
        config.setConnectionTimeout(CONNECT_MILLIS);
        config.setExceptionOverride(new LeaveAFailedConnection());
        return config;
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

    /** Connections for reports, which may take long: nobody who decides about a call waits for one of these. */
    public DataSource reports() {
        return reports;
    }

    public Path directory() {
        return directory.path();
    }

    /** The database's time in an expression of its SQL, in milliseconds since the epoch. */
    public String clock() {
        return engine.clock();
    }

    /** Whether other nodes may use it too. */
    public boolean isShared() {
        return engine.isShared();
    }

    /** A connection of the caller's own, which waits for an answer at most so long. */
    public Connection session(Duration patience) throws SQLException {
        return engine.session(patience);
    }

    /** What tells this store from others. Blocks for a read. */
    public String id() {
        try (Connection connection = reading.getConnection();
                Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery("select id from store")) {
            row.next();
            return row.getString(1);
        } catch (SQLException failure) {
            throw new StoreException("the store cannot be read: " + failure.getMessage(), failure);
        }
    }

    @Override
    public void close() {
        reports.close();
        reading.close();
        writing.close();
        engine.close();
        directory.close();
    }
}
