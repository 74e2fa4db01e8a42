package dev.weir.cluster.store;

import javax.sql.DataSource;

/** What differs from one database to another. */
interface Engine extends AutoCloseable {

    DataSource source();

    /** How many connections may write at once. */
    int writers();

    /** Where its tables' files are. */
    String migrations();

    /** @throws StoreException when a commit would not survive a crash */
    void verifyDurable(DataSource source);

    @Override
    void close();
}
