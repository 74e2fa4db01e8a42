package dev.weir.perf.faults.scripts;

import dev.weir.perf.faults.callers.Order;
import dev.weir.perf.faults.several.Plan;
import dev.weir.perf.faults.site.Fault;
import dev.weir.streams.mock.Sighting;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;

/**
 * While a node stands still, or does not see the others, keys are blocked elsewhere or have their limits lowered to what they
 * have used: as soon as that is acknowledged, not one further call of theirs reaches the upstream, from no door.
 */
final class PausedOwner implements Script {

    private static final int KEYS = 16;

    private static final Duration BEFORE_CHANGE = Duration.ofSeconds(6);
    private static final Duration LONGEST_CHANGE = Duration.ofSeconds(60);

    /** A call that was admitted before is on its way. */
    private static final long ON_ITS_WAY_NANOS = TimeUnit.SECONDS.toNanos(1);

    @Override
    public List<String> models() {
        return List.of("m0", "m1", "m2", "m3", "m4", "m5", "m6", "m7");
    }

    /** Eight of them for each of two parts. */
    @Override
    public String play(Stage stage) throws IOException, InterruptedException {
        for (int key = 0; key < KEYS; key++) {
            stage.key(Map.of("rpd_limit", 100_000));
        }
        int half = KEYS / 2;
        String paused = part(stage, 0, half, Stage.event(Fault.PAUSE, 2, 0, 30));
        String parted = part(stage, half, KEYS, Stage.event(Fault.PARTITION_MINORITY, 2, 0, 30));
        stage.settled();
        return "paused: " + paused + "; parted: " + parted;
    }

    private static String part(Stage stage, int from, int to, Plan.Event fault)
            throws IOException, InterruptedException {
        int keys = to - from;
        stage.load(
                "k" + from + "-",
                12,
                random -> {
                    int key = random.nextInt(keys);
                    return new Order(from + key, "m" + key, "", false);
                },
                60);
        Map<Integer, Long> acknowledged = new ConcurrentHashMap<>();
        List<Thread> operators = IntStream.range(from, to)
                .mapToObj(key -> Thread.ofVirtual().start(() -> change(stage, key, acknowledged)))
                .toList();
        stage.happen(fault);
        for (Thread operator : operators) {
            operator.join();
        }
        Stage.pass(Duration.ofSeconds(5));
        stage.said();
        stage.site().awaitReady();
        if (acknowledged.size() != keys) {
            stage.judge().missed("changes that were acknowledged", acknowledged.size() + "", keys + "");
        }
        return seenAfter(stage, acknowledged, from) + " of " + acknowledged.size() + " changed keys' calls came later";
    }

    /** Every second one is blocked, the others may do no more than they have done. An operator who is refused tries again. */
    private static void change(Stage stage, int key, Map<Integer, Long> acknowledged) {
        boolean blocks = key % 2 == 0;
        Map<String, Object> fields =
                blocks ? Map.of("key", stage.secret(key)) : Map.of("key", stage.secret(key), "rpd_limit", 1);
        try {
            Stage.pass(BEFORE_CHANGE);
            long end = System.nanoTime() + LONGEST_CHANGE.toNanos();
            while (!acknowledged.containsKey(key) && System.nanoTime() < end) {
                try {
                    stage.site().doors().get(1).change(blocks ? "/key/block" : "/key/update", fields);
                    acknowledged.put(key, System.nanoTime());
                } catch (IOException refused) {
                    Stage.pass(Duration.ofSeconds(1));
                }
            }
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
        }
    }

    private static long seenAfter(Stage stage, Map<Integer, Long> acknowledged, int from) {
        List<Sighting> witness = stage.witness();
        long late = 0;
        for (Map.Entry<Integer, Long> each : acknowledged.entrySet()) {
            int model = each.getKey() - from;
            long seen = witness.stream()
                    .filter(sighting -> sighting.model().charAt(1) - '0' == model)
                    .filter(sighting -> sighting.arrivedNanos() > each.getValue() + ON_ITS_WAY_NANOS)
                    .count();
            stage.judge().limit("calls of key " + each.getKey() + " after it was changed", seen, 0);
            late += seen;
        }
        return late;
    }
}
