package dev.weir.cluster.nodes;

import dev.weir.actors.meter.Keeper;
import dev.weir.actors.meter.LocalMeters;
import dev.weir.actors.meter.Lost;
import dev.weir.cluster.nodes.Neighbours.Card;
import dev.weir.cluster.store.Database;
import java.time.Duration;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.apache.pekko.Done;
import org.apache.pekko.actor.Address;
import org.apache.pekko.actor.AddressFromURIString;
import org.apache.pekko.actor.CoordinatedShutdown;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.Props;
import org.apache.pekko.actor.typed.javadsl.Adapter;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.cluster.ClusterEvent.MemberDowned;
import org.apache.pekko.cluster.ClusterEvent.MemberEvent;
import org.apache.pekko.cluster.ClusterEvent.MemberRemoved;
import org.apache.pekko.cluster.Member;
import org.apache.pekko.cluster.MemberStatus;
import org.apache.pekko.cluster.typed.Cluster;
import org.apache.pekko.cluster.typed.JoinSeedNodes;
import org.apache.pekko.cluster.typed.Subscribe;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A node of several over one store.
 *
 * <p>The store is where they meet: each has a row there that says how it is reached. A node that starts greets all that may be
 * at work, and reads what there is only when all of them know it. Then it joins those that are members or, if it is the first
 * of those that are none, makes a cluster of itself: over one store there is one.
 */
final class Clustered implements Membership {

    private static final Logger LOG = LoggerFactory.getLogger(Clustered.class);
    private static final Duration ROUND = Duration.ofMillis(200);

    /** So often the way to others is looked for anew: names may lead elsewhere by now. */
    private static final int ROUNDS_TO_SEEK = 10;

    private final ActorSystem<?> system;
    private final Cluster cluster;
    private final NodeTable table;
    private final long incarnation;
    private final Settings settings;
    private final LocalMeters here = new LocalMeters();
    private final ExecutorService blocking = Executors.newSingleThreadExecutor(
            Thread.ofPlatform().name("weir-nodes-", 0).daemon(true).factory());
    private final Authority authority;
    private final AtomicBoolean ended = new AtomicBoolean();
    private final AtomicBoolean leaving = new AtomicBoolean();
    private final Runnable end;
    private volatile @Nullable Neighbours neighbours;
    private volatile @Nullable ActorRef<Neighbours.Command> actor;

    private Clustered(
            ActorSystem<?> system,
            Database database,
            NodeTable table,
            long incarnation,
            Settings settings,
            Runnable end) {
        this.system = system;
        this.cluster = Cluster.get(system);
        this.table = table;
        this.incarnation = incarnation;
        this.settings = settings;
        this.end = end;
        this.authority = new Authority(
                database,
                table,
                incarnation,
                this::isJoined,
                (rows, millis) -> tell(new Neighbours.Rows(rows, millis)),
                this::end);
    }

    static Clustered register(ActorSystem<?> system, Database database, Settings settings, Runnable end) {
        NodeTable table = new NodeTable(database);
        long incarnation = table.register(settings.version());
        Clustered node = new Clustered(system, database, table, incarnation, settings, end);
        table.introduce(
                incarnation, node.address(), Predecessor.replace(database.directory(), database.id(), incarnation));
        node.authority.start();
        StoreLease.Place.of(Adapter.toClassic(system)).is(database, table, incarnation, node.authority);
        return node;
    }

    private String address() {
        return MemberView.text(cluster.selfMember().address());
    }

    private void tell(Neighbours.Command command) {
        ActorRef<Neighbours.Command> to = actor;
        if (to != null) {
            to.tell(command);
        }
    }

    /** The node can do nothing any more: its process ends, and whoever watches over it starts another one. */
    private void end() {
        if (!leaving.get() && ended.compareAndSet(false, true)) {
            Thread.ofPlatform().name("weir-end").start(end);
        }
    }

    private boolean isJoined() {
        MemberStatus status = cluster.selfMember().status();
        return status.equals(MemberStatus.up()) || status.equals(MemberStatus.weaklyUp());
    }

    private boolean isMember(long uid) {
        for (Member member : cluster.state().getMembers()) {
            if (member.uniqueAddress().longUid() == uid) {
                return true;
            }
        }
        return false;
    }

    @Override
    public long incarnation() {
        return incarnation;
    }

    @Override
    public InstantSource clock() {
        return authority;
    }

    @Override
    public LocalMeters here() {
        return here;
    }

    @Override
    public CompletionStage<Done> introduce(ActorRef<Keeper.Command> keeper) {
        Card card = new Card(incarnation, cluster.selfMember().uniqueAddress().longUid(), address(), false, keeper);
        Neighbours known = new Neighbours(new Neighbours.Self(
                card, here, authority, table, blocking, this::isMember, this::isJoined, this::stepDown));
        neighbours = known;
        ActorRef<Neighbours.Command> ref =
                system.systemActorOf(NeighboursActor.create(known), NeighboursActor.NAME, Props.empty());
        actor = ref;
        ActorRef<MemberEvent> events = system.systemActorOf(
                Behaviors.receiveMessage(event -> {
                    long uid = event.member().uniqueAddress().longUid();
                    if (event instanceof MemberDowned && uid == card.uid()) {
                        LOG.error("This node was taken out of the cluster: the others go on without it");
                        end();
                    } else if (event instanceof MemberRemoved removed) {
                        boolean downed = removed.previousStatus().equals(MemberStatus.down());
                        ref.tell(new Neighbours.Removed(uid, downed));
                    }
                    return Behaviors.same();
                }),
                "weir-members",
                Props.empty());
        cluster.subscriptions().tell(Subscribe.create(events, MemberEvent.class));
        CoordinatedShutdown shutdown = CoordinatedShutdown.get(system);
        shutdown.addTask(CoordinatedShutdown.PhaseBeforeServiceUnbind(), "weir-leaving", () -> {
            boolean downed = shutdown.getShutdownReason()
                    .filter(CoordinatedShutdown.clusterDowningReason()::equals)
                    .isPresent();
            leaving.compareAndSet(false, !downed);
            return CompletableFuture.completedFuture(Done.getInstance());
        });
        authority.readNow();
        long seconds = settings.atMost().toSeconds();
        return known.introduced()
                .orTimeout(seconds, TimeUnit.SECONDS)
                .exceptionallyCompose(late -> CompletableFuture.failedFuture(new TimeoutException(
                        "nodes are at work on this store that do not answer within " + seconds + " s at "
                                + unmet() + ": are their addresses (weir.cluster.advertise) reachable from here, and"
                                + " this one's, " + address() + ", from there?")));
    }

    @Override
    public void calls(Supplier<CompletableFuture<Done>> calls, Consumer<Lost> lost) {
        nodes().calls(calls, lost);
    }

    private String unmet() {
        Map<Long, Card> met = nodes().peers();
        return authority.rows().stream()
                .filter(row -> !met.containsKey(row.incarnation()))
                .map(row -> String.valueOf(row.address()))
                .collect(Collectors.joining(", "));
    }

    private void stepDown() {
        LOG.error("Other nodes reach the store and this one does not: it ends, so that they can take over what it has");
        end();
    }

    @Override
    public Neighbours nodes() {
        Neighbours known = neighbours;
        if (known == null) {
            throw new IllegalStateException("not introduced yet");
        }
        return known;
    }

    Authority authority() {
        return authority;
    }

    @Override
    public List<MemberView> members() {
        Map<Long, Long> incarnations = new HashMap<>();
        nodes().met().forEach(card -> incarnations.put(card.uid(), card.incarnation()));
        return MemberView.all(cluster, incarnations);
    }

    @Override
    public void leave() {
        tell(Neighbours.Leave.NOW);
    }

    @Override
    public Set<String> leaving() {
        return nodes().leaving();
    }

    @Override
    public boolean coordinates() {
        Member self = cluster.selfMember();
        for (Member member : cluster.state().getMembers()) {
            if (member.isOlderThan(self)) {
                return false;
            }
        }
        return true;
    }

    @Override
    public @Nullable ActorRef<Keeper.Command> staying() {
        return nodes().staying();
    }

    @Override
    public boolean reachesOthers() {
        return nodes().keepers().size() > 1 && authority.isFresh();
    }

    @Override
    public CompletionStage<Done> join() {
        CompletableFuture<Done> done = new CompletableFuture<>();
        Thread.ofPlatform().name("weir-join").daemon(true).start(() -> {
            try {
                joinAlways();
                done.complete(Done.getInstance());
            } catch (Throwable failure) { // of Scala's, too: nobody would ever hear of it
                done.completeExceptionally(failure);
            }
        });
        return done;
    }

    private void joinAlways() throws InterruptedException, TimeoutException {
        long until = System.nanoTime() + settings.atMost().toNanos();
        for (int round = 0; !isJoined(); round++) {
            if (CoordinatedShutdown.get(system)
                    .getShutdownReason()
                    .filter(CoordinatedShutdown.incompatibleConfigurationDetectedReason()::equals)
                    .isPresent()) {
                throw new IllegalStateException("the nodes at " + settings.seeds()
                        + " (weir.cluster.seeds) do not take this one in: they use another store, or other settings of the"
                        + " cluster; the log says which");
            }
            if (System.nanoTime() - until > 0) {
                throw new TimeoutException("this node has not become a member of the cluster within "
                        + settings.atMost().toSeconds() + " s; it knows "
                        + nodes().peers().values());
            }
            if (round % ROUNDS_TO_SEEK == 0) {
                seek(round);
            }
            TimeUnit.NANOSECONDS.sleep(ROUND.toNanos());
        }
    }

    private void seek(int round) {
        Address self = cluster.selfMember().address();
        Map<Long, Card> others = nodes().peers();
        List<String> known = others.values().stream().map(Card::address).toList();
        List<String> seeds = Seeds.besides(known, settings.seeds());
        boolean none = isNobodyMember(nodes().met(), authority.rows(), incarnation);
        Set<Address> addresses = new LinkedHashSet<>();
        if (none && others.keySet().iterator().next() == incarnation) {
            // Seeds of another store have until the next time to say so.
            addresses.add(self);
            seeds = round == 0 ? seeds : List.of();
        } else {
            known.forEach(each -> addresses.add(address(each)));
            addresses.remove(self);
        }
        seeds.forEach(each -> addresses.add(address(each)));
        cluster.manager().tell(new JoinSeedNodes(List.copyOf(addresses)));
    }

    /** What a node said of itself is as old as its greeting; its row says what it is since. */
    static boolean isNobodyMember(List<Card> met, List<NodeRow> rows, long incarnation) {
        return met.stream().noneMatch(Card::joined)
                && rows.stream().noneMatch(row -> row.joined() && !row.fenced() && row.incarnation() != incarnation);
    }

    private Address address(String hostAndPort) {
        return AddressFromURIString.parse("pekko://" + system.name() + "@" + hostAndPort);
    }

    @Override
    public void close() {
        leaving.set(true);
        authority.close();
        blocking.shutdown();
        if (!authority.isLost()) {
            table.ended(incarnation);
        }
    }
}
