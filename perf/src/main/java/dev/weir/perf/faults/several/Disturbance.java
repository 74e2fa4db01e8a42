package dev.weir.perf.faults.several;

import dev.weir.perf.faults.site.Fault;
import java.io.IOException;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Makes a plan happen, each of its events at its moment. */
public final class Disturbance {

    /**
     * What has happened, and was seen to.
     *
     * @param atNanos when it began
     * @param overNanos when it was over
     * @param nodes whom it happened to; empty when it was the database
     */
    public record Happened(Plan.Event event, long atNanos, long overNanos, List<Integer> nodes) {}

    private final ClusterSite site;
    private final String firstKey;
    private final Queue<Happened> happened = new ConcurrentLinkedQueue<>();
    private final List<Thread> threads = new ArrayList<>();
    private volatile @Nullable String broken;

    /** @param firstKey whose owner may be meant */
    public Disturbance(ClusterSite site, String firstKey) {
        this.site = site;
        this.firstKey = firstKey;
    }

    public void start(Plan plan) {
        for (Plan.Event event : plan.events()) {
            threads.add(Thread.ofVirtual().start(() -> happenInTime(event)));
        }
    }

    /** Until all of it is over. */
    public void join() throws InterruptedException {
        for (Thread thread : threads) {
            thread.join();
        }
    }

    void stop() {
        threads.forEach(Thread::interrupt);
    }

    /** What has, in the order of its begin. */
    public List<Happened> happened() {
        return happened.stream()
                .sorted(Comparator.comparingLong(Happened::atNanos))
                .toList();
    }

    /** Why it could not happen as it was planned. */
    public @Nullable String broken() {
        return broken;
    }

    private void happenInTime(Plan.Event event) {
        try {
            TimeUnit.MILLISECONDS.sleep(event.atMillis()); // when, the seed says
            List<Node> nodes = taken(event);
            long at = System.nanoTime();
            try {
                if (happen(event, nodes)) {
                    List<Integer> numbers = nodes.stream().map(Node::number).toList();
                    happened.add(new Happened(event, at, System.nanoTime(), numbers));
                }
            } finally {
                nodes.forEach(Node::giveBack);
            }
        } catch (IOException | SQLException | RuntimeException failure) {
            broken = event + ": " + failure;
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
        }
    }

    /** Those whom it happens to, as soon as nothing else does. */
    private List<Node> taken(Plan.Event event) throws InterruptedException, SQLException {
        int first = event.node() == Plan.OWNER ? Meters.of(site).owner(firstKey) : event.node();
        int count = switch (event.fault()) {
            case STORE_STOP, STORE_SLOW, STORE_MUTE -> 0;
            case KILL_TWO -> 2;
            case ROLLING -> site.nodes().size();
            default -> 1;
        };
        List<Node> taken = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            Node node = site.nodes().get((first + i) % site.nodes().size());
            while (!node.take()) {
                TimeUnit.MILLISECONDS.sleep(10); // what happens to it ends soon
            }
            taken.add(node);
        }
        return taken;
    }

    /** @return whether it had an effect: nobody can be killed who is dead */
    private boolean happen(Plan.Event event, List<Node> nodes) throws IOException, InterruptedException {
        return switch (event.fault()) {
            case KILL, KILL_TWO -> kill(nodes, event.millis());
            case PAUSE -> pause(nodes.getFirst(), event.millis());
            case CLOCK -> nodes.getFirst().setClock(Duration.ofSeconds(event.more()));
            case STORE_STOP -> {
                site.database().pause(event.millis());
                yield true;
            }
            case STORE_SLOW ->
                forAWhile(event, on -> site.nodes().forEach(node -> node.wire().slow(on)));
            case STORE_MUTE -> {
                long before = lostAnswers();
                forAWhile(event, on -> site.nodes().forEach(node -> node.wire().mute(on)));
                yield lostAnswers() > before;
            }
            case STORE_CUT -> forAWhile(event, on -> nodes.getFirst().wire().cut(on));
            case PARTITION_MINORITY, PARTITION_ALONE -> part(event, nodes.getFirst());
            case JOIN_LEAVE, ROLLING -> {
                boolean all = true;
                for (Node node : nodes) {
                    all &= leaveAndJoin(node, event.millis());
                }
                yield all;
            }
            case DISK_FULL -> throw new IllegalArgumentException(event.fault() + " happens to one gateway by itself");
        };
    }

    private long lostAnswers() {
        return site.nodes().stream().mapToLong(node -> node.wire().lost()).sum();
    }

    private interface Switch {
        void turn(boolean on);
    }

    private static boolean forAWhile(Plan.Event event, Switch what) throws InterruptedException {
        what.turn(true);
        try {
            TimeUnit.MILLISECONDS.sleep(event.millis()); // the fault's own time
        } finally {
            what.turn(false);
        }
        return true;
    }

    private static boolean kill(List<Node> nodes, int restartMillis) throws IOException, InterruptedException {
        boolean all = true;
        for (Node node : nodes) {
            all &= node.gateway().isAlive();
            node.kill();
        }
        if (restartMillis != Plan.NEVER) {
            TimeUnit.MILLISECONDS.sleep(restartMillis); // how long nobody starts it again
            for (Node node : nodes) {
                node.launch();
            }
        }
        return all;
    }

    /** It ends while it stands still only if somebody ends it. */
    private static boolean pause(Node node, int millis) throws IOException, InterruptedException {
        boolean isAlive = node.gateway().isAlive();
        if (isAlive) {
            node.gateway().pause(millis);
        }
        return isAlive;
    }

    private boolean part(Plan.Event event, Node node) throws IOException, InterruptedException {
        boolean isAlive = node.gateway().isAlive();
        site.network().part(node.number());
        try {
            if (event.fault() == Fault.PARTITION_ALONE) {
                forAWhile(event, on -> node.wire().cut(on));
            } else {
                TimeUnit.MILLISECONDS.sleep(event.millis()); // the fault's own time
            }
        } finally {
            site.network().heal(node.number());
        }
        return isAlive;
    }

    private static boolean leaveAndJoin(Node node, int awayMillis) throws IOException, InterruptedException {
        if (!node.gateway().isAlive()) {
            return false; // a supervisor is about to start it
        }
        node.leave();
        TimeUnit.MILLISECONDS.sleep(awayMillis); // how long it is away
        node.launch();
        node.awaitReady();
        return true;
    }
}
