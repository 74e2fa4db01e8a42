package dev.weir.cluster.nodes;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import org.apache.pekko.actor.ActorRef;
import org.apache.pekko.actor.ActorSystem;
import org.apache.pekko.actor.Address;
import org.apache.pekko.cluster.Cluster;
import org.apache.pekko.cluster.ClusterEvent.CurrentClusterState;
import org.apache.pekko.cluster.Member;
import org.apache.pekko.cluster.sharding.ShardCoordinator.ActorSystemDependentAllocationStrategy;
import org.apache.pekko.cluster.sharding.ShardCoordinator.ShardAllocationStrategy;
import org.apache.pekko.cluster.sharding.ShardRegion;
import org.apache.pekko.pattern.Patterns;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import scala.collection.Iterator;
import scala.collection.immutable.IndexedSeq;
import scala.collection.immutable.Map;
import scala.concurrent.Future;
import scala.jdk.javaapi.CollectionConverters;
import scala.jdk.javaapi.FutureConverters;

/**
 * Where shards go: as Pekko has them by default, but to no node that has said that it is about to leave, to the region that has it
 * already, if there is one among the others, and none is moved while there is a region of a process that was killed, or one that does
 * not answer.
 *
 * <p>What a coordinator decides is kept by a majority of the nodes. When those end within a moment of it, as one may leave and one be
 * killed, the next coordinator does not know who has the shard. Elsewhere it would be there twice: the meters that are there already
 * go on and answer those of their own node alone, and others wait for them. So it asks the regions once what they have.
 *
 * <p>A region that is asked to host a shard when it is leaving already ignores that, and may be gone before it is asked for the
 * shard again; its coordinator then waits for it, until its hand-off is out of time or it leaves itself, and nobody gets an answer
 * from meters there. The same comes of a shard that is moved from a region which ends meanwhile.
 *
 * <p>Before a shard is moved all regions are told, once, and it is nowhere until each has said that it heard, or for as long as a
 * hand-off may take. A node that nobody sees any more does not hear; one that was started again at the same address may not hear the
 * first that it is told, if that goes into the connection of its predecessor. So all of them are asked before.
 */
public final class Allocation implements ActorSystemDependentAllocationStrategy {

    private static final Logger LOG = LoggerFactory.getLogger(Allocation.class);
    private static final Duration PATIENCE = Duration.ofSeconds(1);
    private static final scala.collection.immutable.Set<String> NOTHING =
            CollectionConverters.asScala(Set.<String>of()).toSet();

    private final Supplier<Set<String>> leaving;
    private final ShardAllocationStrategy strategy;

    /** By region, what it had that this coordinator had not been told of. */
    private final java.util.Map<ActorRef, CompletableFuture<Set<String>>> unknown = new ConcurrentHashMap<>();

    private @Nullable Cluster cluster;
    private volatile Address self = new Address("pekko", "none");

    /** @param leaving the addresses of those nodes, as {@code host:port} */
    public Allocation(Supplier<Set<String>> leaving, ShardAllocationStrategy strategy) {
        this.leaving = leaving;
        this.strategy = strategy;
    }

    @Override
    public void start(ActorSystem system) {
        cluster = Cluster.get(system);
        self = cluster.selfMember().address();
        unknown.clear(); // the coordinator is a new one
        if (strategy instanceof ActorSystemDependentAllocationStrategy dependent) {
            dependent.start(system);
        }
    }

    @Override
    public Future<ActorRef> allocateShard(
            ActorRef requester, String shard, Map<ActorRef, IndexedSeq<String>> allocations) {
        List<CompletableFuture<Set<String>>> asked = asked(allocations);
        CompletableFuture<Void> all = CompletableFuture.allOf(asked.toArray(CompletableFuture[]::new));
        return all.isDone()
                ? allocated(requester, shard, allocations)
                : FutureConverters.asScala(
                        all.thenCompose(done -> FutureConverters.asJava(allocated(requester, shard, allocations))));
    }

    private Future<ActorRef> allocated(
            ActorRef requester, String shard, Map<ActorRef, IndexedSeq<String>> allocations) {
        Map<ActorRef, IndexedSeq<String>> staying = staying(allocations);
        Map<ActorRef, IndexedSeq<String>> possible = staying.isEmpty() ? allocations : staying;
        for (java.util.Map.Entry<ActorRef, CompletableFuture<Set<String>>> region : unknown.entrySet()) {
            Set<String> shards = region.getValue().getNow(Set.of());
            if (possible.contains(region.getKey()) && shards.remove(shard)) {
                LOG.warn("Shard {} is at {} already, which its coordinator did not know", shard, region.getKey());
                return Future.successful(region.getKey());
            }
        }
        return strategy.allocateShard(requester, shard, possible);
    }

    private List<CompletableFuture<Set<String>>> asked(Map<ActorRef, IndexedSeq<String>> allocations) {
        List<CompletableFuture<Set<String>>> asked = new ArrayList<>();
        for (Iterator<ActorRef> regions = allocations.keysIterator(); regions.hasNext(); ) {
            ActorRef region = regions.next();
            if (isReachable(region)) {
                Set<String> known = Set.copyOf(CollectionConverters.asJava(allocations.apply(region)));
                asked.add(unknown.computeIfAbsent(region, each -> unknown(each, known)));
            }
        }
        return asked;
    }

    private boolean isReachable(ActorRef region) {
        Cluster joined = cluster;
        if (joined == null) {
            return false;
        }
        Address address = region.path().address();
        if (address.hasLocalScope()) {
            return true;
        }
        CurrentClusterState members = joined.state();
        return has(members.getMembers(), address) && !has(members.getUnreachable(), address);
    }

    private static boolean has(Iterable<Member> members, Address address) {
        for (Member member : members) {
            if (member.address().equals(address)) {
                return true;
            }
        }
        return false;
    }

    /** Of a region that does not answer nothing is known, as before. */
    private static CompletableFuture<Set<String>> unknown(ActorRef region, Set<String> known) {
        return Patterns.ask(region, ShardRegion.getShardRegionStateInstance(), PATIENCE)
                .handle((answer, late) -> {
                    Set<String> shards = ConcurrentHashMap.newKeySet();
                    if (answer instanceof ShardRegion.CurrentShardRegionState state) {
                        state.getShards().forEach(shard -> shards.add(shard.shardId()));
                        shards.addAll(state.getFailed());
                        shards.removeAll(known);
                    }
                    return shards;
                })
                .toCompletableFuture();
    }

    @Override
    public Future<scala.collection.immutable.Set<String>> rebalance(
            Map<ActorRef, IndexedSeq<String>> allocations, scala.collection.immutable.Set<String> inProgress) {
        if (hasPredecessors(allocations)) {
            return Future.successful(NOTHING);
        }
        return FutureConverters.asScala(FutureConverters.asJava(strategy.rebalance(staying(allocations), inProgress))
                .thenCompose(moved -> moved.isEmpty()
                        ? CompletableFuture.completedFuture(NOTHING)
                        : answer(allocations).thenApply(all -> all ? moved : NOTHING)));
    }

    /** Whether all regions do, soon. */
    private static CompletionStage<Boolean> answer(Map<ActorRef, IndexedSeq<String>> allocations) {
        CompletionStage<Boolean> all = CompletableFuture.completedFuture(true);
        for (Iterator<ActorRef> regions = allocations.keysIterator(); regions.hasNext(); ) {
            CompletionStage<Boolean> one = Patterns.ask(
                            regions.next(), ShardRegion.getCurrentRegionsInstance(), PATIENCE)
                    .handle((answer, late) -> answer instanceof ShardRegion.CurrentRegions);
            all = all.thenCombine(one, Boolean::logicalAnd);
        }
        return all;
    }

    /** Two regions have the same address: one is a predecessor's that was killed, whose end the coordinator has not heard of yet. */
    private static boolean hasPredecessors(Map<ActorRef, IndexedSeq<String>> allocations) {
        Set<Address> addresses = new HashSet<>();
        for (Iterator<ActorRef> regions = allocations.keysIterator(); regions.hasNext(); ) {
            if (!addresses.add(regions.next().path().address())) {
                return true;
            }
        }
        return false;
    }

    private Map<ActorRef, IndexedSeq<String>> staying(Map<ActorRef, IndexedSeq<String>> allocations) {
        Set<String> gone = leaving.get();
        Map<ActorRef, IndexedSeq<String>> staying = allocations;
        for (Iterator<ActorRef> regions = allocations.keysIterator(); regions.hasNext() && !gone.isEmpty(); ) {
            ActorRef region = regions.next();
            Address address = region.path().address();
            if (gone.contains(MemberView.text(address.hasLocalScope() ? self : address))) {
                staying = staying.removed(region);
            }
        }
        return staying;
    }
}
