package dev.weir.cluster.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weir.cluster.nodes.NodeTable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Statement;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.sqlite.SQLiteDataSource;

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
        SQLiteDataSource careless = new SQLiteDataSource();
        careless.setUrl("jdbc:sqlite:" + directory.resolve("careless.db"));

        assertThatThrownBy(() -> new Embedded(directory).verifyDurable(careless))
                .isInstanceOf(StoreException.class)
                .hasMessageContaining("journal_mode is delete and its synchronous 2 (expected: wal and 2)");
    }

    @Test
    void whoReadsIsNotHeldUpByWhoWrites() throws SQLException {
        try (Database database = Database.open(directory);
                Connection writer = database.writing().getConnection()) {
            writer.setAutoCommit(false);
            try (Statement statement = writer.createStatement()) {
                statement.executeUpdate("insert into spend (who, nano_usd) values ('k', 1)");

                assertThat(database.answers()).isTrue();
            }
            writer.rollback();
        }
    }

    @Test
    void aTransactionThatReadsFirstMayStillWrite() throws SQLException {
        try (Database database = Database.open(directory);
                Connection writer = database.writing().getConnection()) {
            writer.setAutoCommit(false);
            try (Statement statement = writer.createStatement()) {
                statement.executeQuery("select count(*) from spend").close();
                try (Connection other =
                                Embedded.source(directory.resolve("weir.db")).getConnection();
                        Statement late = other.createStatement()) {
                    late.execute("pragma busy_timeout = 10");

                    assertThatThrownBy(() -> late.executeUpdate("insert into spend (who, nano_usd) values ('a', 1)"))
                            .isInstanceOf(SQLException.class)
                            .hasMessageContaining("locked");
                }
                statement.executeUpdate("insert into spend (who, nano_usd) values ('b', 1)");
            }
            writer.commit();
        }
    }

    @Test
    void afterAFullDiskItIsWrittenAgain() {
        try (Database database = Database.open(directory)) {
            assertThatThrownBy(() -> fill(database))
                    .isInstanceOf(SQLException.class)
                    .hasMessageContaining("full");

            assertThat(new NodeTable(database).register("longer than a page".repeat(1_000)))
                    .isPositive();
        }
    }

    /** The connection may not make the file longer; to SQLite that is a full disk, in the middle of a transaction. */
    private static void fill(Database database) throws SQLException {
        try (Connection connection = database.writing().getConnection()) {
            try (Statement statement = connection.createStatement()) {
                statement.execute("pragma max_page_count = 1");
            }
            connection.setAutoCommit(false);
            try (PreparedStatement insert =
                    connection.prepareStatement("insert into spend (who, nano_usd) values (?, 1)")) {
                for (int i = 0; i < 1_000; i++) {
                    insert.setString(1, "k".repeat(500) + i);
                    insert.executeUpdate();
                }
            }
            connection.commit();
        }
    }

    @Test
    void aStoreOfBeforeIsNotTakenForAnEmptyOne() throws IOException {
        Files.createFile(directory.resolve("weir.mv.db"));

        assertThatThrownBy(() -> Database.open(directory))
                .isInstanceOf(StoreException.class)
                .hasMessageContaining("weir.mv.db, which is not read any more");
    }

    @Test
    void everyStartHasItsOwnNumber() {
        long first;
        try (Database database = Database.open(directory)) {
            first = new NodeTable(database).register("1");
        }

        try (Database database = Database.open(directory)) {
            assertThat(new NodeTable(database).register("1")).isGreaterThan(first);
        }
    }
}
