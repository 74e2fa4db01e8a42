package dev.weir.cluster.meters;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import dev.weir.actors.meter.Ask;
import dev.weir.actors.meter.Decision;
import dev.weir.actors.meter.HoldId;
import dev.weir.actors.meter.Keeper;
import dev.weir.actors.meter.KeyDirectory;
import dev.weir.actors.meter.Meter;
import dev.weir.actors.meter.MeterSettings;
import dev.weir.actors.meter.Need;
import dev.weir.actors.meter.Shares;
import dev.weir.cluster.ledger.LostHolds;
import dev.weir.cluster.nodes.Allocation;
import dev.weir.cluster.nodes.Membership;
import dev.weir.cluster.nodes.NodeKey;
import dev.weir.cluster.store.Database;
import dev.weir.cluster.store.JdbcMeterStore;
import dev.weir.config.AccountId;
import dev.weir.config.WeirSettings;
import java.time.Duration;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import org.apache.pekko.Done;
import org.apache.pekko.actor.CoordinatedShutdown;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.DispatcherSelector;
import org.apache.pekko.actor.typed.javadsl.AskPattern;
import org.apache.pekko.cluster.sharding.ShardRegion.CurrentShardRegionState;
import org.apache.pekko.cluster.sharding.typed.ClusterShardingQuery;
import org.apache.pekko.cluster.sharding.typed.ClusterShardingSettings;
import org.apache.pekko.cluster.sharding.typed.GetShardRegionState;
import org.apache.pekko.cluster.sharding.typed.javadsl.ClusterSharding;
import org.apache.pekko.cluster.sharding.typed.javadsl.Entity;
import org.apache.pekko.cluster.sharding.typed.javadsl.EntityContext;
import org.apache.pekko.cluster.sharding.typed.javadsl.EntityRef;
import org.apache.pekko.cluster.sharding.typed.javadsl.EntityTypeKey;
import org.apache.pekko.pattern.Patterns;
import org.jspecify.annotations.Nullable;

/**
 * This process as a node: its number among all starts, and its meters. A node alone is a cluster of one.
 *
 * <p>It ends with its actor system: {@link CoordinatedShutdown} lets settlements go out, then has every meter write its
 * exact figures, and closes the store and the database last.
 */
public final class Node {

    private static final Duration FIRST_ASK = Duration.ofMillis(500);
    private static final Duration PATIENCE = Duration.ofMillis(500);

    /** A phase, in {@code reference.conf}. */
    private static final String GIVE_BACK = "weir-give-back";

    /** An id that no key has: it is not a SHA-256. */
    private static final String NOBODY = "nobody";

    private final ActorSystem<?> system;
    private final Membership membership;
    private final Meters meters;
    private final JdbcMeterStore store;
    private final Shares shares;
    private final AtomicLong sequence = new AtomicLong();

    private Node(ActorSystem<?> system, Membership membership, Meters meters, JdbcMeterStore store, Shares shares) {
        this.system = system;
        this.membership = membership;
        this.meters = meters;
        this.store = store;
        this.shares = shares;
    }

    /**
     * The configuration for the actor system of a node: the operator's, over Weir's, over Pekko's.
     *
     * @param operator what was said, without defaults: {@code ConfigFactory.load()} would put Pekko's over Weir's
     */
    public static Config config(Config operator) {
        Config engine = ConfigFactory.defaultReference().getConfig("weir.cluster.pekko");
        return ConfigFactory.defaultOverrides()
                .withFallback(operator)
                .withFallback(engine.atPath("pekko"))
                .withFallback(ConfigFactory.defaultReferenceUnresolved())
                .resolve();
    }

    /** What the store says of itself, for the actor system's configuration. Blocks for a read. */
    public static Config store(Database database) {
        return ConfigFactory.parseMap(Map.of("weir.cluster.store", database.id()));
    }

    /** What an operator says of the nodes among themselves, for the actor system's configuration. */
    public static Config artery(WeirSettings.Cluster cluster, String version) {
        Map<String, Object> said = new HashMap<>(Map.of(
                "pekko.remote.artery.canonical.hostname", cluster.advertise(),
                "pekko.remote.artery.canonical.port", cluster.port(),
                "pekko.remote.artery.bind.hostname", cluster.host(),
                "pekko.cluster.app-version", version));
        WeirSettings.NodeTls tls = cluster.tls();
        if (tls != null) {
            NodeKey.requireRsa(tls.key());
            said.put("pekko.remote.artery.transport", "tls-tcp");
            said.put(
                    "pekko.remote.artery.ssl.ssl-engine-provider",
                    "org.apache.pekko.remote.artery.tcp.ssl.RotatingKeysSSLEngineProvider");
            String files = "pekko.remote.artery.ssl.rotating-keys-engine.";
            said.put(files + "cert-file", tls.certificate().toString());
            said.put(files + "key-file", tls.key().toString());
            said.put(files + "ca-cert-file", tls.ca().toString());
        }
        return ConfigFactory.parseMap(said);
    }

    /**
     * Makes this process a node. The stage completes when the first meter has answered: from then on calls may come.
     *
     * @param system made with {@link #config}
     * @param database closed by the node when the system ends
     * @param clock the time of a store that is not shared
     * @param end what the node does when it can do nothing for others any more, and they have what it had
     */
    public static CompletionStage<Node> start(
            ActorSystem<?> system, Database database, NodeSettings settings, InstantSource clock, Runnable end) {
        requireOverlay(system.settings().config());
        NodeSettings.Bounds bounds = NodeSettings.Bounds.of(system.settings().config());
        Membership membership = Membership.register(
                system,
                database,
                new Membership.Settings(settings.version(), settings.seeds(), bounds.startTimeout()),
                clock,
                end);
        JdbcMeterStore store = new JdbcMeterStore(database);
        ClusterSharding sharding = ClusterSharding.get(system);
        DispatcherSelector dispatcher = DispatcherSelector.fromConfig(bounds.meterDispatcher());
        Function<AccountId, EntityRef<Meter.Command>> accounts =
                account -> sharding.entityRefFor(Meters.ACCOUNTS, account.toString());
        Shares shares = new Shares(
                membership.incarnation(),
                settings.zone(),
                want -> accounts.apply(want.account()).tell(want));
        KeyDirectory keys = new KeyDirectory();
        ActorRef<Keeper.Command> keeper = system.systemActorOf(
                Keeper.create(shares, keys, membership.here(), membership.clock(), settings.idle()),
                "weir-keeper",
                dispatcher);
        Meters meters = new Meters(
                system,
                new MeterRefs(key -> sharding.entityRefFor(Meters.KEYS, key)),
                accounts,
                keys,
                membership,
                store,
                bounds);
        Node node = new Node(system, membership, meters, store, shares);
        CompletionStage<Runnable> known =
                membership.introduce(keeper).thenCompose(introduced -> known(store, shares, keys));
        return orEnd(known, store, membership)
                .thenCompose(lists -> {
                    keeper.tell(new Keeper.Known(lists));
                    LostCalls lost = new LostCalls(new LostHolds(database.writing(), membership.clock())::write);
                    membership.calls(meters::sayRunning, lost::take);
                    node.place(system, store, settings.meters(membership), membership.clock(), dispatcher);
                    node.endWith(system, keeper, store, lost, database, bounds);
                    return membership.join();
                })
                .thenCompose(joined ->
                        node.warm(System.nanoTime() + bounds.startTimeout().toNanos()));
    }

    /** Others have heard of this node by now: where it gets no further they do not wait until its right to act is over. */
    private static <T> CompletionStage<T> orEnd(CompletionStage<T> begin, JdbcMeterStore store, Membership membership) {
        return begin.exceptionallyComposeAsync(failure -> {
            for (Runnable each : List.<Runnable>of(store::close, membership::close)) {
                try {
                    each.run();
                } catch (RuntimeException alsoFailed) {
                    failure.addSuppressed(alsoFailed);
                }
            }
            return CompletableFuture.failedFuture(failure);
        });
    }

    /** Reads which keys and accounts there are, and says how to take them in. */
    private static CompletionStage<Runnable> known(JdbcMeterStore store, Shares shares, KeyDirectory keys) {
        Set<String> ids = new HashSet<>();
        return store.accounts(true)
                .thenCombine(store.accounts(false), (deleted, there) -> (Runnable) () -> {
                    deleted.forEach(shares::isDeleted);
                    there.forEach(shares::exists);
                })
                .thenCombine(
                        store.keys(ids::add).thenCombine(store.secrets(), (read, secrets) -> secrets),
                        (accounts, secrets) -> () -> {
                            accounts.run();
                            ids.forEach(keys::exists);
                            secrets.forEach(keys::leads);
                        });
    }

    private void place(
            ActorSystem<?> system,
            JdbcMeterStore rows,
            MeterSettings common,
            InstantSource clock,
            DispatcherSelector dispatcher) {
        ClusterSharding sharding = ClusterSharding.get(system);
        ClusterShardingSettings byConfig = ClusterShardingSettings.create(system);
        sharding.init(Entity.of(
                        Meters.KEYS,
                        entity -> Meter.ofKey(
                                entity.getEntityId(),
                                rows,
                                common,
                                shares,
                                clock,
                                new Placed(sharding, entity, shares)))
                .withAllocationStrategy(
                        new Allocation(membership::leaving, sharding.defaultShardAllocationStrategy(byConfig)))
                .withEntityProps(dispatcher)
                .withStopMessage(Meter.Stop.INSTANCE));
        sharding.init(Entity.of(
                        Meters.ACCOUNTS,
                        entity -> Meter.ofAccount(
                                AccountId.parse(entity.getEntityId()),
                                rows,
                                common,
                                clock,
                                new Placed(sharding, entity, shares)))
                .withAllocationStrategy(
                        new Allocation(membership::leaving, sharding.defaultShardAllocationStrategy(byConfig)))
                .withEntityProps(dispatcher)
                .withStopMessage(Meter.Stop.INSTANCE));
    }

    /** A meter's place in sharding. */
    private record Placed(ClusterSharding sharding, EntityContext<Meter.Command> entity, Shares shares)
            implements Meter.Placement {

        @Override
        public void retire(ActorRef<Meter.Command> self) {
            entity.getShard().tell(new ClusterSharding.Passivate<>(self));
        }

        @Override
        public void forward(Meter.Command command) {
            if (!shares.isResting()) {
                sharding.entityRefFor(entity.getEntityTypeKey(), entity.getEntityId())
                        .tell(command);
            }
        }
    }

    private static void requireOverlay(Config config) {
        String passivation = config.getString("pekko.cluster.sharding.passivation.strategy");
        boolean downing =
                config.getString("pekko.cluster.downing-provider-class").isEmpty();
        if (downing || !passivation.equals("none")) {
            throw new IllegalStateException("the actor system was not made with Node.config: sharding would stop"
                    + " meters that have open holds, or a partition would never end");
        }
    }

    private void endWith(
            ActorSystem<?> system,
            ActorRef<Keeper.Command> keeper,
            JdbcMeterStore rows,
            LostCalls lost,
            Database database,
            NodeSettings.Bounds bounds) {
        CoordinatedShutdown shutdown = CoordinatedShutdown.get(system);
        shutdown.addTask(
                CoordinatedShutdown.PhaseServiceStop(),
                "weir-settle",
                () -> meters.settled(bounds.settleAtStop())
                        .thenCompose(settled -> giveBack(system, keeper, null, bounds))
                        .thenApply(given -> {
                            if (membership.staying() == null) {
                                shares.rest();
                            }
                            return given;
                        }));
        // Meters that have moved meanwhile took from this node's shares until then, and left what they did not use. The
        // way to accounts' meters went with the regions: another node passes it on.
        shutdown.addTask(GIVE_BACK, GIVE_BACK, () -> {
            ActorRef<Keeper.Command> other = membership.staying();
            return other == null
                    ? CompletableFuture.completedFuture(Done.getInstance())
                    : giveBack(system, keeper, other, bounds);
        });
        shutdown.addTask(
                GIVE_BACK,
                "weir-coordinate",
                () -> membership.coordinates() && membership.staying() != null
                        ? Patterns.after(
                                bounds.coordinateAtStop(),
                                system,
                                () -> CompletableFuture.completedFuture(Done.getInstance()))
                        : CompletableFuture.completedFuture(Done.getInstance()));
        shutdown.addTask(
                CoordinatedShutdown.PhaseBeforeActorSystemTerminate(),
                "weir-close-store",
                () -> CompletableFuture.supplyAsync(() -> {
                    rows.close();
                    lost.close();
                    membership.close();
                    database.close();
                    return Done.getInstance();
                }));
    }

    private static CompletionStage<Done> giveBack(
            ActorSystem<?> system,
            ActorRef<Keeper.Command> keeper,
            @Nullable ActorRef<Keeper.Command> by,
            NodeSettings.Bounds bounds) {
        return AskPattern.<Keeper.Command, Done>ask(
                        keeper, replyTo -> new Keeper.GiveBack(by, replyTo), bounds.settleAtStop(), system.scheduler())
                .exceptionally(late -> Done.getInstance());
    }

    /** The first answer of a sharded actor takes seconds: no caller shall wait for it. */
    private CompletionStage<Node> warm(long until) {
        Ask ask = new Ask(nextHold(), NOBODY, "", Need.NONE, null, 0, 0, true);
        return meters.ask(NOBODY, ask, FIRST_ASK).thenCompose(decision -> {
            if (!(decision instanceof Decision.Unavailable)) {
                return CompletableFuture.completedFuture(this);
            }
            if (System.nanoTime() - until > 0) {
                return CompletableFuture.failedFuture(
                        new TimeoutException("no meter answered within weir.cluster.start-timeout: " + decision));
            }
            return warm(until);
        });
    }

    public Meters meters() {
        return meters;
    }

    /** How this node sees itself and the others now. */
    public CompletionStage<NodeView> view() {
        return shards(Meters.KEYS)
                .thenCombine(
                        shards(Meters.ACCOUNTS),
                        (keys, accounts) -> new NodeView(
                                incarnation(),
                                membership.nodes().mayDecide(),
                                membership.members(),
                                keys + accounts,
                                membership.here().count(),
                                shares.messages()));
    }

    private CompletionStage<Integer> shards(EntityTypeKey<Meter.Command> type) {
        return AskPattern.<ClusterShardingQuery, CurrentShardRegionState>ask(
                        ClusterSharding.get(system).shardState(),
                        replyTo -> new GetShardRegionState(type, replyTo),
                        PATIENCE,
                        system.scheduler())
                .handle((state, late) -> late == null ? state.getShards().size() : 0);
    }

    /** It is about to leave: nothing comes to it any more. What it has it keeps until the actor system ends. */
    public void leave() {
        membership.leave();
    }

    /** There are other nodes over the same store. */
    public boolean hasNeighbours() {
        return membership.nodes().keepers().size() > 1;
    }

    /** Somebody has asked, in the last moments, for a row that cannot be read. */
    public boolean hasUnreadableRows() {
        return store.hasUnreadableRows();
    }

    /** There are accounts whose meters have not answered this node for some time. */
    public boolean hasSilentAccounts() {
        return shares.hasSilent();
    }

    /** End users were refused in the last moments, because there was no room for more. */
    public boolean hasCrowds() {
        return shares.hasCrowds();
    }

    /** This start's number: no other start of any node over the same store has it. */
    public long incarnation() {
        return membership.incarnation();
    }

    /** The identity of the next call's hold, or of whatever else must be unique for ever. */
    public HoldId nextHold() {
        return new HoldId(membership.incarnation(), sequence.incrementAndGet());
    }
}
