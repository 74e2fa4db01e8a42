package dev.weir.perf.faults.scripts;

import com.fasterxml.jackson.databind.JsonNode;
import dev.weir.perf.faults.callers.Order;
import dev.weir.perf.faults.callers.Said;
import dev.weir.perf.faults.several.Disturbance;
import dev.weir.perf.faults.site.Fault;
import dev.weir.streams.mock.Sighting;
import java.io.IOException;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.IntStream;

/**
 * While a node stands still, or does not see the others, keys that it has are blocked elsewhere or have their limits lowered to what
 * they have used: of calls that begin when that has been acknowledged not one reaches the upstream, from no door.
 */
final class PausedOwner implements Script {

    private static final int KEYS = 24;

    private static final Duration BEFORE_CHANGE = Duration.ofSeconds(6);
    private static final Duration LONGEST_CHANGE = Duration.ofSeconds(60);

    @Override
    public List<String> models() {
        return IntStream.range(0, KEYS).mapToObj(key -> "m" + key).toList();
    }

    /** Half of the keys for each of two parts. */
    @Override
    public String play(Stage stage) throws IOException, InterruptedException, SQLException {
        for (int key = 0; key < KEYS; key++) {
            stage.key(Map.of("rpd_limit", 100_000));
        }
        int half = KEYS / 2;
        Map<Integer, Long> acknowledged = new ConcurrentHashMap<>();
        String paused = part(stage, 0, half, Fault.PAUSE, acknowledged);
        String parted = part(stage, half, KEYS, Fault.PARTITION_MINORITY, acknowledged);
        long late = begunLater(stage, stage.settled(), acknowledged);
        return "paused: " + paused + "; parted: " + parted + "; " + late + " calls that began later came through";
    }

    private static String part(Stage stage, int from, int to, Fault fault, Map<Integer, Long> acknowledged)
            throws IOException, InterruptedException, SQLException {
        int node = owner(stage, from, to);
        stage.load("k" + from + "-", 12, random -> order(random, from, to), 60);
        stage.loadAtDoor(node, "d" + from + "-", 4, random -> order(random, from, to), 60);
        List<Thread> operators = IntStream.range(from, to)
                .mapToObj(key -> Thread.ofVirtual().start(() -> change(stage, key, node, acknowledged)))
                .toList();
        Disturbance.Happened happened =
                stage.happen(Stage.event(fault, 2, node, 30)).getFirst();
        for (Thread operator : operators) {
            operator.join();
        }
        Stage.pass(Duration.ofSeconds(5));
        stage.said();
        stage.site().awaitReady();
        int meanwhile = 0;
        for (int key = from; key < to; key++) {
            long when = acknowledged.getOrDefault(key, Long.MAX_VALUE);
            if (when > happened.overNanos()) {
                stage.judge().missed("the change of key " + key, "acknowledged later or never", "meanwhile");
            } else {
                meanwhile++;
            }
        }
        return meanwhile + " of " + (to - from) + " keys were changed meanwhile";
    }

    private static Order order(Random random, int from, int to) {
        int key = from + random.nextInt(to - from);
        return new Order(key, "m" + key, "", false);
    }

    private static boolean isBlocked(int key) {
        return key % 2 == 0;
    }

    /** Whose meters are among those of both kinds. */
    private static int owner(Stage stage, int from, int to) throws IOException, SQLException {
        List<Integer> ofBlocked = new ArrayList<>();
        List<Integer> ofLowered = new ArrayList<>();
        for (int key = from; key < to; key++) {
            (isBlocked(key) ? ofBlocked : ofLowered).add(stage.owner(key));
        }
        return ofBlocked.stream()
                .filter(ofLowered::contains)
                .findFirst()
                .orElseThrow(() -> new IOException("no node has keys of both kinds"));
    }

    /** Every second one is blocked, the others may do no more than they have done. An operator who is refused tries again. */
    private static void change(Stage stage, int key, int node, Map<Integer, Long> acknowledged) {
        boolean blocks = isBlocked(key);
        Map<String, Object> fields =
                blocks ? Map.of("key", stage.secret(key)) : Map.of("key", stage.secret(key), "rpd_limit", 1);
        try {
            Stage.pass(BEFORE_CHANGE);
            int elsewhere = (node + 1) % stage.site().nodes().size();
            long end = System.nanoTime() + LONGEST_CHANGE.toNanos();
            while (!acknowledged.containsKey(key) && System.nanoTime() < end) {
                try {
                    stage.site().doors().get(elsewhere).change(blocks ? "/key/block" : "/key/update", fields);
                    acknowledged.put(key, System.nanoTime());
                } catch (IOException refused) {
                    Stage.pass(Duration.ofSeconds(1));
                }
            }
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
        }
    }

    /** The witness knows attempts, their rows the calls, and clients when these began. */
    private static long begunLater(Stage stage, List<JsonNode> rows, Map<Integer, Long> acknowledged)
            throws InterruptedException {
        Map<String, String> calls = new HashMap<>();
        rows.forEach(row ->
                calls.put(row.path("attempt").asText(), row.path("request_id").asText()));
        Map<String, Said> said = new HashMap<>();
        stage.said().forEach(each -> said.put(each.id(), each));
        long late = 0;
        for (Sighting sighting : stage.witness()) {
            Said call = said.get(calls.getOrDefault(String.valueOf(sighting.attempt()), ""));
            if (call != null && call.beganNanos() > acknowledged.getOrDefault(call.key(), Long.MAX_VALUE)) {
                late++;
            }
        }
        stage.judge().limit("calls that began after their keys were changed", late, 0);
        return late;
    }
}
