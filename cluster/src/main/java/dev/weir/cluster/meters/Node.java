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
import dev.weir.actors.meter.Peers;
import dev.weir.actors.meter.Shares;
import dev.weir.cluster.store.Database;
import dev.weir.cluster.store.JdbcMeterStore;
import dev.weir.config.AccountId;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.function.Function;
import org.apache.pekko.Done;
import org.apache.pekko.actor.CoordinatedShutdown;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.DispatcherSelector;
import org.apache.pekko.actor.typed.javadsl.AskPattern;
import org.apache.pekko.cluster.sharding.typed.javadsl.ClusterSharding;
import org.apache.pekko.cluster.sharding.typed.javadsl.Entity;
import org.apache.pekko.cluster.sharding.typed.javadsl.EntityRef;
import org.apache.pekko.cluster.typed.Cluster;
import org.apache.pekko.cluster.typed.Join;

/**
 * This process as a node: its number among all starts, and its meters. A node alone is a cluster of one.
 *
 * <p>It ends with its actor system: {@link CoordinatedShutdown} lets settlements go out, then has every meter write its
 * exact figures, and closes the store and the database last.
 */
public final class Node {

    private static final Duration FIRST_ASK = Duration.ofMillis(500);

    /** An id that no key has: it is not a SHA-256. */
    private static final String NOBODY = "nobody";

    private final long incarnation;
    private final Meters meters;
    private final JdbcMeterStore store;
    private final Shares shares;
    private final AtomicLong sequence = new AtomicLong();

    private Node(long incarnation, Meters meters, JdbcMeterStore store, Shares shares) {
        this.incarnation = incarnation;
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

    /**
     * Makes this process a node. The stage completes when the first meter has answered: from then on calls may come.
     *
     * @param system made with {@link #config}
     * @param database closed by the node when the system ends
     * @param clock the store's time, which windows are counted in
     */
    public static CompletionStage<Node> start(
            ActorSystem<?> system, Database database, NodeSettings settings, InstantSource clock) {
        requireOverlay(system.settings().config());
        NodeSettings.Bounds bounds = NodeSettings.Bounds.of(system.settings().config());
        long incarnation = database.newIncarnation(settings.version(), clock.instant());
        JdbcMeterStore store = new JdbcMeterStore(database);
        ClusterSharding sharding = ClusterSharding.get(system);
        MeterSettings common = settings.meters(incarnation);
        DispatcherSelector dispatcher = DispatcherSelector.fromConfig(bounds.meterDispatcher());
        Function<AccountId, EntityRef<Meter.Command>> accounts =
                account -> sharding.entityRefFor(Meters.ACCOUNTS, account.toString());
        Shares shares = new Shares(
                incarnation,
                settings.zone(),
                want -> accounts.apply(want.account()).tell(want));
        store.accounts(true).toCompletableFuture().join().forEach(shares::isDeleted);
        store.accounts(false).toCompletableFuture().join().forEach(shares::exists);
        KeyDirectory keys = new KeyDirectory();
        store.keys(keys::exists).toCompletableFuture().join();
        store.secrets().toCompletableFuture().join().forEach(keys::leads);
        ActorRef<Keeper.Command> keeper =
                system.systemActorOf(Keeper.create(shares, keys, clock, settings.idle()), "weir-keeper", dispatcher);
        Peers peers = () -> List.of(keeper);
        sharding.init(Entity.of(
                        Meters.KEYS,
                        entity -> Meter.ofKey(
                                entity.getEntityId(), store, common, shares, peers, clock, retired(entity.getShard())))
                .withEntityProps(dispatcher)
                .withStopMessage(Meter.Stop.INSTANCE));
        sharding.init(Entity.of(
                        Meters.ACCOUNTS,
                        entity -> Meter.ofAccount(
                                AccountId.parse(entity.getEntityId()),
                                store,
                                common,
                                peers,
                                clock,
                                retired(entity.getShard())))
                .withEntityProps(dispatcher)
                .withStopMessage(Meter.Stop.INSTANCE));
        Meters meters = new Meters(
                system,
                new MeterRefs(key -> sharding.entityRefFor(Meters.KEYS, key)),
                accounts,
                keys,
                store,
                clock,
                bounds);
        Node node = new Node(incarnation, meters, store, shares);
        node.endWith(system, keeper, store, database, bounds, clock);
        Cluster cluster = Cluster.get(system);
        cluster.manager().tell(Join.create(cluster.selfMember().address()));
        return node.warm(clock.millis() + bounds.startTimeout().toMillis(), clock);
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

    private static Consumer<ActorRef<Meter.Command>> retired(ActorRef<ClusterSharding.ShardCommand> shard) {
        return self -> shard.tell(new ClusterSharding.Passivate<>(self));
    }

    private void endWith(
            ActorSystem<?> system,
            ActorRef<Keeper.Command> keeper,
            JdbcMeterStore store,
            Database database,
            NodeSettings.Bounds bounds,
            InstantSource clock) {
        CoordinatedShutdown shutdown = CoordinatedShutdown.get(system);
        shutdown.addTask(
                CoordinatedShutdown.PhaseServiceStop(),
                "weir-settle",
                () -> meters.settled(bounds.settleAtStop())
                        .thenCompose(settled -> AskPattern.<Keeper.Command, Done>ask(
                                        keeper, Keeper.GiveBack::new, bounds.settleAtStop(), system.scheduler())
                                .exceptionally(late -> Done.getInstance())));
        shutdown.addTask(
                CoordinatedShutdown.PhaseBeforeActorSystemTerminate(),
                "weir-close-store",
                () -> CompletableFuture.supplyAsync(() -> {
                    store.close();
                    database.incarnationEnded(incarnation, clock.instant());
                    database.close();
                    return Done.getInstance();
                }));
    }

    /** The first answer of a sharded actor takes seconds: no caller shall wait for it. */
    private CompletionStage<Node> warm(long notAfter, InstantSource clock) {
        Ask ask = new Ask(nextHold(), NOBODY, "", Need.NONE, null, 0, 0, true);
        return meters.ask(NOBODY, ask, FIRST_ASK).thenCompose(decision -> {
            if (!(decision instanceof Decision.Unavailable)) {
                return CompletableFuture.completedFuture(this);
            }
            if (clock.millis() > notAfter) {
                return CompletableFuture.failedFuture(
                        new TimeoutException("no meter answered within weir.cluster.start-timeout: " + decision));
            }
            return warm(notAfter, clock);
        });
    }

    public Meters meters() {
        return meters;
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
        return incarnation;
    }

    /** The identity of the next call's hold, or of whatever else must be unique for ever. */
    public HoldId nextHold() {
        return new HoldId(incarnation, sequence.incrementAndGet());
    }
}
