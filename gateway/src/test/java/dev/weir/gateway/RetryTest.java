package dev.weir.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.weir.streams.mock.MockSettings;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Another deployment answers as long as nothing was promised to the client, and the client is charged one request. */
class RetryTest {

    private static House house;

    /** A first deployment that fails, and a second that does not and is only for retries. */
    private static String group(String name, String firstScript, String... more) {
        return House.model(name, "first-" + name + ";" + firstScript, more)
                + House.model(name, "second-" + name + ";tokens=7", "weight: 0");
    }

    @BeforeAll
    static void open() throws IOException {
        String refused;
        try (ServerSocket socket = new ServerSocket(0)) {
            refused = "http://127.0.0.1:" + socket.getLocalPort() + "/v1";
        }
        String unreachable = House.model("refused", "first-refused").replace("${MOCK}", refused)
                + House.model("refused", "second-refused;tokens=7", "weight: 0");
        house = House.with(
                MockSettings.forTests(),
                unreachable,
                group("error", "status=500"),
                group("limit", "status=429;retry-after=9"),
                group("credential", "status=401"),
                group("reset", "reset=headers"),
                group("silent-call", "stall=headers", "timeout: 0.4"),
                group("silent-stream", "stall=headers", "stream_timeout: 0.4"),
                group("no-content", "early-headers;latency=60s", "stream_timeout: 0.4"),
                group("empty", "end-after=0"),
                group("html", "fault=content-type=text/html"),
                group("mid-stream", "tokens=9;reset-after=3"),
                group("clients-fault", "status=400"),
                group("good", "tokens=3"),
                House.model("hopeless", "hopeless-a;status=503") + House.model("hopeless", "hopeless-b;status=503"));
    }

    @AfterAll
    static void close() {
        house.close();
    }

    static Stream<Arguments> failures() {
        return Stream.of(
                        "refused",
                        "error",
                        "limit",
                        "credential",
                        "reset",
                        "silent-call",
                        "silent-stream",
                        "no-content",
                        "empty",
                        "html")
                .flatMap(name -> Stream.of(Arguments.of(name, false), Arguments.of(name, true)))
                .filter(RetryTest::applies);
    }

    /** These are about what a stream begins with, or how long one waits for it. */
    private static boolean applies(Arguments arguments) {
        boolean stream = (boolean) arguments.get()[1];
        return stream
                || !List.of("silent-stream", "no-content", "empty", "html")
                        .contains((String) arguments.get()[0]);
    }

    @ParameterizedTest(name = "{0}, stream {1}")
    @MethodSource("failures")
    void theSecondDeploymentAnswers(String model, boolean stream) {
        String key = house.key("{\"rpm_limit\":10,\"max_parallel_requests\":1}");
        String id = "retry-" + model + "-" + stream;

        HttpResponse<String> answer =
                stream ? house.stream(key, model, "x-request-id", id) : house.chat(key, model, "x-request-id", id);

        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
        assertThat(answer.body()).contains("t6 ").doesNotContain("\"error\"");
        assertThat(answer.headers().firstValue("x-litellm-attempted-retries")).hasValue("1");
        List<String> expected = expected(model);
        JsonNode rows = house.rows(id, expected.size());
        assertThat(outcomes(rows)).containsExactlyInAnyOrderElementsOf(expected);
        assertThat(StreamSupport.stream(rows.spliterator(), false)
                        .map(row -> row.path("model_id").asText())
                        .distinct())
                .hasSize(expected.size());
        assertThat(house.limit(key, "requests").path("committed").asInt()).isEqualTo(1);
        assertThat(house.chat(key, "good").statusCode()).isEqualTo(200);
        JsonNode calls = House.json(house.get("/spend/logs?request_id=" + id, House.MASTER));
        assertThat(calls)
                .singleElement()
                .satisfies(call -> assertThat(call.path("outcome").asText()).isEqualTo("completed"));
    }

    /** A deployment that takes no connection was sent nothing, and nothing was begun there: it has no row. */
    private static List<String> expected(String model) {
        return switch (model) {
            case "refused" -> List.of("completed");
            case "silent-call", "silent-stream", "no-content" -> List.of("timed_out", "completed");
            default -> List.of("upstream_failed", "completed");
        };
    }

    private static List<String> outcomes(JsonNode rows) {
        return StreamSupport.stream(rows.spliterator(), false)
                .map(row -> row.path("outcome").asText())
                .toList();
    }

    @Test
    void nothingIsStartedAnewBehindTheFirstContent() {
        HttpResponse<String> answer = house.stream(house.key("{}"), "mid-stream", "x-request-id", "mid-stream");

        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(answer.body())
                .contains("t2 ")
                .contains("\"type\":\"upstream_error\"")
                .doesNotContain("[DONE]");
        assertThat(house.witness().ofModel("second-mid-stream;tokens=7")).isEmpty();
        assertThat(outcomes(house.rows("mid-stream", 1))).containsExactly("upstream_failed");
    }

    @Test
    void aMistakeOfTheClientsIsNotRepeated() {
        HttpResponse<String> answer = house.chat(house.key("{}"), "clients-fault");

        assertThat(answer.statusCode()).isEqualTo(400);
        assertThat(answer.headers().firstValue("x-litellm-attempted-retries")).hasValue("0");
        assertThat(house.witness().ofModel("second-clients-fault;tokens=7")).isEmpty();
    }

    @Test
    void aWeightOfZeroTakesNoFirstAttempts() {
        String key = house.key("{}");
        for (int i = 0; i < 30; i++) {
            house.chat(key, "good");
        }

        assertThat(house.witness().ofModel("second-good;tokens=7")).isEmpty();
    }

    @Test
    void whenAllFailTheLastAnswerIsPassedOn() {
        HttpResponse<String> answer = house.chat(house.key("{}"), "hopeless", "x-request-id", "hopeless");

        assertThat(answer.statusCode()).isEqualTo(503);
        assertThat(answer.headers().firstValue("x-litellm-attempted-retries")).hasValue("1");
        assertThat(outcomes(house.rows("hopeless", 2))).containsExactly("upstream_failed", "upstream_failed");
    }
}
