package dev.weir.cluster.nodes;

import java.util.HashSet;
import java.util.Set;
import java.util.function.Supplier;
import org.apache.pekko.actor.ActorRef;
import org.apache.pekko.actor.ActorSystem;
import org.apache.pekko.actor.Address;
import org.apache.pekko.cluster.Cluster;
import org.apache.pekko.cluster.sharding.ShardCoordinator.ActorSystemDependentAllocationStrategy;
import org.apache.pekko.cluster.sharding.ShardCoordinator.ShardAllocationStrategy;
import scala.collection.Iterator;
import scala.collection.immutable.IndexedSeq;
import scala.collection.immutable.Map;
import scala.concurrent.Future;
import scala.jdk.javaapi.CollectionConverters;

/**
 * Where shards go: as Pekko has them by default, but to no node that has said that it is about to leave, and none is moved while
 * there is a region of a process that was killed.
 *
 * <p>A region that is asked to host a shard when it is leaving already ignores that, and may be gone before it is asked for the
 * shard again; its coordinator then waits for it, until its hand-off is out of time or it leaves itself, and nobody gets an answer
 * from meters there. The same comes of a shard that is moved from a region which ends meanwhile.
 */
public final class Allocation implements ActorSystemDependentAllocationStrategy {

    private final Supplier<Set<String>> leaving;
    private final ShardAllocationStrategy strategy;
    private volatile Address self = new Address("pekko", "none");

    /** @param leaving the addresses of those nodes, as {@code host:port} */
    public Allocation(Supplier<Set<String>> leaving, ShardAllocationStrategy strategy) {
        this.leaving = leaving;
        this.strategy = strategy;
    }

    @Override
    public void start(ActorSystem system) {
        self = Cluster.get(system).selfMember().address();
        if (strategy instanceof ActorSystemDependentAllocationStrategy dependent) {
            dependent.start(system);
        }
    }

    @Override
    public Future<ActorRef> allocateShard(
            ActorRef requester, String shard, Map<ActorRef, IndexedSeq<String>> allocations) {
        Map<ActorRef, IndexedSeq<String>> staying = staying(allocations);
        return strategy.allocateShard(requester, shard, staying.isEmpty() ? allocations : staying);
    }

    @Override
    public Future<scala.collection.immutable.Set<String>> rebalance(
            Map<ActorRef, IndexedSeq<String>> allocations, scala.collection.immutable.Set<String> inProgress) {
        return hasPredecessors(allocations)
                ? Future.successful(
                        CollectionConverters.asScala(Set.<String>of()).toSet())
                : strategy.rebalance(staying(allocations), inProgress);
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
