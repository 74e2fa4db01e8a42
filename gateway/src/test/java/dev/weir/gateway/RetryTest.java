package dev.weir.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.weir.streams.mock.MockSettings;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.http.HttpResponse;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** A deployment that fails before its first content is replaced by another; one that fails later is not. */
class RetryTest {

    private static House house;
    private static String key;

    @BeforeAll
    static void open() throws IOException {
        int closed;
        try (ServerSocket free = new ServerSocket(0)) {
            closed = free.getLocalPort();
        }
        house = House.with(
                MockSettings.forTests(),
                pair("refused", "mock", "api_base: 'http://127.0.0.1:" + closed + "/v1'"),
                pair("failing", "mock;status=500"),
                pair("limited", "mock;status=429;retry-after=9"),
                pair("credential", "mock;status=401"),
                pair("reset", "mock;reset=headers"),
                pair("silent", "mock;stall=headers", "stream_timeout: 0.3", "timeout: 0.3"),
                pair("not-a-stream", "mock;fault=content-type=text/html"),
                pair("zipped", "mock;fault=gzip"),
                pair("truncated-at-once", "mock;end-after=0"),
                pair("broken-later", "mock;tokens=10;reset-after=4"),
                pair("bad-request", "mock;status=400"));
        key = house.key("{\"rpm_limit\":100000,\"max_parallel_requests\":4}");
    }

    /** A deployment that fails and is always tried first, and one of weight 0 that does not. */
    private static String pair(String name, String script, String... more) {
        String failing = House.model(name, script, more);
        if (more.length > 0 && more[0].startsWith("api_base")) {
            failing = failing.replaceFirst("      api_base: \\$\\{MOCK}\n", "");
        }
        return failing + House.model(name, "mock;tokens=5", "weight: 0");
    }

    @AfterAll
    static void close() {
        house.close();
    }

    static Stream<Arguments> beforeTheCommit() {
        return Stream.of(
                        "refused",
                        "failing",
                        "limited",
                        "credential",
                        "reset",
                        "silent",
                        "zipped",
                        "not-a-stream",
                        "truncated-at-once")
                .flatMap(model -> Stream.of(Arguments.of(model, true), Arguments.of(model, false)))
                .filter(arguments ->
                        !(arguments.get()[0].equals("truncated-at-once") && arguments.get()[1].equals(false)))
                .filter(arguments -> !(arguments.get()[0].equals("not-a-stream") && arguments.get()[1].equals(false)));
    }

    @ParameterizedTest(name = "{0}, streamed: {1}")
    @MethodSource("beforeTheCommit")
    void anotherDeploymentAnswers(String model, boolean stream) {
        String id = "retry-" + model + "-" + stream;
        int before = house.limit(key, "requests").path("committed").asInt();

        HttpResponse<String> answer =
                house.post("/v1/chat/completions", key, House.body(model, stream), "x-request-id", id);

        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
        assertThat(answer.body()).contains("t4 ");
        assertThat(answer.headers().firstValue("x-litellm-attempted-retries")).contains("1");
        int attempts = model.equals("refused") ? 1 : 2;
        JsonNode rows = house.rows(id, attempts);
        assertThat(rows).hasSize(attempts);
        assertThat(rows.findValuesAsText("outcome")).contains("completed");
        assertThat(rows.findValuesAsText("attempt")).doesNotHaveDuplicates();
        assertThat(house.limit(key, "requests").path("committed").asInt()).isEqualTo(before + 1);
        assertThat(house.limit(key, "max_parallel_requests").path("committed").asInt())
                .isZero();
    }

    @Test
    void afterTheFirstContentNothingIsRestarted() {
        HttpResponse<String> answer = house.stream(key, "broken-later");

        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(answer.body()).contains("t3 ").doesNotContain("t4 ").doesNotContain("[DONE]");
        assertThat(answer.body()).contains("data: {\"error\":{").contains("\"type\":\"upstream_error\"");
    }

    @Test
    void aRequestThatIsWrongForEverybodyIsNotTriedAgain() {
        HttpResponse<String> answer = house.chat(key, "bad-request");

        assertThat(answer.statusCode()).isEqualTo(400);
        assertThat(answer.headers().firstValue("x-litellm-attempted-retries")).contains("0");
    }
}
