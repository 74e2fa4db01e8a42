package dev.weir.gateway;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import dev.weir.actors.meter.MeterSettings;
import dev.weir.cluster.ledger.AttemptJournal;
import dev.weir.cluster.ledger.Ledger;
import dev.weir.cluster.ledger.Retention;
import dev.weir.cluster.ledger.Shipper;
import dev.weir.cluster.meters.Node;
import dev.weir.cluster.meters.NodeSettings;
import dev.weir.cluster.store.Database;
import dev.weir.config.AccountId;
import dev.weir.config.WeirConfig;
import dev.weir.config.WeirSettings;
import dev.weir.gateway.admin.AccountRoutes;
import dev.weir.gateway.admin.AdminDesk;
import dev.weir.gateway.admin.AdminGate;
import dev.weir.gateway.admin.DeclaredKeys;
import dev.weir.gateway.admin.KeyRoutes;
import dev.weir.gateway.admin.MemberRoutes;
import dev.weir.gateway.admin.SpendRoutes;
import dev.weir.gateway.chat.ChatRoute;
import dev.weir.gateway.chat.Models;
import dev.weir.gateway.chat.ModelsRoute;
import dev.weir.gateway.chat.Running;
import dev.weir.gateway.door.BodyReader;
import dev.weir.gateway.door.Cors;
import dev.weir.gateway.door.Desk;
import dev.weir.gateway.door.Door;
import dev.weir.gateway.door.HealthRoutes;
import dev.weir.gateway.door.Refusals;
import dev.weir.gateway.door.Routes;
import dev.weir.gateway.telemetry.AccessLines;
import dev.weir.gateway.telemetry.DegradedModes;
import dev.weir.gateway.telemetry.DegradedModes.Mode;
import dev.weir.gateway.telemetry.Telemetry;
import dev.weir.streams.dialect.ChatRequestReader;
import dev.weir.streams.relay.AttemptWalk;
import dev.weir.streams.transport.EventLoops;
import dev.weir.streams.transport.HttpLimits;
import dev.weir.streams.transport.HttpListener;
import dev.weir.streams.transport.Tls;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.apache.pekko.actor.CoordinatedShutdown;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.stream.SystemMaterializer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A running Weir: the only place where the rooms are wired together.
 *
 * <p>It starts from the inside out (store, journal, meters, models, door) and stops from the outside in: no new calls,
 * running ones finish or are cut at the deadline, every hold is settled, every row is shipped, the store closes.
 */
public final class Weir implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(Weir.class);
    private static final Duration SETTLED_WITHIN = Duration.ofSeconds(10);

    /** How long the shutdown of the actor system may take: longer than all its phases together. */
    static final Duration ENDED_WITHIN = Duration.ofSeconds(140);

    /** Of more loops one thread would be too narrow for what all of them hear from other nodes. */
    private static final int MOST_LOOPS_FOR_ONE_LINE = 4;

    private final WeirSettings settings;
    private final Deque<Closing> closings = new ArrayDeque<>();
    private final Running running = new Running();
    private @Nullable HttpListener listener;
    private @Nullable HttpListener management;
    private volatile boolean ready;
    private volatile @Nullable DegradedModes degraded;
    private volatile @Nullable Node node;
    private final Runnable end;
    private volatile boolean closed;

    /** A step of the way out. */
    private interface Closing {
        void close() throws Exception;
    }

    private Weir(WeirSettings settings, @Nullable Runnable end) {
        this.settings = settings;
        this.end = end == null ? this::close : end;
    }

    /**
     * Starts; returns when calls are welcome.
     *
     * @throws IOException when the port cannot be bound
     * @throws RuntimeException when the store cannot be opened; its message says what to do
     */
    public static Weir start(WeirConfig config) throws IOException {
        return start(config, Clock.systemUTC(), null);
    }

    /**
     * The same for a process.
     *
     * @param end of a node that others have shut out, or that cannot reach the store while others can: it has to end at once, and
     *     whoever watches over it to start another
     */
    public static Weir start(WeirConfig config, Runnable end) throws IOException {
        return start(config, Clock.systemUTC(), end);
    }

    /** The same by another clock: windows of an embedded store, expiries and rows go by it, timeouts do not. */
    static Weir start(WeirConfig config, Clock clock, @Nullable Runnable end) throws IOException {
        Weir weir = new Weir(config.weir(), end);
        try {
            weir.open(config, clock);
            return weir;
        } catch (IOException | RuntimeException failure) {
            weir.closeAfter(failure);
            throw failure;
        }
    }

    private void closeAfter(Exception failure) {
        try {
            close();
        } catch (IllegalStateException second) {
            failure.addSuppressed(second);
        }
    }

    private void open(WeirConfig config, Clock clock) throws IOException {
        EventLoops loops = EventLoops.start(settings.loops());
        closings.push(loops::close);
        Config engine =
                Node.config(loops.dispatchers().withFallback(placement(loops)).withFallback(engine()));
        Telemetry telemetry = Telemetry.start(engine, settings.metrics().enabled());
        closings.push(telemetry::close);
        AccessLines access = AccessLines.open(settings.accessLog(), telemetry::accessLineLost);
        closings.push(access::close);

        Database database = Database.open(
                settings.storage().data(),
                settings.storage().database(),
                engine.getDuration("weir.cluster.start-timeout"));
        closings.push(database::close);
        ActorSystem<Void> system = ActorSystem.create(
                Behaviors.empty(), "weir", Node.store(database).withFallback(engine));
        system.getWhenTerminated().thenRun(() -> {
            if (ready) { // while it starts, whoever waits for that is told
                LOG.error("The actor system has ended by itself");
                end.run();
            }
        });
        closings.push(() -> {
            // Not the system's own end: where that hangs, as streams of Artery may (apache/pekko#3317), the last phase
            // gives it up.
            CoordinatedShutdown.get(system)
                    .runAll(CoordinatedShutdown.actorSystemTerminateReason())
                    .toCompletableFuture()
                    .get(ENDED_WITHIN.toSeconds(), TimeUnit.SECONDS);
        });
        AttemptJournal journal = AttemptJournal.open(
                settings.storage().data(), settings.storage().journalBytes());
        closings.push(journal::close);
        Shipper shipper = new Shipper(journal, database.writing(), clock, Shipper.Watch.NONE);
        Shipper.Recovered recovered = shipper.recover();
        if (recovered.ended() + recovered.lost() > 0) {
            LOG.info(
                    "Recovered from the journal: {} attempts that had ended, {} lost with the process",
                    recovered.ended(),
                    recovered.lost());
        }
        shipper.start();
        closings.push(shipper::close);
        Ledger ledger = new Ledger(database.reports());
        Duration retention = settings.storage().retention();
        if (retention != null) {
            Retention old = new Retention(database.writing(), retention, clock);
            old.start();
            closings.push(old::close);
        }

        Node node = started(Node.start(system, database, nodeSettings(config), clock, end));
        this.node = node;
        closings.push(() -> awaitSettled(node));
        shipper.carries(node.incarnation());
        new DeclaredKeys(node.meters()).agree(config);

        Models models = Models.of(config, loops, telemetry);
        closings.push(models::close);
        BodyReader bodies = new BodyReader(
                settings.server().maxBody(),
                settings.server().bodyTimeout(),
                SystemMaterializer.get(system).materializer());
        Desk desk = new Desk(telemetry, access, bodies);
        Refusals refusals = new Refusals(clock);
        HealthRoutes health = new HealthRoutes(this::health, node::view, telemetry);
        ChatRoute.Rooms rooms = new ChatRoute.Rooms(
                node.meters(), journal, access, refusals, settings.upstream().attemptHeader());
        ChatRoute chat = new ChatRoute(
                desk,
                rooms,
                bodies,
                new ChatRequestReader(settings.server().maxJsonDepth()),
                models,
                running,
                node::nextHold,
                chatSettings(config));
        AdminDesk admin = new AdminDesk(
                desk,
                new AdminGate(
                        config.general().masterKey(),
                        node.meters(),
                        node::nextHold,
                        refusals,
                        settings.admission().timeout()),
                bodies);
        closings.push(admin::close);
        Routes.Builder routes = Routes.builder().api("POST", "/chat/completions", chat);
        new ModelsRoute(
                        desk,
                        node.meters(),
                        models,
                        refusals,
                        node::nextHold,
                        settings.admission().timeout())
                .addTo(routes);
        new KeyRoutes(admin, node.meters(), ledger, clock).addTo(routes);
        for (AccountId.Kind kind : AccountRoutes.KINDS) {
            new AccountRoutes(kind, admin, node.meters(), ledger).addTo(routes);
        }
        new MemberRoutes(admin, node.meters()).addTo(routes);
        new SpendRoutes(admin, node.meters(), ledger, config.general().timezone()).addTo(routes);
        health.addHealth(routes);
        routes.at("GET", "/health", admin.read(health::whole));
        Integer managementPort = settings.management().port();
        if (settings.metrics().enabled() && managementPort == null) {
            health.addMetrics(routes);
        }
        Door door = new Door(routes.build(), new Cors(settings.cors().allowedOrigins()), desk, loops);
        closings.push(() -> leave(door));
        listener = listen(settings.server().host(), settings.server().port(), settings.tls(), door, loops, system);
        if (managementPort != null) {
            Routes.Builder inner = Routes.builder();
            health.addHealth(inner);
            inner.at("GET", "/health", health::whole);
            health.addMetrics(inner);
            Door innerDoor = new Door(inner.build(), new Cors(List.of()), desk, loops);
            WeirSettings.Management inside = settings.management();
            management = listen(inside.host(), managementPort, inside.tls(), innerDoor, loops, system);
        }
        report(telemetry, models, node, journal, shipper, database);
        ready = true;
    }

    private static Node started(CompletionStage<Node> start) {
        try {
            return start.toCompletableFuture().join();
        } catch (CompletionException failure) {
            Throwable cause = failure.getCause() == null ? failure : failure.getCause();
            throw new IllegalStateException(String.valueOf(cause.getMessage()), cause);
        }
    }

    /**
     * Meters and sharding are on the loop of the call that asks: a change of threads costs as much as the rest of an admission. What
     * goes to other nodes and comes from them has one thread, where one has time enough for all of it.
     */
    private Config placement(EventLoops loops) {
        String callers = loops.callersDispatcher();
        Map<String, String> placed = new HashMap<>(
                Map.of("pekko.cluster.sharding.use-dispatcher", callers, "weir.cluster.meter-dispatcher", callers));
        if (loops.count() <= MOST_LOOPS_FOR_ONE_LINE) {
            placed.put("pekko.remote.artery.advanced.use-dispatcher", callers);
            placed.put("pekko.io.tcp.worker-dispatcher", callers);
            placed.put("pekko.io.tcp.selector-dispatcher", loops.lineDispatcher());
        }
        return ConfigFactory.parseMap(placed).withFallback(Node.artery(settings.cluster(), Version.current()));
    }

    private static Config engine() {
        return ConfigFactory.defaultApplication()
                .withFallback(ConfigFactory.defaultReference().getConfig("weir.gateway.engine"));
    }

    private NodeSettings nodeSettings(WeirConfig config) {
        MeterSettings.Unpriced unpriced = switch (settings.meters().unpriced()) {
            case AUTO, REJECT -> MeterSettings.Unpriced.REJECT;
            case ALLOW_AND_FLAG -> MeterSettings.Unpriced.ALLOW;
        };
        return new NodeSettings(
                Version.current(),
                config.general().timezone(),
                unpriced,
                settings.meters().passivateAfter(),
                settings.meters().onExhausted() == WeirSettings.OnExhausted.FINISH
                        ? 10 * settings.meters().overage()
                        : 0,
                settings.meters().endUsers(),
                settings.cluster().seeds());
    }

    private ChatRoute.Settings chatSettings(WeirConfig config) {
        Duration comments = settings.server().keepAliveComments();
        return new ChatRoute.Settings(
                settings.admission().timeout(),
                settings.meters().defaultOutput(),
                settings.meters().reservation(),
                settings.meters().unpriced() == WeirSettings.Unpriced.REJECT,
                config.general().enforceUser(),
                new AttemptWalk.Settings(
                        config.router().numRetries() + 1,
                        settings.upstream().maxResponse(),
                        settings.upstream().maxEvent(),
                        new AttemptWalk.Comments(
                                comments == null ? Duration.ZERO : comments,
                                settings.server().keepAliveBeforeContent())));
    }

    private HttpListener listen(
            String host, int port, WeirSettings.@Nullable Tls tls, Door door, EventLoops loops, ActorSystem<?> system)
            throws IOException {
        WeirSettings.Server server = settings.server();
        HttpLimits limits = new HttpLimits(
                server.maxHeaderBytes(), server.maxHeaders(), server.headTimeout(), server.idleTimeout());
        return HttpListener.bind(
                host,
                port,
                tls == null ? null : Tls.server(tls.certificate(), tls.key()),
                limits,
                loops,
                system,
                door::flow);
    }

    private void report(
            Telemetry telemetry, Models models, Node node, AttemptJournal journal, Shipper shipper, Database database) {
        DegradedModes modes = new DegradedModes(telemetry);
        degraded = modes;
        ScheduledExecutorService ticks = Executors.newScheduledThreadPool(
                2, Thread.ofPlatform().name("weir-report-", 0).daemon(true).factory());
        closings.push(ticks::shutdownNow);
        long[] refusals = {0};
        ticks.scheduleAtFixedRate(
                goingOn(() -> {
                    models.report();
                    telemetry.inFlight(running.count());
                    telemetry.connections(listener == null ? 0 : listener.connections());
                    telemetry.unsettled(node.meters().unsettled());
                    telemetry.journalUsed(journal.usedBytes());
                    modes.set(Mode.AUTHORITY, !node.meters().mayDecide());
                    node.view().thenAccept(view -> {
                        telemetry.node(view);
                        modes.set(Mode.MEMBERS, view.unreachable() > 0);
                    });
                    modes.set(Mode.LEDGER, shipper.degraded().isPresent());
                    modes.set(Mode.JOURNAL, journal.refusals() > refusals[0]);
                    refusals[0] = journal.refusals();
                    modes.set(Mode.ROW, node.hasUnreadableRows());
                    modes.set(Mode.ACCOUNT, node.hasSilentAccounts());
                    modes.set(Mode.END_USERS, node.hasCrowds());
                    modes.set(Mode.SETTLEMENTS, node.meters().isOverwhelmed());
                }),
                1,
                1,
                TimeUnit.SECONDS);
        // Apart from the rest: it waits for as long as the store does not answer.
        ticks.scheduleWithFixedDelay(goingOn(() -> modes.set(Mode.STORE, !database.answers())), 1, 1, TimeUnit.SECONDS);
    }

    /** A tick that fails is not the last one: readiness would stay for good what it was. */
    private static Runnable goingOn(Runnable tick) {
        return () -> {
            try {
                tick.run();
            } catch (RuntimeException failure) {
                LOG.error("What this node reports is a second old, or older", failure);
            }
        };
    }

    private HealthRoutes.Health health() {
        DegradedModes modes = degraded;
        boolean storeAnswers = modes == null || !modes.holds(Mode.STORE);
        boolean mayDecide = modes == null || !modes.holds(Mode.AUTHORITY);
        List<String> holding = modes == null ? List.of() : modes.holding();
        if (running.isClosed()) {
            return new HealthRoutes.Health(false, storeAnswers, "shutting down", holding);
        }
        String reason = !ready ? "shutting down" : modes == null ? "" : modes.reason();
        return new HealthRoutes.Health(ready && storeAnswers && mayDecide, storeAnswers, reason, holding);
    }

    /** The front door's port. */
    public int port() {
        if (listener == null) {
            throw new IllegalStateException("not started");
        }
        return listener.port();
    }

    /** The management port, or -1 when there is none. */
    public int managementPort() {
        return management == null ? -1 : management.port();
    }

    private void leave(Door door) throws InterruptedException {
        ready = false;
        door.closeConnectionsAfterNextResponse();
        Node here = node;
        if (here != null) {
            here.leave();
        }
        long notice = settings.shutdown().notice().toMillis();
        if (here != null && here.hasNeighbours() && notice > 0) {
            LOG.info("Stopping: not ready any more; calls are taken for {} ms still", notice);
            TimeUnit.MILLISECONDS.sleep(notice); // load balancers do not say when they have noticed
        }
        running.close();
        LOG.info(
                "Stopping: {} calls run, at most {} for them",
                running.count(),
                settings.shutdown().deadline());
        running.drain(settings.shutdown().deadline().toMillis());
        if (listener != null) {
            listener.close();
        }
        if (management != null) {
            management.close();
        }
    }

    private static void awaitSettled(Node node) throws InterruptedException {
        long end = System.nanoTime() + SETTLED_WITHIN.toNanos();
        while (node.meters().unsettled() > 0 && System.nanoTime() - end < 0) {
            TimeUnit.MILLISECONDS.sleep(5);
        }
        int left = node.meters().unsettled();
        if (left > 0) {
            LOG.warn("{} settlements were not acknowledged: their holds stay charged", left);
        }
    }

    /**
     * Stops; returns when everything is settled and durable. Safe to call twice.
     *
     * @throws IllegalStateException when a part of it did not end as it should; the others have
     */
    @Override
    public synchronized void close() {
        if (closed) {
            return;
        }
        closed = true;
        Exception first = null;
        while (!closings.isEmpty()) {
            try {
                closings.pop().close();
            } catch (Exception failure) {
                LOG.error("A part did not stop cleanly", failure);
                first = first == null ? failure : first;
            }
        }
        if (first != null) {
            throw new IllegalStateException("not everything stopped cleanly: " + first, first);
        }
    }
}
