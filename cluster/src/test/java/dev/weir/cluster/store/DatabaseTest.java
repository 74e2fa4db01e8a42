package dev.weir.cluster.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.time.Instant;
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
}
