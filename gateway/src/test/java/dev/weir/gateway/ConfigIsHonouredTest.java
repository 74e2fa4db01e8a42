package dev.weir.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.weir.config.ConfigFile;
import dev.weir.streams.mock.MockSettings;
import dev.weir.streams.mock.MockUpstream;
import dev.weir.streams.mock.Sighting;
import java.io.IOException;
import java.math.BigDecimal;
import java.net.http.HttpResponse;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** One method per key of LiteLLM's that is honoured: it shows that a changed key is a changed behaviour at the door. */
class ConfigIsHonouredTest {

    private static final BigDecimal MILLION = BigDecimal.valueOf(1_000_000);

    private static House house;
    private static MockUpstream other;
    private static CannedUpstream cached;
    private static String key;

    @BeforeAll
    static void open() throws IOException {
        other = MockUpstream.start(MockSettings.forTests());
        cached = CannedUpstream.answering(200, """
                {"id":"c","object":"chat.completion","choices":[{"index":0,"finish_reason":"stop",
                  "message":{"role":"assistant","content":"hi"}}],
                 "usage":{"prompt_tokens":100,"completion_tokens":10,"total_tokens":110,
                  "prompt_tokens_details":{"cached_tokens":40,"cache_write_tokens":30}}}
                """);
        String elsewhere = other.baseUrl();
        String caching = cached.baseUrl();
        String[] prices = {"input_cost_per_token: 0.001", "output_cost_per_token: 0.002"};
        house = House.with(
                MockSettings.forTests(),
                House.model("one-name", "mock-named"),
                House.model("upstream-a", "mock-a"),
                House.model("upstream-b", "mock-b"),
                House.model("here", "mock-base"),
                House.model("there", "mock-base").replace("${MOCK}", elsewhere),
                House.model("key-a", "mock-key-a"),
                House.model("key-b", "mock-key-b").replace("sk-upstream-credential", "sk-another-credential"),
                House.model("all-left", "mock-left", "weight: 1"),
                House.model("all-left", "mock-right", "weight: 0"),
                House.model("most-right", "mock-less", "weight: 1"),
                House.model("most-right", "mock-more", "weight: 9"),
                House.model("equal", "mock-equal-a"),
                House.model("equal", "mock-equal-b"),
                House.model("impatient", "mock;latency=1500ms", "timeout: 0.3"),
                House.model("patient", "mock;latency=1500ms", "timeout: 30"),
                House.model("impatient-stream", "mock;latency=1500ms", "stream_timeout: 0.3"),
                House.model("dear-input", "mock;tokens=10", "input_cost_per_token: 0.003", prices[1]),
                House.model("dear-output", "mock;tokens=10", prices[0], "output_cost_per_token: 0.005"),
                House.model("normal", "mock;tokens=10", prices),
                House.model("cached", "canned", prices).replace("${MOCK}", caching),
                House.model("cheap-read", "canned", prices[0], prices[1], "cache_read_input_token_cost: 0.0001")
                        .replace("${MOCK}", caching),
                House.model("dear-write", "canned", prices[0], prices[1], "cache_creation_input_token_cost: 0.00125")
                        .replace("${MOCK}", caching),
                House.model("identified", "mock") + "    model_info: {id: my-own-id}\n",
                House.model("unknown", "mystery"),
                House.model("small", "mystery") + "    model_info: {base_model: gpt-4o-mini}\n",
                House.model("large", "mystery") + "    model_info: {base_model: gpt-4o}\n");
        key = house.key("{}");
    }

    @AfterAll
    static void close() {
        house.close();
        other.close();
        cached.close();
    }

    private static int status(String model) {
        return house.chat(key, model).statusCode();
    }

    private static String header(HttpResponse<String> response, String name) {
        return response.headers().firstValue(name).orElse("");
    }

    private static Sighting last() {
        return house.witness().sightings().getLast();
    }

    @Test
    void modelNameIsWhatClientsAskFor() {
        assertThat(status("one-name")).isEqualTo(200);
        assertThat(status("mock-named")).isEqualTo(400);
    }

    @Test
    void modelNamesTheUpstreamModel() {
        house.chat(key, "upstream-a");
        assertThat(last().model()).isEqualTo("mock-a");

        house.chat(key, "upstream-b");
        assertThat(last().model()).isEqualTo("mock-b");
    }

    @Test
    void apiBaseIsWhereTheCallGoes() {
        assertThat(status("here")).isEqualTo(200);
        assertThat(house.witness().ofModel("mock-base")).hasSize(1);
        assertThat(other.witness().ofModel("mock-base")).isEmpty();

        assertThat(status("there")).isEqualTo(200);
        assertThat(house.witness().ofModel("mock-base")).hasSize(1);
        assertThat(other.witness().ofModel("mock-base")).hasSize(1);
    }

    @Test
    void apiKeyIsTheUpstreamCredential() {
        house.chat(key, "key-a");
        assertThat(last().headers()).containsEntry("authorization", "Bearer sk-upstream-credential");

        house.chat(key, "key-b");
        assertThat(last().headers()).containsEntry("authorization", "Bearer sk-another-credential");
    }

    @Test
    void weightDecidesTheShare() {
        for (int i = 0; i < 20; i++) {
            house.chat(key, "all-left");
        }
        for (int i = 0; i < 200; i++) {
            house.chat(key, "most-right");
        }

        assertThat(house.witness().ofModel("mock-left")).hasSize(20);
        assertThat(house.witness().ofModel("mock-right")).isEmpty();
        assertThat(house.witness().ofModel("mock-more")).hasSizeBetween(140, 199);
        assertThat(house.witness().ofModel("mock-less")).isNotEmpty();
    }

    @Test
    void simpleShuffleSpreadsTheCalls() {
        for (int i = 0; i < 200; i++) {
            house.chat(key, "equal");
        }

        assertThat(house.witness().ofModel("mock-equal-a")).hasSizeBetween(50, 150);
        assertThat(house.witness().ofModel("mock-equal-b")).hasSizeBetween(50, 150);
        assertThat(strategy("simple-shuffle")).isEmpty();
        assertThat(strategy("least-busy"))
                .singleElement()
                .asString()
                .startsWith("router_settings.routing_strategy: ")
                .contains("least-busy")
                .contains("simple-shuffle is used");
    }

    private static Iterable<String> strategy(String name) {
        String yaml = "router_settings: {routing_strategy: " + name + "}\n";
        return ConfigFile.parse(yaml, Map.of(), Instant.EPOCH).notHonoured();
    }

    @Test
    void timeoutEndsTheWholeCall() {
        assertThat(status("impatient")).isEqualTo(504);
        assertThat(status("patient")).isEqualTo(200);
    }

    @Test
    void streamTimeoutEndsTheWaitForContent() {
        assertThat(house.stream(key, "impatient-stream").statusCode()).isEqualTo(504);
        assertThat(status("impatient-stream")).isEqualTo(200);
        assertThat(house.stream(key, "patient").statusCode()).isEqualTo(200);
    }

    /** The dollars that a call cost, less those of the same call at the prices of {@code normal}. */
    private static BigDecimal dearer(String model) {
        JsonNode usage = House.json(house.chat(key, "normal")).path("usage");
        HttpResponse<String> answer = house.chat(key, model);
        assertThat(House.json(answer).path("usage")).isEqualTo(usage);
        return cost(answer)
                .subtract(cost(
                        usage.path("prompt_tokens").asInt(),
                        usage.path("completion_tokens").asInt()));
    }

    private static BigDecimal cost(HttpResponse<String> answer) {
        return new BigDecimal(header(answer, "x-litellm-response-cost"));
    }

    private static BigDecimal cost(int prompt, int completion) {
        return BigDecimal.valueOf(prompt + 2L * completion, 3);
    }

    @Test
    void inputCostPricesTheRow() {
        int prompt = House.json(house.chat(key, "normal"))
                .path("usage")
                .path("prompt_tokens")
                .asInt();

        assertThat(dearer("normal")).isZero();
        assertThat(dearer("dear-input")).isEqualByComparingTo(BigDecimal.valueOf(2L * prompt, 3));
    }

    @Test
    void outputCostPricesTheRow() {
        assertThat(dearer("dear-output")).isEqualByComparingTo(BigDecimal.valueOf(3L * 10, 3));
    }

    @Test
    void cacheReadCostPricesCachedInput() {
        assertThat(cost(house.chat(key, "cached"))).isEqualByComparingTo("0.120");
        assertThat(cost(house.chat(key, "cheap-read"))).isEqualByComparingTo("0.084");
    }

    @Test
    void cacheCreationCostPricesCacheWrites() {
        assertThat(cost(house.chat(key, "cached"))).isEqualByComparingTo("0.120");
        assertThat(cost(house.chat(key, "dear-write"))).isEqualByComparingTo("0.1275");
    }

    @Test
    void idIsTheModelIdOfHeadersAndRows() {
        HttpResponse<String> answer = house.chat(key, "identified", "x-request-id", "identified");
        HttpResponse<String> without = house.chat(key, "one-name");

        assertThat(header(answer, "x-litellm-model-id")).isEqualTo("my-own-id");
        assertThat(house.rows("identified", 1).get(0).path("model_id").asText()).isEqualTo("my-own-id");
        assertThat(header(without, "x-litellm-model-id")).matches("[0-9a-f]{12}");
    }

    @Test
    void baseModelNamesThePrice() {
        HttpResponse<String> small = house.chat(key, "small", "x-request-id", "priced");
        HttpResponse<String> large = house.chat(key, "large");
        house.chat(key, "unknown", "x-request-id", "unpriced");

        assertThat(cost(small)).isEqualByComparingTo(perMillion(small, "0.15", "0.6"));
        assertThat(cost(large)).isEqualByComparingTo(perMillion(large, "2.5", "10"));
        assertThat(house.rows("priced", 1).get(0).path("priced").asBoolean()).isTrue();
        assertThat(house.rows("unpriced", 1).get(0).path("priced").asBoolean()).isFalse();
    }

    private static BigDecimal perMillion(HttpResponse<String> answer, String input, String output) {
        JsonNode usage = House.json(answer).path("usage");
        return new BigDecimal(input)
                .multiply(usage.path("prompt_tokens").decimalValue())
                .add(new BigDecimal(output)
                        .multiply(usage.path("completion_tokens").decimalValue()))
                .divide(MILLION, 9, java.math.RoundingMode.UP);
    }

    private static final String FAILING = House.model("failing", "mock-x;status=500")
            + House.model("failing", "mock-y;status=500")
            + House.model("failing", "mock-z;status=500");

    @Test
    void routerNumRetriesBoundsTheAttempts() {
        retries("router_settings: {num_retries: 0}\n", "num_retries: 0", "num_retries: 1");
    }

    @Test
    void litellmNumRetriesBoundsTheAttempts() {
        retries("litellm_settings: {num_retries: 0}\n", "num_retries: 0", "num_retries: 1");
    }

    private static void retries(String block, String none, String one) {
        try (House retrying = House.with(MockSettings.forTests(), FAILING, block)) {
            String own = retrying.key("{}");
            assertThat(attempts(retrying, own)).isEqualTo(1);
            retrying.restart(none, one);
            assertThat(attempts(retrying, own)).isEqualTo(2);
            retrying.restart(block.strip().replace(none, one), "");
            assertThat(attempts(retrying, own)).isEqualTo(3);
        }
    }

    private static long attempts(House retrying, String own) {
        long before = retrying.witness().totals().requests();
        HttpResponse<String> answer = retrying.chat(own, "failing");
        long attempts = retrying.witness().totals().requests() - before;
        assertThat(answer.statusCode()).isEqualTo(500);
        assertThat(header(answer, "x-litellm-attempted-retries")).isEqualTo(Long.toString(attempts - 1));
        return attempts;
    }

    @Test
    void routerTimeoutEndsTheWholeCall() {
        wholeCall("router_settings: {timeout: 0.3}\n", "timeout: 0.3", "timeout: 30");
    }

    @Test
    void requestTimeoutEndsTheWholeCall() {
        wholeCall("litellm_settings: {request_timeout: 0.3}\n", "request_timeout: 0.3", "request_timeout: 30");
    }

    private static void wholeCall(String block, String hasty, String patient) {
        try (House timed = House.with(MockSettings.forTests(), House.model("m", "mock;latency=1500ms"), block)) {
            String own = timed.key("{}");
            assertThat(timed.chat(own, "m").statusCode()).isEqualTo(504);
            timed.restart(hasty, patient);
            assertThat(timed.chat(own, "m").statusCode()).isEqualTo(200);
        }
    }

    @Test
    void timezoneMovesMidnight() {
        try (House zoned = House.with(
                MockSettings.forTests(),
                House.model("m", "mock", "input_cost_per_token: 0.001", "output_cost_per_token: 0.001"),
                "litellm_settings: {timezone: UTC}\n")) {
            assertThat(reset(zoned)).endsWith("T00:00:00Z");
            zoned.restart("timezone: UTC", "timezone: Asia/Kolkata");
            assertThat(reset(zoned)).endsWith("T18:30:00Z");
        }
    }

    private static String reset(House zoned) {
        String own = zoned.key("{\"max_budget\":5,\"budget_duration\":\"1d\"}");
        zoned.chat(own, "m");
        return zoned.limit(own, "budget").path("reset").asText();
    }

    @Test
    void masterKeyOpensTheAdminApi() {
        String old = "{\"models\":[\"one\"]}";
        try (House mastered = House.with(MockSettings.forTests(), House.model("m", "mock"))) {
            assertThat(mastered.post("/key/generate", House.MASTER, old).statusCode())
                    .isEqualTo(200);
            mastered.restart("master_key: " + House.MASTER, "master_key: sk-the-new-master");
            assertThat(mastered.post("/key/generate", House.MASTER, old).statusCode())
                    .isEqualTo(401);
            assertThat(mastered.post("/key/generate", "sk-the-new-master", old).statusCode())
                    .isEqualTo(200);
        }
    }

    @Test
    void maxRequestSizeRefusesLargerBodies() {
        String body = House.body("m", false, ",\"x\":\"" + "a".repeat(1_500_000) + "\"");
        try (House sized = House.with(
                MockSettings.forTests(),
                House.model("m", "mock"),
                "general_settings: {master_key: " + House.MASTER + ", max_request_size_mb: 1}\n")) {
            String own = sized.key("{}");
            assertThat(sized.post("/v1/chat/completions", own, body).statusCode())
                    .isEqualTo(413);
            sized.restart("max_request_size_mb: 1", "max_request_size_mb: 2");
            assertThat(sized.post("/v1/chat/completions", own, body).statusCode())
                    .isEqualTo(200);
        }
    }

    @Test
    void enforceUserParamRefusesCallsThatNameNobody() {
        try (House strict = House.with(
                MockSettings.forTests(),
                House.model("m", "mock"),
                "general_settings: {master_key: " + House.MASTER + ", enforce_user_param: true}\n")) {
            String key = strict.key("{}");
            HttpResponse<String> refused = strict.chat(key, "m");
            assertThat(refused.statusCode()).as(refused.body()).isEqualTo(400);
            assertThat(House.json(refused).path("error").path("param").asText()).isEqualTo("user");
            assertThat(strict.chat("sk-nobody", "m").statusCode()).isEqualTo(401);
            assertThat(strict.post("/v1/chat/completions", key, House.body("m", true, ",\"user\":\"ann\""))
                            .statusCode())
                    .isEqualTo(200);
            assertThat(strict.chat(key, "m", "x-litellm-end-user-id", "ann").statusCode())
                    .isEqualTo(200);
            strict.restart("enforce_user_param: true", "enforce_user_param: false");
            assertThat(strict.chat(key, "m").statusCode()).isEqualTo(200);
        }
    }

    @Test
    void litellmMaxBudgetHoldsForAllKeysTogether() {
        try (House house = House.with(
                MockSettings.forTests(),
                House.model("m", "mock;tokens=2", "input_cost_per_token: 0.001", "output_cost_per_token: 0.001"),
                "litellm_settings: {max_budget: 0.06, budget_duration: 1d}\n")) {
            String body = House.body("m", false, ",\"max_tokens\":10");
            assertThat(house.post("/v1/chat/completions", house.key("{}"), body).statusCode())
                    .isEqualTo(200);
            HttpResponse<String> refused = house.post("/v1/chat/completions", house.key("{}"), body);
            assertThat(refused.statusCode()).isEqualTo(429);
            assertThat(refused.body()).contains("\"scope\":\"global\"");
            house.restart("max_budget: 0.06", "max_budget: 6");
            assertThat(house.post("/v1/chat/completions", house.key("{}"), body).statusCode())
                    .isEqualTo(200);
        }
    }

    @Test
    void litellmBudgetDurationBeginsTheBudgetAnew() {
        try (House house = House.with(
                MockSettings.forTests(),
                House.model("m", "mock;tokens=2", "input_cost_per_token: 0.001", "output_cost_per_token: 0.001"),
                "litellm_settings: {max_budget: 0.06, budget_duration: 3s}\n")) {
            String body = House.body("m", false, ",\"max_tokens\":10");
            String key = house.key("{}");
            assertThat(house.post("/v1/chat/completions", key, body).statusCode())
                    .isEqualTo(200);
            assertThat(house.post("/v1/chat/completions", key, body).statusCode())
                    .isEqualTo(429);
            Awaitility.await()
                    .until(() -> house.post("/v1/chat/completions", key, body).statusCode() == 200);
        }
    }

    @Test
    void globalMaxParallelRequestsHoldsForAllKeys() {
        try (House house = House.with(
                MockSettings.forTests(),
                House.model("m", "mock;latency=500ms"),
                "general_settings: {master_key: " + House.MASTER + ", global_max_parallel_requests: 2}\n")) {
            List<CompletableFuture<HttpResponse<String>>> calls = IntStream.range(0, 4)
                    .mapToObj(i -> house.postAsync("/v1/chat/completions", house.key("{}"), House.body("m", false)))
                    .toList();
            assertThat(calls.stream().map(call -> call.join().statusCode()).sorted())
                    .containsExactly(200, 200, 429, 429);
        }
    }

    @Test
    void databaseUrlMovesTheStore() {
        String url = TestDatabase.newUrl();
        try (House house = House.with(
                MockSettings.forTests(),
                House.model("m", "mock"),
                "general_settings: {master_key: " + House.MASTER + ", database_url: '" + url + "'}\n")) {
            String key = house.key("{\"rpd_limit\":5}");
            assertThat(house.chat(key, "m").statusCode()).isEqualTo(200);
            assertThat(house.data().resolve("weir.db")).doesNotExist();
            house.restart();
            assertThat(house.chat(key, "m").headers().firstValue("x-ratelimit-remaining-requests"))
                    .hasValue("3");
            assertThat(house.rows(
                                    house.chat(key, "m")
                                            .headers()
                                            .firstValue("x-request-id")
                                            .orElseThrow(),
                                    1)
                            .get(0)
                            .path("outcome")
                            .asText())
                    .isEqualTo("completed");
        }
    }

    @Test
    void retentionPeriodDeletesOldRows() {
        try (House house = House.with(
                MockSettings.forTests(),
                House.model("m", "mock", "input_cost_per_token: 0.001", "output_cost_per_token: 0.001"),
                "general_settings: {master_key: " + House.MASTER + ", maximum_spend_logs_retention_period: 2s}\n")) {
            String key = house.key("{}");
            String request =
                    house.chat(key, "m").headers().firstValue("x-request-id").orElseThrow();
            house.rows(request, 1);
            double spend = house.info(key).path("spend").asDouble();
            assertThat(spend).isPositive();
            Awaitility.await()
                    .until(() ->
                            house.visitor().attempts("request_id=" + request).isEmpty());
            assertThat(house.info(key).path("spend").asDouble()).isEqualTo(spend);
        }
    }
}
