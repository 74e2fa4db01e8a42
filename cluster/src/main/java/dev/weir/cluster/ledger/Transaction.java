package dev.weir.cluster.ledger;

import java.sql.Connection;
import java.sql.SQLException;
import javax.sql.DataSource;

/** What is done to the store as one. */
interface Transaction<T> {

    T run(Connection connection) throws SQLException;

    /** Does it on a connection of its own. A failure leaves it open whether it was done. */
    static <T> T commit(DataSource source, Transaction<T> work) throws SQLException {
        try (Connection connection = source.getConnection()) {
            connection.setAutoCommit(false);
            try {
                T result = work.run(connection);
                connection.commit();
                return result;
            } catch (SQLException | RuntimeException failure) {
                rollback(connection, failure);
                throw failure;
            }
        }
    }

    private static void rollback(Connection connection, Exception cause) {
        try {
            connection.rollback();
        } catch (SQLException failure) {
            cause.addSuppressed(failure);
        }
    }
}
