package dev.weir.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.weir.streams.mock.MockSettings;
import dev.weir.streams.mock.MockUpstream;
import java.io.IOException;
import java.math.BigDecimal;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Weir as a process: how it ends, what it knows when it is back, and how it gets along with another one. */
class ProcessTest {

    private static final String LIMITS =
            "{\"rpm_limit\":1000,\"tpm_limit\":1000000,\"max_budget\":1000,\"max_parallel_requests\":100}";

    private static MockUpstream mock;

    @TempDir
    Path directory = Path.of("");

    private Path config = Path.of("");
    private Path data = Path.of("");

    @BeforeAll
    static void open() {
        mock = MockUpstream.start(MockSettings.forTests());
    }

    @AfterAll
    static void close() {
        mock.close();
    }

    @BeforeEach
    void configure() throws IOException {
        config = directory.resolve("config.yaml");
        data = directory.resolve("data");
        configure("30s");
    }

    private void configure(String deadline) throws IOException {
        String[] prices = {"input_cost_per_token: 0.001", "output_cost_per_token: 0.001"};
        String yaml = "model_list:\n"
                + House.model("quick", "mock;tokens=5", prices)
                + House.model("slow", "mock-slow;tokens=80;gap=20ms", prices)
                + House.model("endless", "mock-endless;tokens=100000;gap=5ms", prices)
                + "general_settings:\n  master_key: " + House.MASTER
                + "\nweir:\n  shutdown: {deadline: " + deadline + "}\n";
        Files.writeString(config, yaml.replace("${MOCK}", mock.baseUrl()));
    }

    private WeirProcess serve() {
        return WeirProcess.serve(config, data);
    }

    private static Socket stream(Visitor visitor, String key, String model, String requestId) throws IOException {
        long before = mock.witness().totals().requests();
        Socket socket = visitor.socket();
        socket.setSoTimeout((int) House.PATIENCE.toMillis());
        socket.getOutputStream().write(House.rawChat(key, House.body(model, true), "x-request-id: " + requestId));
        mock.witness().await(seen -> seen.serial() > before && seen.tokens() >= 3, House.PATIENCE);
        return socket;
    }

    private static String rest(Socket socket) throws IOException {
        return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    }

    @Test
    void aTermLetsAStreamFinishAndEverythingIsExactAfterwards() throws IOException {
        String key;
        try (WeirProcess weir = serve()) {
            Visitor visitor = weir.visitor();
            key = visitor.key(LIMITS);
            visitor.chat(key, "quick");
            try (Socket running = stream(visitor, key, "slow", "finishes")) {
                weir.terminate();

                Awaitility.await()
                        .until(() -> visitor.get("/health/readiness", null).statusCode() == 503);
                HttpResponse<String> refused = visitor.chat(key, "quick");
                assertThat(refused.statusCode()).isEqualTo(503);
                assertThat(refused.headers().firstValue("retry-after")).hasValue("1");
                assertThat(Visitor.json(refused).path("error").path("type").asText())
                        .isEqualTo("shutting_down");
                assertThat(visitor.get("/health/liveliness", null).statusCode()).isEqualTo(200);
                assertThat(rest(running)).contains("t79 ").contains("data: [DONE]");
            }
            assertThat(weir.exitCode()).as(weir.said()).isZero();
            assertThat(saidAtItsEnd(weir)).doesNotContain("WARN").doesNotContain("ERROR");
        }

        try (WeirProcess again = serve()) {
            exact(again.visitor(), key, 2);
            assertThat(again.visitor().attempts("request_id=finishes"))
                    .singleElement()
                    .satisfies(row -> assertThat(row.path("outcome").asText()).isEqualTo("completed"));
        }
    }

    /** On a machine with other work, Pekko may warn at the start that its coordinator lets it wait. */
    private static String saidAtItsEnd(WeirProcess weir) {
        String said = weir.said();
        assertThat(said).contains("Stopping: ");
        return said.substring(said.indexOf("Stopping: "));
    }

    @Test
    void aStreamLongerThanTheDeadlineIsCutWithAWord() throws IOException {
        configure("300ms");
        String key;
        try (WeirProcess weir = serve()) {
            key = weir.visitor().key(LIMITS);
            try (Socket running = stream(weir.visitor(), key, "endless", "cut")) {
                weir.terminate();

                assertThat(rest(running)).contains("\"type\":\"shutting_down\"").doesNotContain("[DONE]");
            }
            assertThat(weir.exitCode()).as(weir.said()).isZero();
            assertThat(saidAtItsEnd(weir)).doesNotContain("WARN").doesNotContain("ERROR");
        }

        try (WeirProcess again = serve()) {
            exact(again.visitor(), key, 1);
            assertThat(again.visitor().attempts("request_id=cut"))
                    .singleElement()
                    .satisfies(row -> assertThat(row.path("outcome").asText()).isEqualTo("drained"));
        }
    }

    @Test
    void aTermInTheMidstOfAStartIsAnOrderlyEndToo() throws SQLException {
        try (WeirProcess weir = WeirProcess.starting(config, data)) {
            Awaitility.await().until(() -> !hasEnded().isEmpty()); // the store knows of it

            assertThat(weir.stop()).as(weir.said()).isZero();
        }
        assertThat(hasEnded()).containsExactly(true);
    }

    /** Of each start that the store knows of. */
    private List<Boolean> hasEnded() throws SQLException {
        List<Boolean> ended = new ArrayList<>();
        if (!Files.exists(data.resolve("weir.db"))) {
            return ended;
        }
        try (Connection connection = DriverManager.getConnection("jdbc:sqlite:" + data.resolve("weir.db"));
                Statement statement = connection.createStatement()) {
            ResultSet table = statement.executeQuery("select count(*) from sqlite_master where name = 'node'");
            if (table.getInt(1) > 0) {
                ResultSet row = statement.executeQuery("select stopped_at is not null from node");
                while (row.next()) {
                    ended.add(row.getBoolean(1));
                }
            }
        }
        return ended;
    }

    /** The meter, the ledger's sum and the ledger's rows say the same, and nothing is held. */
    private static void exact(Visitor visitor, String key, int calls) {
        JsonNode rows = visitor.attempts("api_key=" + key);
        BigDecimal spend = BigDecimal.ZERO;
        long tokens = 0;
        for (JsonNode row : rows) {
            spend = spend.add(row.path("spend").decimalValue());
            tokens += row.path("total_tokens").asLong();
        }
        assertThat(rows).hasSize(calls);
        assertThat(spend).isPositive();
        JsonNode info = visitor.info(key);
        assertThat(info.path("spend").decimalValue()).isEqualByComparingTo(spend);
        assertThat(info.path("held").decimalValue()).isZero();
        assertThat(info.path("open_holds").asInt()).isZero();
        assertThat(visitor.limit(key, "budget").path("committed").decimalValue())
                .isEqualByComparingTo(spend);
        assertThat(visitor.limit(key, "requests").path("committed").asLong()).isEqualTo(calls);
        assertThat(visitor.limit(key, "tokens").path("committed").asLong()).isEqualTo(tokens);
        assertThat(visitor.limit(key, "max_parallel_requests").path("committed").asLong())
                .isZero();
    }

    /** One; as many as {@code -Dweir.kill.runs} says, each with other moments. */
    static IntStream runs() {
        return IntStream.range(0, Integer.getInteger("weir.kill.runs", 1));
    }

    @ParameterizedTest(name = "run {0}")
    @MethodSource("runs")
    void aKillLosesNothingThatWasAcknowledged(int run) throws Exception {
        Map<String, String> keys = new LinkedHashMap<>();
        Map<String, BigDecimal> paid = new LinkedHashMap<>();
        for (int round = 0; round < 4; round++) {
            try (WeirProcess weir = serve()) {
                remembered(weir.visitor(), keys, paid);

                work(weir, keys, paid, 20 + run % 7 + 7 * round);
            }
        }
        try (WeirProcess weir = serve()) {
            remembered(weir.visitor(), keys, paid);
        }
        assertThat(keys).hasSizeGreaterThan(40);
    }

    private static final String[] CHANGES = {"made", "changed", "blocked", "deleted"};

    /** Makes keys, changes them and calls with them from several sides, until so many writes are acknowledged; kills. */
    private static void work(WeirProcess weir, Map<String, String> keys, Map<String, BigDecimal> paid, int writes)
            throws InterruptedException {
        Visitor visitor = weir.visitor();
        Map<String, String> acknowledged = new ConcurrentHashMap<>();
        Map<String, BigDecimal> costs = new ConcurrentHashMap<>();
        AtomicReference<Throwable> wrong = new AtomicReference<>();
        try (ExecutorService workers = Executors.newFixedThreadPool(3)) {
            for (int worker = 0; worker < 3; worker++) {
                workers.execute(() -> {
                    try {
                        while (true) {
                            oneKey(visitor, acknowledged, costs);
                        }
                    } catch (IllegalStateException killed) {
                        // The connection broke: what this request would have done is not known.
                    } catch (Throwable failure) {
                        wrong.set(failure);
                    }
                });
            }
            Awaitility.await().until(() -> acknowledged.size() >= writes || wrong.get() != null);
            weir.kill();
        }
        assertThat(wrong.get()).isNull();
        keys.putAll(acknowledged);
        paid.putAll(costs);
    }

    private static void oneKey(Visitor visitor, Map<String, String> acknowledged, Map<String, BigDecimal> costs) {
        String key = visitor.key(LIMITS);
        acknowledged.put(key, "made");
        int changes = Math.floorMod(key.hashCode(), CHANGES.length);
        HttpResponse<String> answer = visitor.chat(key, "quick");
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
        costs.put(
                key,
                new BigDecimal(
                        answer.headers().firstValue("x-litellm-response-cost").orElseThrow()));
        if (changes >= 1) {
            acknowledged.put(key, "made or changed");
            HttpResponse<String> changed =
                    visitor.post("/key/update", House.MASTER, "{\"key\":\"" + key + "\",\"rpm_limit\":77}");
            assertThat(changed.statusCode()).isEqualTo(200);
            acknowledged.put(key, "changed");
        }
        if (changes >= 2) {
            acknowledged.put(key, "changed or blocked");
            HttpResponse<String> blocked = visitor.post("/key/block", House.MASTER, "{\"key\":\"" + key + "\"}");
            assertThat(blocked.statusCode()).isEqualTo(200);
            acknowledged.put(key, "blocked");
        }
        if (changes >= 3) {
            acknowledged.put(key, "blocked or deleted");
            HttpResponse<String> deleted = visitor.post("/key/delete", House.MASTER, "{\"keys\":[\"" + key + "\"]}");
            assertThat(deleted.statusCode()).isEqualTo(200);
            acknowledged.put(key, "deleted");
        }
    }

    private static void remembered(Visitor visitor, Map<String, String> keys, Map<String, BigDecimal> paid) {
        keys.forEach((key, state) -> {
            HttpResponse<String> info = visitor.get("/key/info?key=" + key, House.MASTER);
            boolean gone = info.statusCode() == 404;
            JsonNode found = Visitor.json(info).path("info");
            switch (state) {
                case "made", "made or changed" -> assertThat(gone).as(state).isFalse();
                case "changed", "changed or blocked" ->
                    assertThat(found.path("rpm_limit").asLong()).as(state).isEqualTo(77);
                case "blocked" -> assertThat(found.path("blocked").asBoolean()).isTrue();
                case "deleted" -> assertThat(gone).as(state).isTrue();
                default ->
                    assertThat(gone || found.path("blocked").asBoolean())
                            .as(state)
                            .isTrue();
            }
            BigDecimal spend = BigDecimal.ZERO;
            for (JsonNode row : visitor.attempts("api_key=" + key)) {
                spend = spend.add(row.path("spend").decimalValue());
            }
            assertThat(spend).isGreaterThanOrEqualTo(paid.getOrDefault(key, BigDecimal.ZERO));
            if (!gone) {
                assertThat(found.path("spend").decimalValue()).isEqualByComparingTo(spend);
                assertThat(visitor.limit(key, "budget").path("committed").decimalValue())
                        .isGreaterThanOrEqualTo(spend);
            }
        });
    }

    private static final Pattern NEED = Pattern.compile("may cost up to ([0-9.]+)\\.");

    /** Four times; {@code -Dweir.kills=50} takes some minutes. */
    @Test
    void killedOverAndOverADaysBudgetIsNeverPassed() throws Exception {
        int kills = Integer.getInteger("weir.kills", 4);
        BigDecimal budget = BigDecimal.valueOf(5L * kills);
        String body = House.body("quick", false, ",\"max_tokens\":10");
        long before = mock.witness().totals().requests();
        String key;
        BigDecimal cost;
        try (WeirProcess weir = serve()) {
            key = weir.visitor().key("{\"max_budget\":" + budget + ",\"budget_duration\":\"1d\"}");
            HttpResponse<String> first = weir.visitor().post("/v1/chat/completions", key, body);
            cost = new BigDecimal(
                    first.headers().firstValue("x-litellm-response-cost").orElseThrow());
            weir.kill();
        }
        for (int kill = 1; kill < kills; kill++) {
            try (WeirProcess weir = serve()) {
                callAndKill(weir, key, body, CALLS_BEFORE_A_KILL + kill % 5);
            }
        }
        try (WeirProcess weir = serve()) {
            Visitor visitor = weir.visitor();
            HttpResponse<String> answer = visitor.post("/v1/chat/completions", key, body);
            while (answer.statusCode() == 200) {
                answer = visitor.post("/v1/chat/completions", key, body);
            }
            assertThat(answer.statusCode()).as(answer.body()).isEqualTo(429);
            Matcher need = NEED.matcher(answer.body());
            assertThat(need.find()).as(answer.body()).isTrue();

            BigDecimal paid =
                    cost.multiply(BigDecimal.valueOf(mock.witness().totals().requests() - before));
            assertThat(paid).as("what the upstream was paid for").isLessThanOrEqualTo(budget);
            Awaitility.await().until(() -> spend(visitor, key).compareTo(paid) >= 0);
            BigDecimal spend = spend(visitor, key);
            assertThat(spend).isLessThanOrEqualTo(budget);
            assertThat(visitor.info(key).path("spend").decimalValue()).isEqualByComparingTo(spend);
            // Ahead of a kill there are eight calls' need or three seconds' demand, which is no more than three times
            // the calls that there were.
            BigDecimal step = new BigDecimal(need.group(1)).multiply(BigDecimal.valueOf(3L * CALLS_BEFORE_A_KILL + 15));
            assertThat(budget.subtract(spend))
                    .as("what nobody can use")
                    .isLessThanOrEqualTo(step.multiply(BigDecimal.valueOf(kills + 1)));
        }
    }

    private static BigDecimal spend(Visitor visitor, String key) {
        BigDecimal spend = BigDecimal.ZERO;
        JsonNode page = visitor.attempts("api_key=" + key);
        for (int offset = 0; !page.isEmpty(); page = visitor.attempts("api_key=" + key + "&offset=" + offset)) {
            for (JsonNode row : page) {
                spend = spend.add(row.path("spend").decimalValue());
            }
            offset += page.size();
        }
        return spend;
    }

    private static final int CALLS_BEFORE_A_KILL = 10;

    private static void callAndKill(WeirProcess weir, String key, String body, int calls) {
        Visitor visitor = weir.visitor();
        AtomicInteger answered = new AtomicInteger();
        try (ExecutorService callers = Executors.newFixedThreadPool(3)) {
            for (int caller = 0; caller < 3; caller++) {
                callers.execute(() -> {
                    try {
                        while (visitor.post("/v1/chat/completions", key, body).statusCode() == 200) {
                            answered.incrementAndGet();
                        }
                    } catch (IllegalStateException killed) {
                        // The connection broke.
                    }
                });
            }
            Awaitility.await().pollInterval(Duration.ofMillis(1)).until(() -> answered.get() >= calls);
            weir.kill();
        }
    }

    @Test
    void twoWeirsRunSideBySide() throws IOException {
        configure("1s");
        try (WeirProcess one = WeirProcess.serve(config, directory.resolve("one"));
                WeirProcess other = WeirProcess.serve(config, directory.resolve("other"))) {
            String key = one.visitor().key("{}");

            assertThat(one.visitor().chat(key, "quick").statusCode()).isEqualTo(200);
            assertThat(other.visitor().chat(key, "quick").statusCode()).isEqualTo(401);
            assertThat(other.visitor().chat(other.visitor().key("{}"), "quick").statusCode())
                    .isEqualTo(200);
        }
    }

    @Test
    void aDataDirectoryServesOneWeirAndItsPortToo() throws IOException {
        try (WeirProcess first = serve();
                WeirProcess second = WeirProcess.run(
                        "serve", "--config", config.toString(), "--port", "0", "--data", data.toString());
                WeirProcess third = WeirProcess.run(
                        "serve",
                        "--config",
                        config.toString(),
                        "--host",
                        "127.0.0.1",
                        "--port",
                        Integer.toString(first.port()),
                        "--data",
                        directory.resolve("third").toString())) {
            assertThat(second.exitCode()).isEqualTo(1);
            assertThat(second.err()).contains("weir: data directory " + data + " is in use by another Weir");
            assertThat(second.err()).doesNotContain("\tat ");
            assertThat(third.exitCode()).isEqualTo(1);
            assertThat(third.err()).containsPattern("weir: 127\\.0\\.0\\.1:" + first.port() + ": .*in use");
            assertThat(third.err()).doesNotContain("\tat ");
            assertThat(first.visitor().get("/health/readiness", null).statusCode())
                    .isEqualTo(200);
        }
    }

    @Test
    void managementIsOffUnlessAPortIsSet() throws IOException {
        int port;
        try (ServerSocket free = new ServerSocket(0)) {
            port = free.getLocalPort();
        }
        Files.writeString(config, Files.readString(config) + "  management: {port: " + port + "}\n");

        try (WeirProcess weir = serve()) {
            assertThat(weir.managementPort()).isEqualTo(port);
            assertThat(Visitor.at(port).get("/metrics", null).statusCode()).isEqualTo(200);
            assertThat(Visitor.at(port).get("/health/readiness", null).statusCode())
                    .isEqualTo(200);
            assertThat(Visitor.at(port).get("/key/info", House.MASTER).statusCode())
                    .isEqualTo(404);
            assertThat(weir.visitor().get("/metrics", null).statusCode()).isEqualTo(404);
        }
    }
}
