package dev.weir.cluster.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weir.config.DatabaseUrl;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The same store on PostgreSQL. */
class PostgresMeterStoreTest extends JdbcMeterStoreTest {

    private final DatabaseUrl url = PostgresServer.newDatabase();

    @Override
    Database database(Path path) {
        return Database.open(path, url);
    }

    @Test
    void aDatabaseThatForgetsCommitsIsRefused(@TempDir Path other) throws SQLException {
        DatabaseUrl careless = PostgresServer.newDatabase();
        try (Database first = Database.open(other, careless);
                Connection connection = first.writing().getConnection();
                Statement statement = connection.createStatement()) {
            statement.execute("alter database " + careless.database() + " set synchronous_commit = off");
        }

        assertThatThrownBy(() -> Database.open(other, careless))
                .isInstanceOf(StoreException.class)
                .hasMessageContaining("synchronous_commit is off");
    }

    @Test
    void aDatabaseThatCannotBeReachedIsSaidWithoutItsPassword(@TempDir Path other) {
        DatabaseUrl nowhere = DatabaseUrl.parse("postgresql://ann:hidden%2Fone@127.0.0.1:1/db");

        assertThatThrownBy(() -> Database.open(other, nowhere))
                .isInstanceOf(StoreException.class)
                .hasMessageContaining("postgresql://ann@127.0.0.1:1/db")
                .satisfies(failure -> assertThat(failure.toString()).doesNotContain("hidden"));
    }
}
