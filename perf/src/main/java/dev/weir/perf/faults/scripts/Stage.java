package dev.weir.perf.faults.scripts;

import com.fasterxml.jackson.databind.JsonNode;
import dev.weir.perf.faults.callers.Callers;
import dev.weir.perf.faults.callers.Client;
import dev.weir.perf.faults.callers.Doors;
import dev.weir.perf.faults.callers.Order;
import dev.weir.perf.faults.callers.Said;
import dev.weir.perf.faults.judge.Judge;
import dev.weir.perf.faults.several.ClusterSite;
import dev.weir.perf.faults.several.Disturbance;
import dev.weir.perf.faults.several.Meters;
import dev.weir.perf.faults.several.Plan;
import dev.weir.perf.faults.site.Catalogue;
import dev.weir.perf.faults.site.Door;
import dev.weir.perf.faults.site.Fault;
import dev.weir.streams.mock.Sighting;
import java.io.IOException;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.IntFunction;

/** What a script plays on: nodes that run, keys, calls whose answers are kept, and the judge. */
final class Stage implements AutoCloseable {

    private static final Duration PATIENCE = Duration.ofSeconds(5);

    private final ClusterSite site;
    private final Judge judge = new Judge();
    private final Doors doors;
    private final List<String> keys = new ArrayList<>();
    private final List<Callers> callers = new ArrayList<>();
    private final List<Said> said = new ArrayList<>();
    private int calls;

    Stage(ClusterSite site) {
        this.site = site;
        this.doors = Doors.watching(site.doors());
    }

    ClusterSite site() {
        return site;
    }

    Judge judge() {
        return judge;
    }

    /** Makes something at the first door that can be asked. */
    JsonNode make(String path, Map<String, Object> fields) throws IOException, InterruptedException {
        return site.door().change(path, fields);
    }

    /** Makes a key, and says which number it has. */
    int key(Map<String, Object> fields) throws IOException, InterruptedException {
        keys.add(make("/key/generate", fields).path("key").asText());
        return keys.size() - 1;
    }

    String secret(int key) {
        return keys.get(key);
    }

    /** One call, at this door. */
    Said call(int door, Order order) {
        Said one = new Client(doors, keys, PATIENCE).call("s" + calls++, door, order);
        said.add(one);
        return one;
    }

    /** Callers at all doors that are ready, from now on. */
    void load(String name, int count, Function<Random, Order> orders, int longestPauseMillis) {
        Callers more = new Callers(new Client(doors, keys, PATIENCE), name, orders, longestPauseMillis);
        callers.add(more);
        more.start(count, 1);
    }

    /** Callers at one door, whatever it says of itself, from now on. */
    void loadAtDoor(int door, String name, int count, Function<Random, Order> orders, int longestPauseMillis) {
        Client client = new Client(Doors.of(site.doors().get(door)), keys, PATIENCE);
        Callers more = new Callers(client, name, orders, longestPauseMillis);
        callers.add(more);
        more.start(count, 1);
    }

    /** So many calls at the same moment, at all doors; what they were told. */
    List<Said> atOnce(int count, IntFunction<Order> orders) throws InterruptedException {
        Client client = new Client(doors, keys, PATIENCE);
        String name = "o" + calls++ + "-";
        CountDownLatch now = new CountDownLatch(1);
        List<Said> answers = Collections.synchronizedList(new ArrayList<>());
        List<Thread> threads = new ArrayList<>();
        for (int call = 0; call < count; call++) {
            int number = call;
            threads.add(Thread.ofVirtual().start(() -> {
                try {
                    now.await();
                    answers.add(client.call(name + number, number % site.nodes().size(), orders.apply(number)));
                } catch (InterruptedException stopped) {
                    Thread.currentThread().interrupt();
                }
            }));
        }
        now.countDown();
        for (Thread thread : threads) {
            thread.join();
        }
        said.addAll(answers);
        return List.copyOf(answers);
    }

    /** So many callers at one door, one call after the other for a while; what they were told. */
    List<Said> callsAtDoor(int door, int count, Function<Random, Order> orders, Duration time)
            throws InterruptedException {
        Client client = new Client(Doors.of(site.doors().get(door)), keys, PATIENCE);
        Callers all = new Callers(client, "d" + calls++ + "-", orders, 1);
        all.start(count, calls);
        pass(time);
        List<Said> answers = all.stop();
        said.addAll(answers);
        return answers;
    }

    /** Calls that have come to their end. */
    int callsSaid() {
        return said.size();
    }

    /** The node that has a key's meter. */
    int owner(int key) throws SQLException {
        return Meters.of(site).owner(secret(key));
    }

    /** Messages between nodes and accounts' meters until now, each with its answer; not a number where they are not counted. */
    double accountMessages() throws InterruptedException {
        double messages = 0;
        for (Door door : site.doors()) {
            messages += 2 * door.metrics().getOrDefault("weir_account_messages_total", Double.NaN);
        }
        return messages;
    }

    /** What all nodes have used of the processors since they started. */
    Duration processorTime() {
        return site.nodes().stream()
                .map(node -> ProcessHandle.of(node.gateway().pid())
                        .flatMap(process -> process.info().totalCpuDuration())
                        .orElse(Duration.ZERO))
                .reduce(Duration.ZERO, Duration::plus);
    }

    /** The last calls that were told anything were refused. */
    boolean isRefused(int last) {
        List<Said> answers = callers.stream()
                .flatMap(each -> each.said().stream())
                .filter(each -> !each.saysNothing())
                .toList();
        return answers.size() >= last
                && answers.subList(answers.size() - last, answers.size()).stream()
                        .allMatch(each -> each.status() == 429);
    }

    /** Lets all callers come to their end; what they and single calls were told. */
    List<Said> said() throws InterruptedException {
        for (Callers each : callers) {
            said.addAll(each.stop());
        }
        callers.clear();
        return said;
    }

    /** Until all of it has happened. */
    List<Disturbance.Happened> happen(Plan.Event... events) throws IOException, InterruptedException {
        Disturbance disturbance = new Disturbance(site, keys.getFirst());
        disturbance.start(Plan.of(events));
        disturbance.join();
        if (disturbance.broken() != null) {
            throw new IOException(disturbance.broken());
        }
        List<Disturbance.Happened> happened = disturbance.happened();
        if (happened.size() < events.length) {
            throw new IOException("not everything had an effect: " + happened);
        }
        return happened;
    }

    static Plan.Event event(Fault fault, int atSeconds, int node, int seconds) {
        int millis = seconds == Plan.NEVER ? seconds : seconds * 1_000;
        return new Plan.Event(fault, atSeconds * 1_000, node, millis, 0);
    }

    static void pass(Duration time) throws InterruptedException {
        TimeUnit.MILLISECONDS.sleep(time.toMillis()); // the load's own time
    }

    List<Sighting> witness() {
        return site.mock().witness().sightings();
    }

    /** Everything has ended: rows, witness and clients agree. */
    List<JsonNode> settled() throws IOException, InterruptedException {
        List<Said> all = said();
        site.settle().forEach(judge::unended);
        List<JsonNode> rows = site.door().rows();
        judge.rows(witness(), rows, all);
        return rows;
    }

    /**
     * Where an operator alone was at work no call fails, no node gives up, and the books of teams and keys are exact.
     *
     * @return the figures
     */
    String undisturbed(String... teams) throws IOException, InterruptedException {
        List<JsonNode> rows = settled();
        judge.undisturbed(said);
        judge.noneEndedByItself(site.restarts());
        site.restart(); // nodes have nothing ahead then
        List<String> books = new ArrayList<>();
        for (String team : teams) {
            books.add(exactBooks(team, rows));
        }
        for (String key : keys) {
            exactKey(key, rows);
        }
        return String.join("; ", books);
    }

    /**
     * The team has used what the rows of its calls say, and nothing is held: nothing was lost with a node, and nothing counted twice.
     *
     * @return the figures
     */
    private String exactBooks(String team, List<JsonNode> all) throws IOException, InterruptedException {
        List<JsonNode> rows = all.stream()
                .filter(row -> row.path("team_id").asText().equals(team))
                .toList();
        long requests = rows.size();
        long nanoUsd = rows.stream()
                        .mapToLong(row -> row.path("total_tokens").asLong())
                        .sum()
                * Catalogue.NANO_USD_A_TOKEN;
        JsonNode limits =
                site.door().read("/team/info?team_id=" + team).path("team_info").path("limits");
        judge.atRest(team, limits);
        List<String> seen = new ArrayList<>();
        for (JsonNode limit : limits) {
            String type = limit.path("limit_type").asText();
            boolean isMoney = type.equals("budget");
            JsonNode figure = limit.path("committed");
            long committed = isMoney ? Math.round(figure.asDouble() * 1e9) : figure.asLong();
            long used = isMoney ? nanoUsd : requests;
            judge.exact(team + ", " + type, committed, used);
            seen.add(committed + " of " + used);
        }
        return "committed, of what " + team + " used: " + String.join(", ", seen);
    }

    private void exactKey(String key, List<JsonNode> rows) throws IOException, InterruptedException {
        JsonNode info = site.door().read("/key/info?key=" + key).path("info");
        String hash = info.path("token").asText();
        List<JsonNode> own = rows.stream()
                .filter(row -> row.path("api_key").asText().equals(hash))
                .toList();
        judge.spent("key " + hash, info.path("spend").asDouble(-1), own);
        for (JsonNode limit : info.path("limits")) {
            boolean ofRequests = limit.path("limit_type").asText().equals("requests");
            if (ofRequests && limit.path("scope").asText().equals("key")) {
                judge.exact("key " + hash, limit.path("committed").asLong(), own.size());
            }
        }
    }

    @Override
    public void close() throws IOException {
        doors.close();
        site.close();
    }
}
