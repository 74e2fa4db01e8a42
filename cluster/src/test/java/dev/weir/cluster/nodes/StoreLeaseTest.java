package dev.weir.cluster.nodes;

import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.ConfigFactory;
import dev.weir.cluster.meters.Node;
import dev.weir.cluster.store.Database;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.apache.pekko.actor.ActorSystem;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.typed.javadsl.Adapter;
import org.apache.pekko.cluster.sbr.SplitBrainResolverSettings;
import org.apache.pekko.coordination.lease.javadsl.Lease;
import org.apache.pekko.coordination.lease.javadsl.LeaseProvider;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Of two nodes that cannot reach each other one goes on. */
class StoreLeaseTest {

    private static final Duration SOON = Duration.ofSeconds(5);

    @TempDir
    Path directory = Path.of("");

    private final List<ActorTestKit> kits = new ArrayList<>();
    private Database database;
    private NodeTable table;

    Database database() {
        return Database.open(directory);
    }

    @BeforeEach
    void open() {
        database = database();
        table = new NodeTable(database);
    }

    @AfterEach
    void close() {
        kits.forEach(ActorTestKit::shutdownTestKit);
        database.close();
    }

    /** A node that says that it is there only when it is told to. */
    private final class Side {
        final long incarnation = table.register("1");
        final Authority authority =
                new Authority(database, table, incarnation, () -> true, (rows, now) -> {}, () -> {});
        final Lease lease;

        Side() throws SQLException {
            ActorTestKit kit = ActorTestKit.create("weir", Node.config(ConfigFactory.empty()));
            kits.add(kit);
            ActorSystem system = Adapter.toClassic(kit.system());
            StoreLease.Place.of(system).is(database, table, incarnation, authority);
            lease = LeaseProvider.get(system)
                    .getLease("members", "pekko.cluster.split-brain-resolver.store-lease", "node-" + incarnation);
            renew();
        }

        void renew() throws SQLException {
            try (Connection connection = database.session(SOON)) {
                table.renew(connection, incarnation, true);
            }
        }

        /** Its last word was so long ago. */
        void silentFor(Duration time) throws SQLException {
            sql("update node set renewed_at = renewed_at - " + time.toMillis() + " where incarnation = " + incarnation);
        }
    }

    private void sql(String statement) throws SQLException {
        try (Connection connection = database.session(SOON);
                Statement update = connection.createStatement()) {
            update.execute(statement);
        }
    }

    private static boolean said(CompletionStage<Boolean> answer) {
        return answer.toCompletableFuture().orTimeout(20, TimeUnit.SECONDS).join();
    }

    /** It is asked more than once, and does not know yet. */
    private static void staysOpen(CompletionStage<Boolean> answer) {
        Awaitility.await()
                .during(600, TimeUnit.MILLISECONDS)
                .until(() -> !answer.toCompletableFuture().isDone());
    }

    @Test
    void theFirstGoesOnAndTheSecondDoesNot() throws Exception {
        Side first = new Side();
        Side second = new Side();

        assertThat(said(first.lease.acquire())).isTrue();
        CompletionStage<Boolean> late = second.lease.acquire();
        staysOpen(late);
        first.renew();

        assertThat(said(late)).isFalse();
        assertThat(said(first.lease.acquire())).isTrue();
    }

    @Test
    void whoGivesItBackHasItNoMore() throws Exception {
        Side first = new Side();
        Side second = new Side();

        assertThat(said(first.lease.acquire())).isTrue();
        assertThat(said(first.lease.release())).isTrue();

        assertThat(first.lease.checkLease()).isFalse();
        assertThat(said(second.lease.acquire())).isTrue();
    }

    @Test
    void nobodyGivesBackWhatAnotherHas() throws Exception {
        Side first = new Side();
        Side second = new Side();
        assertThat(said(first.lease.acquire())).isTrue();
        CompletionStage<Boolean> late = second.lease.acquire();

        assertThat(said(second.lease.release())).isTrue();
        staysOpen(late);
        first.renew();

        assertThat(said(late)).isFalse();
    }

    @Test
    void aNodeThatIsSilentHasItNoMore() throws Exception {
        Side first = new Side();
        Side second = new Side();
        assertThat(said(first.lease.acquire())).isTrue();
        CompletionStage<Boolean> late = second.lease.acquire();

        first.silentFor(Authority.TERM.plus(Authority.GUARD).plusMillis(1));

        assertThat(said(late)).isTrue();
    }

    @Test
    void aNodeThatHasLeftHasItNoMore() throws Exception {
        Side first = new Side();
        Side second = new Side();
        assertThat(said(first.lease.acquire())).isTrue();

        table.ended(first.incarnation);

        assertThat(said(second.lease.acquire())).isTrue();
    }

    @Test
    void aNodeThatWasShutOutIsRefusedAndHasItNoMore() throws Exception {
        Side first = new Side();
        Side second = new Side();
        assertThat(said(first.lease.acquire())).isTrue();

        assertThat(table.fence(first.incarnation, second.incarnation)).isTrue();

        assertThat(said(first.lease.acquire())).isFalse();
        assertThat(said(second.lease.acquire())).isTrue();
    }

    /** What it was told before may not be so any more. */
    @Test
    void whoHasItAsksAgainBeforeItDecides() throws Exception {
        Side first = new Side();
        first.authority.start();
        assertThat(said(first.lease.acquire())).isTrue();

        assertThat(first.lease.checkLease()).isFalse();
        assertThat(said(first.lease.acquire())).isTrue();
        first.authority.close();
    }

    @Test
    void aNodeThatIsOverShutsNobodyOut() throws Exception {
        Side first = new Side();
        Side second = new Side();
        Side third = new Side();
        first.silentFor(Authority.TERM.plus(Authority.GUARD).plusMillis(1));
        table.ended(second.incarnation);

        assertThat(table.fence(third.incarnation, first.incarnation)).isFalse();
        assertThat(table.fence(third.incarnation, second.incarnation)).isFalse();

        assertThat(said(third.lease.acquire())).isTrue();
        assertThat(table.fence(first.incarnation, third.incarnation)).isTrue();
        assertThat(table.fence(first.incarnation, third.incarnation))
                .as("it is out already")
                .isTrue();
        assertThat(table.fence(third.incarnation, first.incarnation)).isFalse();
    }

    @Test
    void nobodyIsToldAnythingWhileTheStoreDoesNotAnswer() throws Exception {
        Side first = new Side();
        sql("alter table lease rename to gone");

        CompletionStage<Boolean> answer = first.lease.acquire();
        staysOpen(answer);
        sql("alter table gone rename to lease");

        assertThat(said(answer)).isTrue();
    }

    /** Every node would take all of them out after a time, those included that ask nobody. */
    @Test
    void noTimeIsLongEnoughToGoOnWithoutAnAnswer() {
        SplitBrainResolverSettings settings = new SplitBrainResolverSettings(Node.config(ConfigFactory.empty()));

        assertThat(settings.DownAllWhenUnstable().toNanos()).isZero();
    }
}
