package dev.weir.cluster.nodes;

import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.ConfigFactory;
import dev.weir.cluster.meters.Node;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.pekko.actor.AbstractActor;
import org.apache.pekko.actor.ActorRef;
import org.apache.pekko.actor.Address;
import org.apache.pekko.actor.ExtendedActorSystem;
import org.apache.pekko.actor.Props;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.typed.ActorRefResolver;
import org.apache.pekko.actor.typed.javadsl.Adapter;
import org.apache.pekko.cluster.sharding.ShardCoordinator.AbstractShardAllocationStrategy;
import org.apache.pekko.cluster.sharding.ShardRegion;
import org.apache.pekko.cluster.typed.Cluster;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import scala.collection.immutable.IndexedSeq;
import scala.concurrent.Future;
import scala.jdk.javaapi.CollectionConverters;
import scala.jdk.javaapi.FutureConverters;

/** Shards go to the region that has the fewest, and to none of a node that has said that it leaves. */
final class AllocationTest {

    private final ActorTestKit here = ActorTestKit.create("weir", Node.config(ConfigFactory.empty()));
    private final ActorTestKit there = ActorTestKit.create("weir", Node.config(ConfigFactory.empty()));
    private final ActorRef own =
            Adapter.toClassic(here.createTestProbe(String.class).getRef());
    private final ActorRef other = Adapter.toClassic(ActorRefResolver.get(here.system())
            .<String>resolveActorRef(ActorRefResolver.get(there.system())
                    .toSerializationFormat(there.createTestProbe(String.class).getRef())));
    private final List<Set<ActorRef>> offered = new ArrayList<>();
    private Set<String> leaving = Set.of();
    private Set<String> wanted = Set.of();
    private int regions;
    private final Allocation allocation = new Allocation(() -> leaving, new Fewest());

    @BeforeEach
    void start() {
        allocation.start(Adapter.toClassic(here.system()));
    }

    @AfterEach
    void close() {
        here.shutdownTestKit();
        there.shutdownTestKit();
    }

    private final class Fewest extends AbstractShardAllocationStrategy {
        @Override
        public Future<ActorRef> allocateShard(
                ActorRef requester, String shard, Map<ActorRef, IndexedSeq<String>> allocations) {
            return Future.successful(allocations.entrySet().stream()
                    .min((a, b) ->
                            Integer.compare(a.getValue().size(), b.getValue().size()))
                    .orElseThrow()
                    .getKey());
        }

        @Override
        public Future<Set<String>> rebalance(Map<ActorRef, IndexedSeq<String>> allocations, Set<String> inProgress) {
            offered.add(Set.copyOf(allocations.keySet()));
            return Future.successful(wanted);
        }
    }

    private static final scala.collection.immutable.Set<Address> NONE =
            CollectionConverters.asScala(Set.<Address>of()).toSet();

    /** It has shards, and says so when it is asked. */
    private static final class Region extends AbstractActor {
        private final Set<String> shards;

        Region(Set<String> shards) {
            this.shards = shards;
        }

        @Override
        public Receive createReceive() {
            return receiveBuilder()
                    .matchEquals(
                            ShardRegion.getShardRegionStateInstance(),
                            asked -> getSender().tell(state(), getSelf()))
                    .matchEquals(
                            ShardRegion.getCurrentRegionsInstance(),
                            asked -> getSender().tell(new ShardRegion.CurrentRegions(NONE), getSelf()))
                    .build();
        }

        /** One of them does not answer in time. */
        private ShardRegion.CurrentShardRegionState state() {
            Set<ShardRegion.ShardState> answered = shards.stream()
                    .skip(1)
                    .map(shard -> new ShardRegion.ShardState(
                            shard,
                            CollectionConverters.asScala(Set.<String>of()).toSet()))
                    .collect(Collectors.toSet());
            return new ShardRegion.CurrentShardRegionState(
                    CollectionConverters.asScala(answered).toSet(),
                    CollectionConverters.asScala(shards.stream().limit(1).collect(Collectors.toSet()))
                            .toSet());
        }
    }

    private ActorRef region(String... shards) {
        Set<String> all = new TreeSet<>(List.of(shards));
        return ((ExtendedActorSystem) Adapter.toClassic(here.system()))
                .systemActorOf(Props.create(Region.class, () -> new Region(all)), "region" + ++regions);
    }

    private static String address(ActorTestKit kit) {
        return MemberView.text(Cluster.get(kit.system()).selfMember().address());
    }

    private static IndexedSeq<String> shards(String... names) {
        return CollectionConverters.asScala(List.of(names)).toIndexedSeq();
    }

    private static scala.collection.immutable.Map<ActorRef, IndexedSeq<String>> immutable(
            Map<ActorRef, IndexedSeq<String>> map) {
        return scala.collection.immutable.Map.from(CollectionConverters.asScala(map));
    }

    private ActorRef placed(Map<ActorRef, IndexedSeq<String>> allocations) {
        return FutureConverters.asJava(allocation.allocateShard(own, "7", immutable(allocations)))
                .toCompletableFuture()
                .join();
    }

    @Test
    void aShardGoesWhereTheFewestAre() {
        assertThat(placed(Map.of(own, shards(), other, shards("1")))).isEqualTo(own);
        assertThat(placed(Map.of(own, shards("1"), other, shards()))).isEqualTo(other);
    }

    @Test
    void aShardGoesToNoNodeThatLeaves() {
        leaving = Set.of(address(there));
        assertThat(placed(Map.of(own, shards("1"), other, shards()))).isEqualTo(own);

        leaving = Set.of(address(here));
        assertThat(placed(Map.of(own, shards(), other, shards("1")))).isEqualTo(other);
    }

    @Test
    void aShardGoesSomewhereWhenAllLeave() {
        leaving = Set.of(address(here), address(there));

        assertThat(placed(Map.of(own, shards("1"), other, shards()))).isEqualTo(other);
    }

    @Test
    void aShardStaysWhereItIsThoughItsCoordinatorDoesNotKnowThat() {
        ActorRef busy = region("1", "2", "7");
        ActorRef idle = region();

        assertThat(placed(Map.of(busy, shards("1", "2"), idle, shards()))).isEqualTo(busy);
        assertThat(placed(Map.of(busy, shards("1", "2"), idle, shards())))
                .as("by now it is known, and may go elsewhere")
                .isEqualTo(idle);

        allocation.start(Adapter.toClassic(here.system()));
        assertThat(placed(Map.of(busy, shards("1", "2"), idle, shards())))
                .as("another coordinator asks again")
                .isEqualTo(busy);
    }

    @Test
    void aShardStaysWhereItIsThoughItDoesNotAnswer() {
        ActorRef busy = region("7", "8");

        assertThat(placed(Map.of(busy, shards("8"), region(), shards()))).isEqualTo(busy);
    }

    /** It says that it has it until it has seen the end of what it handed off. */
    @Test
    void aShardDoesNotGoBackToANodeThatLeaves() {
        leaving = Set.of(address(here));

        assertThat(placed(Map.of(region("7"), shards(), other, shards("1")))).isEqualTo(other);
    }

    @Test
    void nothingIsMovedToANodeThatLeaves() {
        leaving = Set.of(address(there));

        allocation.rebalance(
                immutable(Map.of(own, shards("1", "2"), other, shards())),
                CollectionConverters.asScala(Set.<String>of()).toSet());

        assertThat(offered).containsExactly(Set.of(own));
    }

    private Set<String> moved(ActorRef... regions) {
        Map<ActorRef, IndexedSeq<String>> allocations =
                Stream.of(regions).collect(Collectors.toMap(region -> region, region -> shards("1")));
        return CollectionConverters.asJava(FutureConverters.asJava(allocation.rebalance(
                        immutable(allocations),
                        CollectionConverters.asScala(Set.<String>of()).toSet()))
                .toCompletableFuture()
                .join());
    }

    /** It may be that nobody sees its node any more. */
    @Test
    void nothingIsMovedWhileARegionDoesNotAnswer() {
        wanted = Set.of("1");
        ActorRef region = region("1");

        assertThat(moved(region)).containsExactly("1");
        assertThat(moved(region, other)).isEmpty();
    }

    @Test
    void nothingIsMovedWhileThereIsAPredecessorOfANode() {
        ActorRef predecessor =
                Adapter.toClassic(here.createTestProbe(String.class).getRef());
        scala.collection.immutable.Set<String> none =
                CollectionConverters.asScala(Set.<String>of()).toSet();

        var moved = allocation.rebalance(
                immutable(Map.of(own, shards(), predecessor, shards("1", "2"), other, shards())), none);

        assertThat(FutureConverters.asJava(moved).toCompletableFuture().join().isEmpty())
                .isTrue();
        assertThat(offered).isEmpty();
    }
}
