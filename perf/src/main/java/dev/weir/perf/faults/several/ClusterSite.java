package dev.weir.perf.faults.several;

import dev.weir.perf.faults.site.Catalogue;
import dev.weir.perf.faults.site.Database;
import dev.weir.perf.faults.site.Door;
import dev.weir.perf.faults.site.FakeClock;
import dev.weir.perf.faults.site.Gateway;
import dev.weir.perf.faults.site.Network;
import dev.weir.perf.faults.site.SlowWire;
import dev.weir.perf.sabotage.Sabotage;
import dev.weir.streams.mock.MockSettings;
import dev.weir.streams.mock.MockUpstream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** The processes of one run, or of several one after the other: a mock upstream, and gateways over one database. */
public final class ClusterSite implements AutoCloseable {

    private static final int PORT = 4000;
    private static final int CLUSTER_PORT = 7355;
    private static final int SIGHTINGS = 400_000;
    private static final long QUIET_MILLIS = 40_000;

    /** Three of them share a small machine with what calls them. */
    private static final String HEAP = "192m";

    private final Path directory;
    private final Network network;
    private final Database database;
    private final MockUpstream mock;
    private final boolean isHarmed;
    private final List<Node> nodes = new ArrayList<>();

    /**
     * What a site is made of.
     *
     * @param home the root of the repository
     * @param directory that the run may fill
     * @param models of the catalogue
     * @param flags of the gateways' JVMs, beside what a sabotage needs
     * @param sabotage what all gateways are broken with; null for whole ones
     */
    public record Parts(
            Path home,
            Path directory,
            Database database,
            Network network,
            int nodes,
            List<String> models,
            List<String> flags,
            @Nullable Sabotage sabotage) {}

    public ClusterSite(Parts parts) throws IOException {
        this.directory = parts.directory;
        this.network = parts.network;
        this.database = parts.database;
        this.isHarmed = parts.sabotage != null;
        this.mock = MockUpstream.start(new MockSettings(
                network.laboratory(),
                0,
                1,
                MockSettings.forTests().withScript("latency=5ms;tokens=20").script(),
                new MockSettings.Keeping(SIGHTINGS, false, false),
                null));
        for (int node = 0; node < parts.nodes; node++) {
            nodes.add(node(parts, node));
        }
    }

    private Node node(Parts parts, int number) throws IOException {
        Path directory = Files.createDirectories(parts.directory.resolve("node" + (number + 1)));
        FakeClock clock = new FakeClock(directory.resolve("clock"));
        SlowWire wire = database.wire(network.laboratory());
        String address = network.address(number);
        List<String> flags = new ArrayList<>(parts.flags);
        if (parts.sabotage != null) {
            flags.add(parts.sabotage.flag(parts.home));
        }
        Map<String, String> environment = Map.of("WEIR_HEAP", HEAP, "WEIR_JAVA_OPTS", String.join(" ", flags));
        Gateway gateway = new Gateway(
                new Gateway.Place(
                        parts.home,
                        directory,
                        network.within(number),
                        address,
                        PORT,
                        new Door(address, PORT),
                        List.of("--cluster-host", address, "--cluster-port", Integer.toString(CLUSTER_PORT))),
                new Catalogue(
                        parts.models,
                        mock.baseUrl(),
                        database.url(wire),
                        List.of("shutdown: {notice: 1s, deadline: 30s}")),
                environment);
        return new Node(number, address + ":" + CLUSTER_PORT, gateway, wire, clock);
    }

    public MockUpstream mock() {
        return mock;
    }

    public Database database() {
        return database;
    }

    /** What its nodes have, each in a folder of its own. */
    Path directory() {
        return directory;
    }

    public Network network() {
        return network;
    }

    public List<Node> nodes() {
        return nodes;
    }

    public List<Door> doors() {
        return nodes.stream().map(node -> node.gateway().door()).toList();
    }

    /** The first of them that can be asked. */
    public Door door() {
        return nodes.stream()
                .filter(node -> node.gateway().isAlive())
                .findFirst()
                .orElse(nodes.getFirst())
                .gateway()
                .door();
    }

    /**
     * Starts all that do not run, and waits until all are ready.
     *
     * @param clocks which nodes' clocks can be set from now on: they start more slowly
     */
    public void start(List<Integer> clocks) throws IOException, InterruptedException {
        for (Node node : nodes) {
            if (clocks.contains(node.number())) {
                node.letClockBeSet();
            }
            if (!node.isAttended()) {
                node.launch();
            }
        }
        awaitReady();
    }

    /** Until all that should run are ready. */
    public void awaitReady() throws IOException, InterruptedException {
        for (Node node : nodes) {
            long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(90);
            while (node.isAttended() && !node.gateway().door().isReady()) {
                if (node.broken() != null || System.nanoTime() > end) {
                    throw new IOException(
                            node.broken() == null ? "node " + (node.number() + 1) + " is not ready" : node.broken());
                }
                TimeUnit.MILLISECONDS.sleep(50); // processes outside, there is nothing to be notified by
            }
        }
    }

    /** No clock is set any more. What else happened ended by itself. */
    public void heal() throws IOException {
        for (Node node : nodes) {
            node.clock().set(Duration.ZERO);
        }
    }

    /**
     * Everything is as it was meant, all nodes run, and all that was begun has ended, or has had the time to. What is never
     * started again leaves its journal to the store, if this Weir can do so.
     *
     * @return what has not ended, in words
     */
    public List<String> settle() throws IOException, InterruptedException {
        heal();
        for (Node node : nodes) {
            if (!node.isAttended() && !node.gateway().recover()) {
                node.launch();
            }
        }
        awaitReady();
        for (Node node : nodes) {
            if (node.isAttended()) {
                node.setClock(Duration.ZERO);
            }
        }
        List<String> unended = quiet();
        String broken = broken();
        if (broken != null) {
            throw new IOException(broken);
        }
        return unended;
    }

    /** All of them leave in order and come again. */
    public void restart() throws IOException, InterruptedException {
        for (Node node : nodes) {
            if (node.isAttended()) {
                node.leave();
            }
        }
        start(List.of());
    }

    /** Settlements are acknowledged and rows are written; what is not after a while is said. */
    private List<String> quiet() throws InterruptedException {
        List<String> unended = new ArrayList<>();
        long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(QUIET_MILLIS);
        for (Node node : nodes) {
            String what = node.isAttended() ? node.gateway().door().unended() : null;
            while (what != null && System.nanoTime() < end) {
                TimeUnit.MILLISECONDS.sleep(100); // its metrics are a second old
                what = node.gateway().door().unended();
            }
            if (what != null) {
                unended.add("node " + (node.number() + 1) + ": " + what);
            }
        }
        TimeUnit.MILLISECONDS.sleep(1_500); // rows are visible a second after the end
        return unended;
    }

    /** Nodes that ended by themselves and were started again. */
    public int restarts() {
        return nodes.stream().mapToInt(Node::restarts).sum();
    }

    /** The first thing that nobody meant to happen. */
    @Nullable
    String broken() {
        return nodes.stream()
                .map(Node::broken)
                .filter(why -> why != null)
                .findFirst()
                .orElse(null);
    }

    @Override
    public void close() throws IOException {
        try {
            for (Node node : nodes) {
                if (isHarmed) {
                    node.unattended(); // it says how much it was harmed when it ends in order
                } else {
                    node.kill(); // all is judged, and nobody waits for an orderly end
                }
            }
            for (Node node : nodes) {
                node.end();
            }
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
        } finally {
            mock.close();
        }
    }
}
