package dev.weir.cluster.nodes;

import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.ConfigFactory;
import dev.weir.cluster.meters.Node;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.pekko.actor.CoordinatedShutdown;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.cluster.MemberStatus;
import org.apache.pekko.cluster.typed.Cluster;
import org.apache.pekko.cluster.typed.Join;
import org.apache.pekko.cluster.typed.JoinSeedNodes;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Nodes of two stores are never one cluster, whatever their seeds say. */
final class SameStoreTest {

    private final List<ActorTestKit> kits = new ArrayList<>();

    @AfterEach
    void close() {
        kits.forEach(ActorTestKit::shutdownTestKit);
    }

    private ActorTestKit node(Map<String, Object> settings) {
        ActorTestKit kit = ActorTestKit.create("weir", Node.config(ConfigFactory.parseMap(settings)));
        kits.add(kit);
        return kit;
    }

    private static boolean isUp(ActorTestKit node) {
        return Cluster.get(node.system()).selfMember().status().equals(MemberStatus.up());
    }

    private static ActorTestKit alone(ActorTestKit node) {
        Cluster cluster = Cluster.get(node.system());
        cluster.manager().tell(Join.create(cluster.selfMember().address()));
        Awaitility.await().until(() -> isUp(node));
        return node;
    }

    private static void join(ActorTestKit node, ActorTestKit seed) {
        Cluster.get(node.system())
                .manager()
                .tell(new JoinSeedNodes(
                        List.of(Cluster.get(seed.system()).selfMember().address())));
    }

    private static void isTurnedAway(ActorTestKit node) {
        Optional<CoordinatedShutdown.Reason> incompatible =
                Optional.of(CoordinatedShutdown.incompatibleConfigurationDetectedReason());
        Awaitility.await()
                .until(() -> CoordinatedShutdown.get(node.system())
                        .getShutdownReason()
                        .equals(incompatible));
        assertThat(isUp(node)).isFalse();
    }

    @Test
    void aNodeOverTheSameStoreIsTakenIn() {
        ActorTestKit seed = alone(node(Map.of("weir.cluster.store", "one")));
        ActorTestKit other = node(Map.of("weir.cluster.store", "one"));

        join(other, seed);

        Awaitility.await().until(() -> isUp(other));
    }

    @Test
    void aNodeOverAnotherStoreIsTurnedAway() {
        ActorTestKit seed = alone(node(Map.of("weir.cluster.store", "one")));
        ActorTestKit other = node(Map.of("weir.cluster.store", "two"));

        join(other, seed);

        isTurnedAway(other);
    }

    @Test
    void aNodeWithAnotherNumberOfShardsIsTurnedAway() {
        ActorTestKit seed = alone(node(Map.of()));
        ActorTestKit other = node(Map.of("pekko.cluster.sharding.number-of-shards", 32));

        join(other, seed);

        isTurnedAway(other);
    }
}
