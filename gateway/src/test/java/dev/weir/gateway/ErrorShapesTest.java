package dev.weir.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.weir.gateway.door.PresentedKey;
import dev.weir.streams.mock.MockSettings;
import dev.weir.streams.mock.Sighting;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** The table of errors that clients rely on: status, type, code and headers, row by row. */
class ErrorShapesTest {

    private static final String PATH = "/v1/chat/completions";
    private static final String[] PRICES = {"input_cost_per_token: 0.01", "output_cost_per_token: 0.01"};

    private static House house;

    @BeforeAll
    static void open() throws IOException {
        String nobody;
        try (ServerSocket socket = new ServerSocket(0)) {
            nobody = "http://127.0.0.1:" + socket.getLocalPort() + "/v1";
        }
        house = House.with(
                MockSettings.forTests(),
                House.model("m", "mock", PRICES),
                House.model("busy", "mock-busy;stall=headers"),
                House.model("unauthorized", "mock;status=401;code=canary"),
                House.model("forbidden", "mock;status=403;code=canary"),
                House.model("teapot", "mock;status=418;code=brewing"),
                House.model("broken", "mock;status=500;code=broken"),
                House.model("limited", "mock;status=429;retry-after=13"),
                House.model("resets", "mock;reset=headers"),
                House.model("ends-early", "mock;fault=early-eof"),
                House.model("stalls", "mock;stall=headers", "timeout: 0.3", "stream_timeout: 0.3"),
                House.model("breaks", "mock;tokens=9;reset-after=3"),
                House.model("truncates", "mock;tokens=9;end-after=3"),
                House.model("no-json", "mock;tokens=9;fault=gzip"),
                House.model("unreachable", "mock").replace("${MOCK}", nobody),
                """
                weir:
                  server: {max_body: 100KB, max_json_depth: 20}
                  upstream: {max_connections: 1, max_queue: 0}
                """);
    }

    @AfterAll
    static void close() {
        house.close();
    }

    private static JsonNode error(HttpResponse<String> answer, int status, String type) {
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(status);
        JsonNode error = House.json(answer).path("error");
        assertThat(error.path("type").asText()).isEqualTo(type);
        assertThat(error.path("code").isTextual()).isTrue();
        assertThat(error.path("code").asText()).isEqualTo(Integer.toString(status));
        assertThat(error.has("param")).isTrue();
        assertThat(error.path("message").asText()).isNotBlank();
        assertThat(answer.headers().firstValue("content-type")).hasValue("application/json");
        assertThat(answer.headers().firstValue("x-request-id")).isPresent();
        assertThat(answer.headers().firstValue("x-litellm-call-id"))
                .isEqualTo(answer.headers().firstValue("x-request-id"));
        return error;
    }

    private static String header(HttpResponse<String> answer, String name) {
        return answer.headers().firstValue(name).orElse("");
    }

    @Test
    void noKeyAndKeysThatDoNotOpen() {
        String blocked = house.key("{\"blocked\":true}");
        String expired = house.key("{\"expires\":\"2020-01-01T00:00:00Z\"}");
        for (String path : List.of(PATH, "/chat/completions")) {
            List<HttpResponse<String>> answers = List.of(
                    house.post(path, null, House.body("m", false)),
                    house.post(path, "sk-nobody-knows", House.body("m", false)),
                    house.post(path, blocked, House.body("m", false)),
                    house.post(path, expired, House.body("m", false)));

            error(answers.get(0), 401, "auth_error");
            error(answers.get(1), 401, "token_not_found_in_db");
            error(answers.get(2), 401, "auth_error");
            error(answers.get(3), 401, "expired_key");
            assertThat(answers)
                    .allSatisfy(answer ->
                            assertThat(header(answer, "www-authenticate")).isEqualTo("Bearer"));
        }
    }

    @Test
    void aModelThatTheKeyMayNotUse() {
        JsonNode error = error(house.chat(house.key("{\"models\":[\"x\"]}"), "m"), 403, "key_model_access_denied");

        assertThat(error.path("message").asText()).contains("'m'").contains("x");
        assertThat(error.path("scope").asText()).isEqualTo("api_key");
    }

    @Test
    void aModelThatNobodyServes() {
        JsonNode error = error(house.chat(house.key("{}"), "nonesuch"), 400, "invalid_request_error");

        assertThat(error.path("message").asText()).contains("nonesuch");
        assertThat(error.path("param").asText()).isEqualTo("model");
    }

    @Test
    void aBadKeyIsToldSoBeforeABadRequest() {
        error(house.chat("sk-nobody-knows", "nonesuch"), 401, "token_not_found_in_db");
        error(house.post(PATH, "sk-nobody-knows", "{"), 401, "token_not_found_in_db");
    }

    static Stream<Arguments> malformed() {
        return Stream.of(
                Arguments.of("{", 400),
                Arguments.of("{\"model\":\"m\"}", 400),
                Arguments.of("{\"model\":1,\"messages\":[{}]}", 400),
                Arguments.of("{\"model\":\"m\",\"messages\":[{}],\"x\":" + "[".repeat(30) + "]".repeat(30) + "}", 400),
                Arguments.of("{\"model\":\"m\",\"x\":\"" + "a".repeat(101_000) + "\"}", 413));
    }

    @ParameterizedTest
    @MethodSource("malformed")
    void aBodyThatCannotBeServed(String body, int status) {
        error(house.post(PATH, house.key("{}"), body), status, "invalid_request_error");
    }

    @Test
    void aLimitOfRequests() {
        String key = house.key("{\"rpm_limit\":1}");
        house.chat(key, "m");

        HttpResponse<String> answer = house.chat(key, "m");

        JsonNode error = error(answer, 429, "rate_limit_error");
        assertThat(error.path("message").asText())
                .startsWith("Rate limit exceeded for api_key: " + PresentedKey.hash(key)
                        + ". Limit type: requests. Current limit: 1, Remaining: 0. Limit resets at: 20");
        assertThat(error.path("scope").asText()).isEqualTo("api_key");
        assertThat(error.path("limit").asInt()).isEqualTo(1);
        assertThat(error.path("reset_at").asText()).startsWith("20");
        assertThat(Integer.parseInt(header(answer, "retry-after"))).isBetween(1, 60);
        assertThat(header(answer, "x-ratelimit-limit-requests")).isEqualTo("1");
        assertThat(header(answer, "x-ratelimit-remaining-requests")).isEqualTo("0");
        assertThat(header(answer, "x-ratelimit-reset-requests")).endsWith("s");
        assertThat(header(answer, "x-ratelimit-api_key-remaining-requests")).isEqualTo("0");
    }

    @Test
    void aLimitOfTokens() {
        String body = House.body("m", false, ",\"max_tokens\":100");
        HttpResponse<String> never = house.post(PATH, house.key("{\"tpm_limit\":10}"), body);
        String need = never.body().replaceAll("(?s).*This request needs (\\d+),.*", "$1");
        String key = house.key("{\"tpm_limit\":" + need + "}");
        assertThat(house.post(PATH, key, body).statusCode()).isEqualTo(200);

        HttpResponse<String> answer = house.post(PATH, key, body);

        JsonNode error = error(answer, 429, "rate_limit_error");
        assertThat(error.path("message").asText())
                .contains("Limit type: tokens. Current limit: " + need + ", Remaining: ");
        assertThat(header(never, "retry-after")).isEmpty();
        assertThat(header(answer, "retry-after")).matches("[1-9]\\d*");
        assertThat(header(answer, "x-ratelimit-limit-tokens")).isEqualTo(need);
    }

    @Test
    void aLimitOfSlotsAndAPoolThatIsFull() throws IOException {
        String key = house.key("{\"max_parallel_requests\":1}");
        try (Socket running = house.socket()) {
            running.getOutputStream().write(House.rawChat(key, House.body("busy", false)));
            Sighting busy = house.witness().awaitArrived("mock-busy;stall=headers", House.PATIENCE);

            HttpResponse<String> slots = house.chat(key, "m");
            HttpResponse<String> pool = house.chat(house.key("{}"), "busy");

            JsonNode error = error(slots, 429, "rate_limit_error");
            assertThat(error.path("message").asText())
                    .contains("Limit type: max_parallel_requests. Current limit: 1, Remaining: 0.");
            assertThat(header(slots, "retry-after")).isEqualTo("1");
            assertThat(header(slots, "x-ratelimit-api_key-remaining-max_parallel_requests"))
                    .isEqualTo("0");
            error(pool, 503, "overloaded");
            assertThat(header(pool, "retry-after")).isEqualTo("1");
            assertThat(busy.end()).isEqualTo(Sighting.End.OPEN);
        }
        Awaitility.await()
                .until(() -> house.limit(key, "max_parallel_requests")
                                .path("committed")
                                .asInt()
                        == 0);
    }

    @Test
    void aBudget() {
        String key = house.key("{\"max_budget\":0.5}");

        HttpResponse<String> answer = house.post(PATH, key, House.body("m", false, ",\"max_tokens\":500"));

        JsonNode error = error(answer, 429, "budget_exceeded");
        assertThat(error.path("message").asText())
                .startsWith("Budget has been exceeded! Current cost: 0, Max budget: 0.5");
        assertThat(header(answer, "x-should-retry")).isEqualTo("false");
        assertThat(header(answer, "retry-after")).isEmpty();
    }

    static Stream<Arguments> upstreams() {
        return Stream.of(
                Arguments.of("unauthorized", 502, "upstream_auth_error"),
                Arguments.of("forbidden", 502, "upstream_auth_error"),
                Arguments.of("unreachable", 502, "upstream_error"),
                Arguments.of("resets", 502, "upstream_error"),
                Arguments.of("ends-early", 502, "upstream_error"),
                Arguments.of("no-json", 502, "upstream_error"),
                Arguments.of("stalls", 504, "timeout"));
    }

    @ParameterizedTest
    @MethodSource("upstreams")
    void aFailureBehindTheGateway(String model, int status, String type) {
        HttpResponse<String> answer = house.chat(house.key("{}"), model);

        error(answer, status, type);
        assertThat(answer.body()).doesNotContain("canary");
    }

    @Test
    void anErrorOfTheProvidersKeepsItsStatusAndBody() {
        String key = house.key("{}");

        HttpResponse<String> teapot = house.chat(key, "teapot");
        HttpResponse<String> broken = house.stream(key, "broken");
        HttpResponse<String> limited = house.chat(key, "limited");

        assertThat(teapot.statusCode()).isEqualTo(418);
        assertThat(teapot.body()).contains("brewing");
        assertThat(broken.statusCode()).isEqualTo(500);
        assertThat(broken.body()).contains("broken");
        assertThat(limited.statusCode()).isEqualTo(429);
        assertThat(header(limited, "retry-after")).isEqualTo("13");
    }

    @ParameterizedTest
    @org.junit.jupiter.params.provider.ValueSource(strings = {"breaks", "truncates"})
    void afterTheCommitTheErrorIsInTheStream(String model) {
        HttpResponse<String> answer = house.stream(house.key("{}"), model);

        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(answer.body()).contains("t2 ").doesNotContain("[DONE]");
        String last = answer.body().strip().lines().toList().getLast();
        JsonNode error = House.json(last.substring("data: ".length())).path("error");
        assertThat(error.path("type").asText()).isEqualTo("upstream_error");
        assertThat(error.path("code").asText()).isEqualTo("502");
    }

    @Test
    void pathsAndMethods() {
        error(house.get("/v1/nothing/here", House.MASTER), 404, "not_found_error");
        HttpResponse<String> method = house.get(PATH, House.MASTER);
        error(method, 405, "invalid_request_error");
        assertThat(header(method, "allow")).isEqualTo("POST");
    }

    @Test
    void aRequestIdIsEchoedAndARefusedOneToo() {
        assertThat(header(house.chat(house.key("{}"), "m", "x-request-id", "mine-1"), "x-litellm-call-id"))
                .isEqualTo("mine-1");
        assertThat(header(house.chat("sk-nobody", "m", "x-litellm-call-id", "mine-2"), "x-request-id"))
                .isEqualTo("mine-2");
    }
}
