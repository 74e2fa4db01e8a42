package dev.weir.cluster.store;

import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/** What differs from one database to another. */
interface Engine extends AutoCloseable {

    DataSource source();

    /** What is said on a connection for reports before all else, so that the database ends by itself what takes too long. */
    @Nullable
    String beforeReports();

    /** How many connections may write at once. */
    int writers();

    /** Where its tables' files are. */
    String migrations();

    /** The database's time in an expression of its SQL, in milliseconds since the epoch. */
    String clock();

    /** Whether several nodes may use it at once. */
    boolean isShared();

    /** A connection for one user, who waits for an answer at most so long. */
    Connection session(Duration patience) throws SQLException;

    /** @throws StoreException when a commit would not survive a crash */
    void verifyDurable(DataSource source);

    @Override
    void close();
}
