package dev.weir.cluster.meters;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import dev.weir.actors.meter.AdminReply;
import dev.weir.actors.meter.Decision;
import dev.weir.actors.meter.HoldId;
import dev.weir.actors.meter.MeterSettings;
import dev.weir.actors.meter.MeterView;
import dev.weir.actors.meter.Need;
import dev.weir.actors.meter.Standing;
import dev.weir.cluster.nodes.NodeTable;
import dev.weir.cluster.store.Database;
import dev.weir.cluster.store.PostgresServer;
import dev.weir.config.KeySettings;
import dev.weir.config.Limits;
import dev.weir.config.Money;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class NodeTest {

    static final Duration TIMEOUT = Duration.ofSeconds(2);
    static final Need CALL = Need.ofCall(10, 100, true);
    private static final NodeSettings SETTINGS = new NodeSettings(
            "test", ZoneOffset.UTC, MeterSettings.Unpriced.REJECT, Duration.ofMinutes(1), 50, 10, List.of());

    @TempDir
    Path directory = Path.of("");

    /** A node with its actor system, for tests. */
    record Running(ActorSystem<Void> system, Node node) implements AutoCloseable {

        static Running start(Path directory) {
            ActorSystem<Void> system =
                    ActorSystem.create(Behaviors.empty(), "weir", Node.config(ConfigFactory.empty()));
            Database database = Database.open(directory);
            return new Running(system, get(Node.start(system, database, SETTINGS, InstantSource.system(), () -> {})));
        }

        Meters meters() {
            return node.meters();
        }

        @Override
        public void close() {
            system.terminate();
            get(system.getWhenTerminated());
        }
    }

    static <T> T get(CompletionStage<T> stage) {
        return stage.toCompletableFuture().orTimeout(60, TimeUnit.SECONDS).join();
    }

    static KeySettings key(long rpm, long budgetNanoUsd) {
        return KeySettings.UNLIMITED.withLimits(Limits.NONE.withRpm(rpm).withBudget(new Money(budgetNanoUsd), null));
    }

    private static MeterView inspect(Running node, String key) {
        return ((AdminReply.Done) get(node.meters().inspect(key))).meter();
    }

    @Test
    void aKeyIsMadeUsedBlockedAndDeleted() {
        try (Running node = Running.start(directory)) {
            Meters meters = node.meters();
            assertThat(get(meters.create("k", key(100, 1000)))).isInstanceOf(AdminReply.Done.class);
            HoldId hold = node.node().nextHold();
            Decision.Granted grant = (Decision.Granted) get(meters.reserve("k", hold, "gpt", CALL, null, TIMEOUT));
            get(meters.settle("k", hold, grant.epoch(), CALL, new Need(1, 5, 60, 1, true), true));

            assertThat(inspect(node, "k").spentNanoUsd()).isEqualTo(60);
            assertThat(get(meters.list(null, 10))).extracting(Meters.Listed::id).containsExactly("k");
            get(meters.block("k", true));
            assertThat(get(meters.reserve("k", node.node().nextHold(), "gpt", CALL, null, TIMEOUT)))
                    .isEqualTo(new Decision.Blocked(Standing.Scope.API_KEY, null));
            get(meters.delete("k"));
            assertThat(get(meters.reserve("k", node.node().nextHold(), "gpt", CALL, null, TIMEOUT)))
                    .isEqualTo(new Decision.UnknownKey());
            assertThat(get(meters.list(null, 10))).isEmpty();
            assertThat(meters.unsettled()).isZero();
        }
    }

    @Test
    void fiveHundredAtOnceAtALimitOfHundredGrantHundred() {
        try (Running node = Running.start(directory)) {
            get(node.meters().create("k", key(100, 1_000_000)));
            List<CompletableFuture<Decision>> calls = new ArrayList<>();

            for (int i = 0; i < 500; i++) {
                calls.add(node.meters()
                        .reserve("k", node.node().nextHold(), "gpt", CALL, null, TIMEOUT)
                        .toCompletableFuture());
            }

            assertThat(calls.stream().map(NodeTest::get).filter(Decision.Granted.class::isInstance))
                    .hasSize(100);
        }
    }

    @Test
    void aCleanStopKeepsExactFigures() {
        try (Running node = Running.start(directory)) {
            for (int k = 0; k < 50; k++) {
                get(node.meters().create("k" + k, key(1000, 1000)));
                get(node.meters().reserve("k" + k, node.node().nextHold(), "gpt", CALL, null, TIMEOUT));
            }
        }

        try (Running node = Running.start(directory)) {
            for (int k = 0; k < 50; k++) {
                MeterView view = inspect(node, "k" + k);
                assertThat(view.openHolds()).isZero();
                assertThat(view.standings()).extracting(Standing::committed).containsExactly(1L, 100L);
            }
        }
    }

    /** Somebody seems to be at work who does not answer. */
    @Test
    void aNodeThatCannotStartHasLeft() throws SQLException {
        Config brief = ConfigFactory.parseString("weir.cluster.start-timeout = 1s");
        try (Database database = Database.open(directory, PostgresServer.newDatabase())) {
            long silent = new NodeTable(database).register("test");
            sql(database, "update node set renewed_at = renewed_at + 3600000, address = '127.0.0.1:1'");
            ActorSystem<Void> system = ActorSystem.create(Behaviors.empty(), "weir", Node.config(brief));

            assertThatThrownBy(() -> get(Node.start(system, database, SETTINGS, InstantSource.system(), () -> {})))
                    .hasRootCauseInstanceOf(TimeoutException.class);

            try (Connection connection = database.reading().getConnection();
                    Statement statement = connection.createStatement();
                    ResultSet row = statement.executeQuery("select incarnation from node where stopped_at is null")) {
                assertThat(row.next()).isTrue();
                assertThat(row.getLong(1)).isEqualTo(silent);
                assertThat(row.next()).isFalse();
            }
            system.terminate();
            get(system.getWhenTerminated());
        }
    }

    private static void sql(Database database, String sql) throws SQLException {
        try (Connection connection = database.writing().getConnection();
                Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    @Test
    void aTakenAliasIsRefused() {
        KeySettings named = KeySettings.UNLIMITED.withAlias("ci");
        try (Running node = Running.start(directory)) {
            get(node.meters().create("a", named));

            assertThat(get(node.meters().create("b", named))).isEqualTo(new AdminReply.AliasTaken("ci"));
            assertThat(get(node.meters().findByAlias("ci"))).contains("a");
        }
    }
}
