package dev.weir.cluster.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weir.actors.meter.MeterStore.WriteResult;
import dev.weir.config.DatabaseUrl;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The same store on PostgreSQL. */
class PostgresMeterStoreTest extends JdbcMeterStoreTest {

    private static final Duration PATIENCE = Duration.ofSeconds(30);

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

    @Test
    void aDatabaseThatIsAboutToStartIsWaitedFor(@TempDir Path other) throws IOException {
        int port = freePort();
        CompletableFuture<Database> opened = CompletableFuture.supplyAsync(() -> Database.open(
                other, DatabaseUrl.parse("postgresql://postgres@localhost:" + port + "/postgres"), PATIENCE));

        EmbeddedPostgres late = EmbeddedPostgres.builder()
                .setPort(port)
                .setServerConfig("fsync", "on")
                .setServerConfig("synchronous_commit", "on")
                .start();
        try (Database database =
                opened.orTimeout(PATIENCE.toSeconds(), TimeUnit.SECONDS).join()) {
            assertThat(database.answers()).isTrue();
        } finally {
            late.close();
        }
    }

    @Test
    void whatAReportDoesIsEndedByTheServerToo() throws SQLException {
        try (Connection connection = database.reports().getConnection();
                Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery("show statement_timeout")) {
            row.next();

            assertThat(row.getString(1)).isEqualTo("4500ms");
        }
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0)) {
            return socket.getLocalPort();
        }
    }

    @Test
    void aDatabaseThatIsNotThereIsNotWaitedFor(@TempDir Path other) {
        DatabaseUrl missing = DatabaseUrl.parse(url.toString() + "_missing");

        CompletableFuture<Database> opened =
                CompletableFuture.supplyAsync(() -> Database.open(other, missing, Duration.ofDays(1)));

        assertThatThrownBy(() ->
                        opened.orTimeout(PATIENCE.toSeconds(), TimeUnit.SECONDS).join())
                .hasCauseInstanceOf(StoreException.class)
                .hasMessageContaining("does not exist");
    }

    /** The first write waits for a connection, so that those behind it come in one batch. */
    @Test
    void aWriteThatIsNeverTakenIsRefusedAndTakesNoOtherAlong() throws SQLException {
        String tooLong = "k".repeat(1_101);
        List<CompletableFuture<WriteResult>> writes = new ArrayList<>();
        try (Connection one = database.writing().getConnection();
                Connection two = database.writing().getConnection()) {
            assertThat(one).isNotSameAs(two);
            for (String id : List.of("first", "a", tooLong, "z")) {
                writes.add(store.write(id, 0, state(id, 1, null, false)).toCompletableFuture());
            }
        }

        assertThat(writes)
                .extracting(write -> write.orTimeout(10, TimeUnit.SECONDS).join())
                .containsExactly(WriteResult.WRITTEN, WriteResult.WRITTEN, WriteResult.REFUSED, WriteResult.WRITTEN);
    }

    /** It goes to the log and to an operator's page. */
    @Test
    void whatIsSaidOfARowThatFailsHasNothingOfIt() throws SQLException {
        try (Connection connection = database.writing().getConnection();
                Statement table = connection.createStatement();
                PreparedStatement insert = connection.prepareStatement("insert into said values (?, ?)")) {
            table.execute("create table said (id varchar(9) primary key, name varchar(9))");
            for (String name : List.of("ann", "bertha")) {
                insert.setString(1, "same");
                insert.setString(2, name);
                insert.addBatch();
            }

            assertThatThrownBy(insert::executeBatch)
                    .satisfies(failure -> assertThat(failure.getMessage())
                            .contains("duplicate key")
                            .doesNotContain("same", "ann", "bertha"));
        }
    }

    /** Each looks before it writes, and both may look before either has written. */
    @Test
    void ofTwoNodesThatGiveOneAliasAtOnceOneHasIt(@TempDir Path other) {
        try (Database second = Database.open(other, url);
                JdbcMeterStore there = new JdbcMeterStore(second)) {
            for (int round = 0; round < 50; round++) {
                String alias = "alias" + round;
                List<CompletableFuture<WriteResult>> writes = new ArrayList<>();
                for (JdbcMeterStore each : List.of(store, there)) {
                    String id = (each == there ? "there" : "here") + round;
                    writes.add(each.write(id, 0, state(id, 1, alias, false)).toCompletableFuture());
                    writes.add(each.write(id + "x", 0, state(id + "x", 1, null, false))
                            .toCompletableFuture());
                }

                List<WriteResult> results = writes.stream()
                        .map(write -> write.orTimeout(10, TimeUnit.SECONDS).join())
                        .toList();

                assertThat(List.of(results.get(0), results.get(2)))
                        .containsExactlyInAnyOrder(WriteResult.WRITTEN, WriteResult.ALIAS_TAKEN);
                assertThat(List.of(results.get(1), results.get(3))).containsOnly(WriteResult.WRITTEN);
            }
        }
    }
}
