package dev.weir.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.weir.streams.mock.MockSettings;
import dev.weir.streams.mock.MockUpstream;
import dev.weir.streams.mock.Sighting;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Three Weirs as processes over one PostgreSQL: one gateway, whichever door a call comes through, and whoever leaves. */
final class ClusterTest {

    private static final int NODES = 3;
    private static final Duration PATIENCE = Duration.ofSeconds(40);

    @TempDir
    static Path directory = Path.of("");

    private static final List<WeirProcess> NODE = new ArrayList<>();
    private static MockUpstream mock;
    private static Path config = Path.of("");

    @BeforeAll
    static void open() throws IOException {
        mock = MockUpstream.start(MockSettings.forTests());
        config = directory.resolve("config.yaml");
        String yaml = "model_list:\n"
                + House.model("quick", "mock;tokens=5")
                + House.model("slow", "mock-slow;tokens=300;gap=50ms")
                + "general_settings:\n  master_key: " + House.MASTER + "\n  database_url: " + TestDatabase.newUrl()
                + "\nweir:\n  access_log: {target: \"off\"}\n  shutdown: {notice: 1s, deadline: 30s}\n";
        Files.writeString(config, yaml.replace("${MOCK}", mock.baseUrl()));
        for (int node = 0; node < NODES; node++) {
            NODE.add(start(node));
        }
    }

    private static WeirProcess start(int node) {
        return WeirProcess.serve(config, directory.resolve("data" + node));
    }

    @AfterAll
    static void close() {
        NODE.forEach(WeirProcess::close);
        mock.close();
    }

    @BeforeEach
    void allAreThere() {
        for (int node = 0; node < NODES; node++) {
            if (!NODE.get(node).handle().isAlive()) {
                NODE.set(node, start(node));
            }
        }
        for (int node = 0; node < NODES; node++) {
            Visitor at = at(node);
            Awaitility.await().atMost(PATIENCE).until(() -> members(at).size() == NODES);
        }
    }

    private static Visitor at(int node) {
        return NODE.get(node).visitor();
    }

    private static JsonNode members(Visitor at) {
        return Visitor.json(at.get("/health", House.MASTER)).path("members");
    }

    private static JsonNode admin(int node, String path, String body) {
        HttpResponse<String> response = at(node).post(path, House.MASTER, body.replace('\'', '"'));
        assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
        return Visitor.json(response);
    }

    private static String key(int node, String fields) {
        return at(node).key(fields.replace('\'', '"'));
    }

    private static int call(int node, String key) {
        return at(node).chat(key, "quick").statusCode();
    }

    private static long committed(int node, String team) {
        HttpResponse<String> info = at(node).get("/team/info?team_id=" + team, House.MASTER);
        assertThat(info.statusCode()).as(info.body()).isEqualTo(200);
        for (JsonNode limit : Visitor.json(info).path("team_info").path("limits")) {
            if (limit.path("limit_type").asText().equals("requests")) {
                return limit.path("committed").asLong();
            }
        }
        throw new AssertionError(info.body());
    }

    @Test
    void eachNodeSeesAllOfThem() {
        for (int node = 0; node < NODES; node++) {
            JsonNode health = Visitor.json(at(node).get("/health", House.MASTER));

            assertThat(health.path("authority").asBoolean()).isTrue();
            assertThat(health.path("status").asText()).isEqualTo("healthy");
            assertThat(health.path("members")).hasSize(NODES).allSatisfy(member -> {
                assertThat(member.path("status").asText()).isEqualTo("up");
                assertThat(member.path("reachable").asBoolean()).isTrue();
                assertThat(member.path("node").asLong()).isPositive();
            });
        }
        assertThat(at(0).get("/health", null).statusCode())
                .as("addresses are for operators")
                .isEqualTo(401);
    }

    @Test
    void aNodeOverAnotherStoreDoesNotStartWithASeedOfThisOne() throws IOException {
        String other =
                Files.readString(config).replaceFirst("database_url: .*", "database_url: " + TestDatabase.newUrl());
        Path elsewhere = Files.writeString(directory.resolve("other.yaml"), other);
        String seed = members(at(0)).path(0).path("address").asText();

        try (WeirProcess weir = WeirProcess.run(
                "serve",
                "--config",
                elsewhere.toString(),
                "--port",
                "0",
                "--data",
                directory.resolve("data-other").toString(),
                "--seed",
                seed)) {
            assertThat(weir.exitCode()).isEqualTo(1);
            assertThat(weir.err()).contains(seed, "they use another store");
        }
        assertThat(members(at(0))).hasSize(NODES);
    }

    @Test
    void whatOneNodeDoesNotUseOfALimitAnotherOneGets() {
        admin(0, "/team/new", "{'team_id':'ten','rph_limit':10}");
        List<String> keys = IntStream.range(0, NODES)
                .mapToObj(node -> key(node, "{'team_id':'ten'}"))
                .toList();
        assertThat(call(0, keys.get(0))).isEqualTo(200);

        for (int i = 0; i < 9; i++) {
            assertThat(call(1, keys.get(1))).isEqualTo(200);
        }

        assertThat(call(1, keys.get(1))).isEqualTo(429);
        assertThat(call(2, keys.get(2))).isEqualTo(429);
        assertThat(committed(2, "ten")).isEqualTo(10);
    }

    @Test
    void aTeamsLimitIsExactHoweverManyCallsComeAtOnce() {
        admin(1, "/team/new", "{'team_id':'crowd','rph_limit':100}");
        List<String> keys = IntStream.range(0, 60)
                .mapToObj(i -> key(i % NODES, "{'team_id':'crowd'}"))
                .toList();

        List<CompletableFuture<HttpResponse<String>>> calls = IntStream.range(0, 300)
                .mapToObj(i ->
                        at(i % NODES).postAsync("/v1/chat/completions", keys.get(i % 60), House.body("quick", false)))
                .toList();

        List<Integer> statuses = new ArrayList<>(
                calls.stream().map(call -> call.join().statusCode()).toList());
        for (int i = 0; i < 60; i++) {
            statuses.add(call(i % NODES, keys.get(i))); // also of those whom a busy machine answered with 503
        }
        assertThat(statuses).containsAnyOf(429).isSubsetOf(200, 429, 503);
        assertThat(statuses).filteredOn(status -> status == 200).hasSize(100);
    }

    @Test
    void whatAnOperatorChangesHoldsOnEveryNodeFromTheNextCallOn() {
        for (int round = 0; round < 5; round++) {
            int here = round % NODES;
            admin(here, "/team/new", "{'team_id':'t" + round + "'}");
            String key = key(here, "{'team_id':'t" + round + "'}");
            everywhere(key, 200);
            admin((here + 1) % NODES, "/key/block", "{'key':'" + key + "'}");
            everywhere(key, 401);
            admin(here, "/key/unblock", "{'key':'" + key + "'}");
            everywhere(key, 200);
            admin((here + 2) % NODES, "/team/block", "{'team_id':'t" + round + "'}");
            everywhere(key, 401);
            admin(here, "/team/unblock", "{'team_id':'t" + round + "'}");
            String next = admin((here + 1) % NODES, "/key/" + key + "/regenerate", "{}")
                    .path("key")
                    .asText();
            everywhere(next, 200);
            everywhere(key, 401);
            admin(here, "/team/update", "{'team_id':'t" + round + "','rph_limit':1}");
            assertThat(IntStream.range(0, NODES).map(node -> call(node, next)).boxed())
                    .as("one more call, through whichever door")
                    .containsExactlyInAnyOrder(200, 429, 429);
            admin((here + 2) % NODES, "/key/delete", "{'keys':['" + next + "']}");
            everywhere(next, 401);
        }
    }

    private static void everywhere(String key, int status) {
        for (int node = 0; node < NODES; node++) {
            HttpResponse<String> answer = at(node).chat(key, "quick");
            assertThat(answer.statusCode())
                    .as("node %d: %s", node, answer.body())
                    .isEqualTo(status);
        }
    }

    /** Calls of many keys at two doors, until {@link #end}. */
    private static final class Load {
        private final AtomicBoolean over = new AtomicBoolean();
        private final ConcurrentLinkedQueue<Integer> statuses = new ConcurrentLinkedQueue<>();
        private final ExecutorService callers = Executors.newFixedThreadPool(6);

        Load(List<String> keys, int... doors) {
            for (int caller = 0; caller < 6; caller++) {
                int first = caller;
                callers.execute(() -> {
                    for (int i = first; !over.get(); i++) {
                        statuses.add(call(doors[i % doors.length], keys.get(i % keys.size())));
                    }
                });
            }
        }

        List<Integer> end() {
            over.set(true);
            callers.close();
            return List.copyOf(statuses);
        }
    }

    @Test
    void aNodeThatIsAskedToStopHandsOverExactFiguresAndNobodyNotices() {
        admin(0, "/team/new", "{'team_id':'moves','rph_limit':100000,'tph_limit':10000000}");
        List<String> keys = IntStream.range(0, 24)
                .mapToObj(i -> key(i % NODES, "{'team_id':'moves','max_parallel_requests':50,'rph_limit':5000}"))
                .toList();
        Load load = new Load(keys, 0, 1);
        List<CompletableFuture<HttpResponse<String>>> streams = IntStream.range(0, 12)
                .mapToObj(i -> at(i % 2).postAsync("/v1/chat/completions", keys.get(i), House.body("slow", true)))
                .toList();
        Awaitility.await().atMost(PATIENCE).until(() -> load.statuses.size() > 100);

        int code = NODE.get(2).stop();
        int before = load.statuses.size();
        Awaitility.await().atMost(PATIENCE).until(() -> load.statuses.size() > before + 100);
        List<Integer> statuses = load.end();

        assertThat(code).isZero();
        assertThat(statuses).containsOnly(200);
        assertThat(streams)
                .allSatisfy(stream -> assertThat(stream.join().body()).endsWith("data: [DONE]\n\n"));
        assertThat(committed(1, "moves"))
                .as("nothing was lost with the node, and nothing is held")
                .isEqualTo(statuses.size() + streams.size());
        long ofKeys = keys.stream()
                .mapToLong(key -> at(0).limit(key, "requests").path("committed").asLong())
                .sum();
        assertThat(ofKeys).isEqualTo(statuses.size() + streams.size());
    }

    /** The meters of what one of them gives back last may be on another that ends before it. */
    @Test
    void nodesThatAreAllAskedToStopWaitForNobodyThatWillNotCome() {
        List<String> keys = IntStream.range(0, 24)
                .mapToObj(team -> {
                    admin(0, "/team/new", "{'team_id':'closing" + team + "','rph_limit':1000}");
                    return key(0, "{'team_id':'closing" + team + "','rph_limit':1000}");
                })
                .toList();
        Load load = new Load(keys, 0, 1, 2);
        Awaitility.await().atMost(PATIENCE).until(() -> load.statuses.size() > 300);
        List<Integer> statuses = load.end();

        NODE.forEach(WeirProcess::terminate);

        assertThat(NODE).allSatisfy(node -> assertThat(node.exitCode()).isZero());

        assertThat(NODE)
                .allSatisfy(node -> assertThat(node.said())
                        .as("members that end together may wait for each other's word, regions and shares may not")
                        .doesNotContain("region timed out", "region] timed out", "give-back] timed out"));
        allAreThere();
        assertThat(IntStream.range(0, keys.size()).mapToLong(team -> committed(0, "closing" + team)))
                .as("nothing was lost with them")
                .satisfies(all -> assertThat(
                                all.stream().mapToLong(Long::longValue).sum())
                        .isEqualTo(statuses.size()));
    }

    @Test
    void aNodeThatIsKilledIsTakenOverAndSlotsAreThoseOfTheCallsThatRun() {
        List<String> keys = IntStream.range(0, 12)
                .mapToObj(i -> key(i % NODES, "{'max_parallel_requests':1}"))
                .toList();
        List<CompletableFuture<HttpResponse<String>>> streams = keys.stream()
                .map(key -> at(0).postAsync("/v1/chat/completions", key, House.body("slow", true)))
                .toList();
        keys.forEach(key -> Awaitility.await()
                .atMost(PATIENCE)
                .until(() -> at(1).chat(key, "quick").statusCode() == 429));

        NODE.get(2).kill();

        // Until somebody can say who has its slot a key is told 503, never 200.
        for (String key : keys) {
            Awaitility.await().atMost(PATIENCE).until(() -> {
                int status = call(1, key);
                assertThat(status).isIn(429, 503);
                return status == 429;
            });
        }
        assertThat(streams)
                .allSatisfy(stream -> assertThat(stream.join().body()).endsWith("data: [DONE]\n\n"));
        for (String key : keys) {
            Awaitility.await().atMost(PATIENCE).until(() -> call(1, key) == 200);
        }
    }

    @Test
    void aNodeThatStandsStillIsShutOutBeforeAChangeIsAcknowledgedAndEndsWhenItWakes() throws Exception {
        List<String> keys =
                IntStream.range(0, 6).mapToObj(i -> key(i % NODES, "{}")).toList();
        keys.forEach(key -> everywhere(key, 200));
        signal("STOP", 2);
        try {
            List<CompletableFuture<HttpResponse<String>>> blocked = keys.stream()
                    .map(key -> at(0).postAsync("/key/block", House.MASTER, "{\"key\":\"" + key + "\"}"))
                    .toList();
            for (int i = 0; i < keys.size(); i++) {
                HttpResponse<String> answer = blocked.get(i).join();
                String key = keys.get(i);
                Awaitility.await()
                        .atMost(PATIENCE)
                        .until(() -> answer.statusCode() == 200
                                || at(1).post("/key/block", House.MASTER, "{\"key\":\"" + key + "\"}")
                                                .statusCode()
                                        == 200);
            }
            long seen =
                    mock.witness().sightings().stream().map(Sighting::attempt).count();
            List<CompletableFuture<HttpResponse<String>>> asleep = keys.stream()
                    .map(key -> at(2).postAsync("/v1/chat/completions", key, House.body("quick", false)))
                    .toList();
            signal("CONT", 2);

            assertThat(NODE.get(2).exitCode()).isEqualTo(1);
            assertThat(NODE.get(2).err()).contains("this node ends");
            asleep.forEach(call -> call.exceptionally(broken -> null).join());
            keys.forEach(key -> assertThat(call(0, key)).isEqualTo(401));
            assertThat(mock.witness().sightings()).hasSize((int) seen);
        } finally {
            NODE.get(2).kill();
        }
    }

    private static void signal(String name, int node) throws IOException, InterruptedException {
        new ProcessBuilder("kill", "-" + name, Long.toString(NODE.get(node).pid()))
                .start()
                .waitFor();
    }
}
