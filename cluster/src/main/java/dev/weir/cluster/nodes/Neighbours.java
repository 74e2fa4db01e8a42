package dev.weir.cluster.nodes;

import dev.weir.actors.Wire;
import dev.weir.actors.meter.Keeper;
import dev.weir.actors.meter.LocalMeters;
import dev.weir.actors.meter.Lost;
import dev.weir.actors.meter.Nodes;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.apache.pekko.Done;
import org.apache.pekko.actor.typed.ActorRef;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What this node knows of the others over the same store: the table says who may be at work, each of them says itself how it
 * is reached, and the cluster says who is a member. {@link NeighboursActor} is what others talk to; whoever asks gets a view
 * that does not wait.
 */
public final class Neighbours implements Nodes {

    private static final Logger LOG = LoggerFactory.getLogger(Neighbours.class);

    /** What nodes say to each other, and what happens to one. */
    public sealed interface Command permits Hello, Welcome, SayCalls, CallsSaid, Ping, Pong, Leaving, Event {}

    /** A node that starts is there: from now on it has to hear what all are told. */
    public record Hello(Card card, ActorRef<Command> from) implements Command, Wire {}

    /** It is known here, and this is who is here. */
    public record Welcome(Card card, ActorRef<Command> from) implements Command, Wire {}

    /** A node is gone: which calls run that it may have admitted? Their meters have to be told. */
    public record SayCalls(long gone, ActorRef<Command> from) implements Command, Wire {}

    /** Their meters have been. */
    public record CallsSaid(long gone, long by) implements Command, Wire {}

    /** Has that node the right to act? */
    public record Ping(ActorRef<Command> from) implements Command, Wire {}

    public record Pong(long by, boolean mayDecide) implements Command, Wire {}

    /** It is about to leave. */
    public record Leaving(long by) implements Command, Wire {}

    /** What happens here. */
    public sealed interface Event extends Command permits Rows, Removed, OwnCallsSaid, Release, Shut, Leave, Tick {}

    record Rows(List<NodeRow> rows, long storeMillis) implements Event {}

    /**
     * A member is no member any more.
     *
     * @param downed it did not leave by itself
     */
    record Removed(long uid, boolean downed) implements Event {}

    record OwnCallsSaid(long gone) implements Event {}

    record Release(long gone) implements Event {}

    /** Who is no member any more has left a meter that may be at work. */
    record Shut(long incarnation) implements Event {}

    /** This node is about to leave. */
    enum Leave implements Event {
        NOW
    }

    enum Tick implements Event {
        TICK
    }

    /**
     * Who a node is.
     *
     * @param uid of its actor system in the cluster
     * @param joined it is a member of the cluster already
     */
    public record Card(long incarnation, long uid, String address, boolean joined, ActorRef<Keeper.Command> keeper) {}

    /** What the node itself can do. */
    record Self(
            Card card,
            LocalMeters here,
            Authority authority,
            NodeTable table,
            Executor blocking,
            Predicate<Long> isMember,
            BooleanSupplier joined,
            Runnable stepDown) {}

    /**
     * How it looked when it was looked at last.
     *
     * @param newest of those whose rows were read: of later ones nothing is known
     */
    private record View(Map<Long, Card> peers, Set<Long> atWork, long newest) {}

    private final Self self;
    private final Set<Long> released = ConcurrentHashMap.newKeySet();
    private final Set<Long> fencing = ConcurrentHashMap.newKeySet();
    private final Set<Long> releasing = ConcurrentHashMap.newKeySet();
    private final Set<Long> leaving = ConcurrentHashMap.newKeySet();
    private final CompletableFuture<Done> introduced = new CompletableFuture<>();

    /** Who has said who it is since the table was read, and before that: their rows may be newer than what was read. */
    private final Set<Long> met = new HashSet<>();

    private final Set<Long> metBefore = new HashSet<>();

    private volatile View view;
    private volatile Supplier<CompletableFuture<Done>> calls =
            () -> CompletableFuture.completedFuture(Done.getInstance());
    private volatile @Nullable Consumer<Lost> lost;
    private volatile @Nullable ActorRef<Command> actor;

    Neighbours(Self self) {
        this.self = self;
        this.view = new View(Map.of(self.card.incarnation(), self.card), Set.of(self.card.incarnation()), 0);
    }

    Self self() {
        return self;
    }

    void actor(ActorRef<Command> ref) {
        actor = ref;
    }

    /**
     * @param says to their meters which calls run at this node's door; completes when all have heard
     * @param writer of calls whose door is gone
     */
    void calls(Supplier<CompletableFuture<Done>> says, Consumer<Lost> writer) {
        calls = says;
        lost = writer;
    }

    CompletableFuture<Done> sayCalls() {
        return calls.get();
    }

    /** Completes when every node that may be at work has heard of this one, or is gone. */
    CompletableFuture<Done> introduced() {
        return introduced;
    }

    // What meters ask.

    @Override
    public boolean mayDecide() {
        return self.authority.holds();
    }

    @Override
    public Map<Long, ActorRef<Keeper.Command>> keepers() {
        Map<Long, ActorRef<Keeper.Command>> keepers = new HashMap<>();
        view.peers.forEach((incarnation, card) -> keepers.put(incarnation, card.keeper()));
        return keepers;
    }

    @Override
    public boolean isMember(long incarnation) {
        Card card = view.peers.get(incarnation);
        return card != null && self.isMember.test(card.uid());
    }

    @Override
    public boolean isGone(long incarnation) {
        View now = view;
        return incarnation <= now.newest && !now.atWork.contains(incarnation);
    }

    @Override
    public boolean isReleased(long incarnation) {
        if (released.contains(incarnation)) {
            return true;
        }
        ActorRef<Command> to = actor;
        if (isGone(incarnation) && to != null && releasing.add(incarnation)) {
            to.tell(new Release(incarnation));
        }
        return false;
    }

    @Override
    public void fence(long incarnation) {
        ActorRef<Command> to = actor;
        if (to != null) {
            to.tell(new Shut(incarnation));
        }
    }

    /** From now on it cannot say that it is there. */
    void shutOut(long incarnation) {
        if (incarnation != self.card.incarnation() && fencing.add(incarnation)) {
            self.blocking.execute(() -> {
                try {
                    if (self.table.fence(incarnation, self.card.incarnation())) {
                        LOG.warn("Node {} is shut out: it did not leave by itself, and is no member", incarnation);
                        self.authority.readNow();
                    } else {
                        fencing.remove(incarnation); // this one may not now; whoever needs it asks again
                    }
                } catch (RuntimeException failure) {
                    fencing.remove(incarnation); // whoever needs it asks again
                    LOG.warn("Node {} could not be shut out: {}", incarnation, failure.getMessage());
                }
            });
        }
    }

    @Override
    public LocalMeters here() {
        return self.here;
    }

    @Override
    public boolean lost(Lost hold) {
        Consumer<Lost> writer = lost;
        if (writer != null) {
            writer.accept(hold);
        }
        return writer != null;
    }

    /** Those who may be at work, this one included, by incarnation. */
    public Map<Long, Card> peers() {
        return new TreeMap<>(view.peers);
    }

    /** The addresses of those who are about to leave. */
    Set<String> leaving() {
        return leaving.isEmpty()
                ? Set.of()
                : view.peers.values().stream()
                        .filter(card -> isLeaving(card.incarnation()))
                        .map(Card::address)
                        .collect(Collectors.toSet());
    }

    void leaves(long incarnation) {
        leaving.add(incarnation);
    }

    boolean isLeaving() {
        return isLeaving(self.card.incarnation());
    }

    private boolean isLeaving(long incarnation) {
        return leaving.contains(incarnation);
    }

    /** The keeper of another node that is a member and does not leave; null where there is none. */
    @Nullable
    ActorRef<Keeper.Command> staying() {
        return view.peers.values().stream()
                .filter(card -> card.incarnation() != self.card.incarnation()
                        && isMember(card.incarnation())
                        && !isLeaving(card.incarnation()))
                .map(Card::keeper)
                .findFirst()
                .orElse(null);
    }

    /** What they said of themselves. */
    List<Card> met() {
        return List.copyOf(view.peers.values());
    }

    // What the actor changes.

    Map<Long, Card> cards() {
        return view.peers;
    }

    /** A node has said who it is. It is at work, whatever was read before: rows come in another order than their numbers. */
    void met(Card card) {
        View now = view;
        Map<Long, Card> peers = new HashMap<>(now.peers);
        peers.put(card.incarnation(), card);
        Set<Long> atWork = new HashSet<>(now.atWork);
        atWork.add(card.incarnation());
        view = new View(Map.copyOf(peers), Set.copyOf(atWork), now.newest);
        met.add(card.incarnation());
    }

    /** The table was read again. */
    void readAgain() {
        metBefore.clear();
        metBefore.addAll(met);
        met.clear();
    }

    /** What the table says, and what time it is. Returns those who are gone since the last time. */
    Set<Long> read(List<NodeRow> rows, long storeMillis) {
        View before = view;
        Set<Long> atWork = rows.stream()
                .filter(row -> !(row.fenced() && row.isLapsed(storeMillis)))
                .map(NodeRow::incarnation)
                .collect(Collectors.toSet());
        atWork.add(self.card.incarnation());
        long newest = Math.max(
                before.newest,
                rows.stream().mapToLong(NodeRow::incarnation).max().orElse(0));
        atWork.addAll(met);
        atWork.addAll(metBefore);
        Map<Long, Card> peers = new HashMap<>(before.peers);
        peers.keySet().retainAll(atWork);
        view = new View(Map.copyOf(peers), Set.copyOf(atWork), newest);
        Set<Long> gone = new HashSet<>(before.atWork);
        gone.removeAll(atWork);
        return gone;
    }

    boolean hasReleased(long incarnation) {
        return released.contains(incarnation);
    }

    void released(long incarnation) {
        released.add(incarnation);
        self.here.nodesMoved();
    }
}
