package dev.weir.cluster.nodes;

import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.ConfigFactory;
import dev.weir.actors.meter.Keeper;
import dev.weir.actors.meter.LocalMeters;
import dev.weir.cluster.meters.Node;
import dev.weir.cluster.nodes.Neighbours.Card;
import dev.weir.cluster.nodes.Neighbours.Command;
import dev.weir.cluster.store.Database;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.pekko.actor.Address;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.testkit.typed.javadsl.FishingOutcomes;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Props;
import org.apache.pekko.cluster.typed.Cluster;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What one node knows of the others, whatever order it is told in. */
final class NeighboursTest {

    private static final Duration TICK = Duration.ofMillis(10);
    private static final long NOW = 1_800_000_000_000L;

    @TempDir
    Path directory = Path.of("");

    private final ActorTestKit kit = ActorTestKit.create("weir", Node.config(ConfigFactory.empty()));
    private final CountDownLatch steppedDown = new CountDownLatch(1);
    private final Set<Long> members = ConcurrentHashMap.newKeySet();
    private Database database;
    private Neighbours neighbours;

    @BeforeEach
    void open() {
        database = Database.open(directory);
        members.addAll(List.of(1L, 2L, 3L));
        neighbours = of(kit, 1);
    }

    @AfterEach
    void close() {
        kit.shutdownTestKit();
        database.close();
    }

    /** A node that never renewed its right: it may not decide. */
    private Neighbours of(ActorTestKit on, long incarnation) {
        NodeTable table = new NodeTable(database);
        Authority authority = new Authority(database, table, incarnation, () -> true, (rows, now) -> {}, () -> {});
        return new Neighbours(new Neighbours.Self(
                card(on, incarnation),
                new LocalMeters(),
                authority,
                table,
                Runnable::run,
                members::contains,
                () -> true,
                steppedDown::countDown));
    }

    private Card card(long incarnation) {
        return card(kit, incarnation);
    }

    private static Card card(ActorTestKit on, long incarnation) {
        return new Card(
                incarnation,
                incarnation,
                "127.0.0.1:1",
                true,
                on.<Keeper.Command>createTestProbe().getRef());
    }

    private static NodeRow row(long incarnation, String address) {
        return new NodeRow(incarnation, address, NOW, false, true);
    }

    private void read(long... incarnations) {
        neighbours.readAgain();
        neighbours.read(
                Arrays.stream(incarnations).mapToObj(each -> row(each, "")).toList(), NOW);
    }

    @Test
    void whoGreetsIsKnownWhoeverGreetedBefore() {
        read(1);
        neighbours.met(card(3));
        neighbours.met(card(2));

        assertThat(neighbours.keepers()).containsOnlyKeys(1L, 2L, 3L);
    }

    /** Rows of two starts may come in another order than their numbers, and may have been read before somebody greeted. */
    @Test
    void whoGreetsIsKnownWhateverWasRead() {
        read(1, 3);
        neighbours.met(card(2));
        assertThat(neighbours.keepers()).containsOnlyKeys(1L, 2L);

        read(1, 3);
        assertThat(neighbours.isGone(2)).as("its row is newer than that").isFalse();
        read(1, 2, 3);
        read(1, 2, 3);

        assertThat(neighbours.keepers()).containsOnlyKeys(1L, 2L);
    }

    @Test
    void whoHasLeftIsGoneAlsoIfNobodyCameLater() {
        neighbours.met(card(2));
        read(1, 2);
        read(1, 2);
        assertThat(neighbours.isGone(2)).isFalse();

        read(1);

        assertThat(neighbours.isGone(2)).isTrue();
        assertThat(neighbours.keepers()).containsOnlyKeys(1L);
    }

    @Test
    void ofThoseWhoseRowsWereNotReadYetNothingIsKnown() {
        assertThat(neighbours.isGone(7)).isFalse();
        read(1, 5);
        neighbours.met(card(9));

        assertThat(neighbours.isGone(7)).isFalse();
        assertThat(neighbours.isGone(4)).isTrue();
    }

    @Test
    void aNodeAtWorkThatHasNotSaidWhoItIsIsAsked() {
        ActorTestKit far = ActorTestKit.create("weir", Node.config(ConfigFactory.empty()));
        try {
            far.system().systemActorOf(NeighboursActor.create(of(far, 2), TICK), NeighboursActor.NAME, Props.empty());
            Address address = Cluster.get(far.system()).selfMember().address();
            ActorRef<Command> actor = kit.system()
                    .systemActorOf(NeighboursActor.create(neighbours, TICK), NeighboursActor.NAME, Props.empty());
            actor.tell(new Neighbours.Rows(List.of(row(1, "")), NOW));
            Awaitility.await().until(() -> neighbours.introduced().isDone());

            String at =
                    address.getHost().orElseThrow() + ":" + address.getPort().orElseThrow();
            actor.tell(new Neighbours.Rows(List.of(row(1, ""), row(2, at)), NOW));

            Awaitility.await().until(() -> neighbours.keepers().containsKey(2L));
        } finally {
            far.shutdownTestKit();
        }
    }

    @Test
    void whoGreetedAndEndedBeforeItWasAMemberIsShutOutByANodeThatHasItsRight() {
        for (int node = 1; node <= 3; node++) {
            neighbours.self().table().register("1");
        }
        members.remove(3L);
        ActorRef<Command> actor = kit.spawn(NeighboursActor.create(neighbours, TICK));
        TestProbe<Command> others = kit.createTestProbe();
        actor.tell(new Neighbours.Hello(card(2), others.getRef()));
        actor.tell(new Neighbours.Hello(card(3), others.getRef()));
        long lapsed = NOW - Authority.TERM.plus(Authority.GUARD).toMillis() - 1;
        actor.tell(new Neighbours.Rows(
                List.of(row(1, ""), new NodeRow(2, "", lapsed, false, true), new NodeRow(3, "", lapsed, false, false)),
                NOW));

        Awaitility.await().during(500, TimeUnit.MILLISECONDS).until(() -> fenced().isEmpty());
        try (Authority right = neighbours.self().authority()) {
            right.start();
            Awaitility.await().until(() -> fenced().equals(List.of(3L)));
        }
    }

    private List<Long> fenced() throws SQLException {
        try (Connection connection = database.session(Duration.ofSeconds(5))) {
            return neighbours.self().table().atWork(connection).stream()
                    .filter(NodeRow::fenced)
                    .map(NodeRow::incarnation)
                    .toList();
        }
    }

    @Test
    void whoGreetedBeforeItWasAMemberIsOneByItsRow() {
        Card greeted = new Card(2, 2, "127.0.0.1:1", false, card(2).keeper());
        NodeRow ahead = new NodeRow(2, "", NOW, false, false);

        assertThat(Clustered.isNobodyMember(List.of(greeted), List.of(row(1, ""), ahead), 1))
                .isTrue();
        assertThat(Clustered.isNobodyMember(List.of(greeted), List.of(row(1, ""), row(2, "")), 1))
                .isFalse();
        assertThat(Clustered.isNobodyMember(List.of(greeted), List.of(new NodeRow(2, "", NOW, true, true)), 1))
                .as("it was shut out")
                .isTrue();
        assertThat(Clustered.isNobodyMember(List.of(card(2)), List.of(ahead), 1))
                .isFalse();
    }

    @Test
    void aNodeStepsDownWhileOthersHaveTheirRightAndNotBecauseTheyHadIt() throws InterruptedException {
        ActorRef<Command> actor = kit.spawn(NeighboursActor.create(neighbours, TICK));
        TestProbe<Command> other = kit.createTestProbe();
        actor.tell(new Neighbours.Hello(card(2), other.getRef()));
        other.expectMessageClass(Neighbours.Welcome.class);
        actor.tell(new Neighbours.Rows(List.of(row(1, ""), row(2, "")), NOW));

        answer(other, true);
        for (int ping = 0; ping < 30; ping++) {
            answer(other, false);
        }
        assertThat(steppedDown.getCount()).isOne();

        while (!steppedDown.await(0, TimeUnit.MILLISECONDS)) {
            answer(other, true);
        }
    }

    private static void answer(TestProbe<Command> other, boolean mayDecide) {
        other.fishForMessage(
                        Duration.ofSeconds(3),
                        message -> message instanceof Neighbours.Ping
                                ? FishingOutcomes.complete()
                                : FishingOutcomes.continueAndIgnore())
                .forEach(message -> ((Neighbours.Ping) message).from().tell(new Neighbours.Pong(2, mayDecide)));
    }
}
