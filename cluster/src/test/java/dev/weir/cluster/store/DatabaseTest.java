package dev.weir.cluster.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Instant;
import org.awaitility.Awaitility;
import org.h2.jdbcx.JdbcDataSource;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class DatabaseTest {

    @TempDir
    Path directory = Path.of("");

    @Test
    void aSecondWeirIsToldThatTheDirectoryIsInUse() {
        try (Database first = Database.open(directory)) {
            assertThatThrownBy(() -> Database.open(directory))
                    .isInstanceOf(StoreException.class)
                    .hasMessage("data directory " + first.directory().toAbsolutePath() + " is in use by another Weir");
        }
    }

    @Test
    void aDirectoryThatWasLeftCanBeTakenAgain() {
        Database.open(directory).close();

        Database.open(directory).close();
    }

    @Test
    void aDatabaseThatAcknowledgesTooEarlyIsRefused() {
        JdbcDataSource careless = new JdbcDataSource();
        careless.setURL("jdbc:h2:file:" + directory.resolve("careless"));

        assertThatThrownBy(() -> Database.verifyDurable(careless))
                .isInstanceOf(StoreException.class)
                .hasMessageContaining("WRITE_DELAY is 500 (expected: 0)");
    }

    @Test
    void everyStartHasItsOwnNumber() {
        long first;
        try (Database database = Database.open(directory)) {
            first = database.newIncarnation("1", Instant.EPOCH);
        }

        try (Database database = Database.open(directory)) {
            assertThat(database.newIncarnation("1", Instant.EPOCH)).isGreaterThan(first);
        }
    }

    @Test
    void aDatabaseThatClosedItselfIsOpenedAgain() {
        try (Database database = Database.open(directory)) {
            long first = database.newIncarnation("1", Instant.EPOCH);
            assertThatThrownBy(() -> closeUnderneath(database)).isInstanceOf(SQLException.class);

            Awaitility.await().until(database::answers);

            assertThat(database.newIncarnation("1", Instant.EPOCH)).isGreaterThan(first);
        }
    }

    /** What H2 does by itself when it cannot write; the connection that it happens to finds itself closed. */
    private static void closeUnderneath(Database database) throws SQLException {
        try (Connection connection = database.dataSource().getConnection();
                Statement statement = connection.createStatement()) {
            statement.execute("shutdown immediately");
        }
    }
}
