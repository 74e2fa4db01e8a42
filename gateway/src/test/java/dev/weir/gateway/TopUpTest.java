package dev.weir.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.weir.streams.mock.MockSettings;
import dev.weir.streams.mock.Sighting;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Streams that need more than they held: they get it before a token of it is passed on, or end where it ends. */
class TopUpTest {

    private static House house(String meters) {
        return House.with(
                MockSettings.forTests(),
                House.model(
                        "m", "mock;tokens=5000;gap=1ms", "input_cost_per_token: 0.001", "output_cost_per_token: 0.001"),
                House.model("short", "mock;tokens=133"),
                House.model("failing", "mock;tokens=60;reset-after=40", "weight: 1"),
                House.model("failing", "other;tokens=60", "weight: 0"),
                "weir:\n  meters: {" + meters + "}\n");
    }

    private static JsonNode error(HttpResponse<String> stream) {
        String[] events = stream.body().strip().split("\n\n");
        return House.json(events[events.length - 1].substring("data: ".length()))
                .path("error");
    }

    /** The tokens that the client was given. */
    private static long tokens(HttpResponse<String> stream) {
        return stream.body()
                .lines()
                .filter(line -> line.contains("\"content\":\""))
                .count();
    }

    private static JsonNode limit(House house, String path, String root) {
        return House.json(house.get(path, House.MASTER))
                .path(root)
                .path("limits")
                .get(0);
    }

    @ParameterizedTest
    @CsvSource({
        "key, '\"tpm_limit\":3000', cut, 3000, rate_limit_error",
        "key, '\"tpm_limit\":3000', finish, 3150, rate_limit_error",
        "key, '\"max_budget\":3', cut, 3000, budget_exceeded",
        "team, '\"tpm_limit\":3000', cut, 3000, rate_limit_error",
        "team, '\"tpm_limit\":3000', finish, 3150, rate_limit_error",
        "team, '\"max_budget\":3', finish, 3150, budget_exceeded",
    })
    void aStreamEndsWhereItsLimitDoes(String whose, String limit, String onExhausted, long most, String type) {
        try (House house = house("on_exhausted: " + onExhausted)) {
            String key = key(house, whose, limit);

            HttpResponse<String> stream = house.stream(key, "m");

            assertThat(stream.statusCode()).isEqualTo(200);
            assertThat(stream.body()).doesNotContain("[DONE]");
            assertThat(error(stream).path("type").asText()).isEqualTo(type);
            assertThat(error(stream).path("scope").asText()).isEqualTo(whose.equals("key") ? "api_key" : whose);
            assertThat(tokens(stream)).isBetween(2_500L, most);
            Sighting seen =
                    house.witness().await(sighting -> sighting.end() == Sighting.End.CLOSED_BY_PEER, House.PATIENCE);
            assertThat(seen.tokens()).isLessThan(5_000);
            JsonNode rows =
                    house.rows(stream.headers().firstValue("x-request-id").orElseThrow(), 1);
            assertThat(rows.get(0).path("outcome").asText()).isEqualTo("cut");
            assertThat(rows.get(0).path("completion_tokens").asLong()).isGreaterThanOrEqualTo(tokens(stream));
        }
    }

    private static String key(House house, String whose, String limit) {
        if (whose.equals("key")) {
            return house.key("{" + limit + "}");
        }
        house.post("/team/new", House.MASTER, "{\"team_id\":\"t\"," + limit + "}");
        return house.key("{\"team_id\":\"t\"}");
    }

    @Test
    void aHoldGrowsWithItsStreamAndShrinksToWhatWasUsed() {
        try (House house = house("on_exhausted: cut")) {
            String key = house.key("{\"tpm_limit\":100000}");
            CompletableFuture<HttpResponse<String>> stream =
                    house.postAsync("/v1/chat/completions", key, House.body("m", true));

            List<Long> held = new ArrayList<>();
            Awaitility.await().until(() -> {
                held.add(limit(house, "/key/info?key=" + key, "info")
                        .path("held")
                        .asLong());
                return held.stream().anyMatch(each -> each > 4_000);
            });
            stream.join();

            assertThat(held).isSorted();
            assertThat(held.getFirst()).isLessThan(2_000);
            Awaitility.await().untilAsserted(() -> {
                JsonNode limit = limit(house, "/key/info?key=" + key, "info");
                assertThat(limit.path("held").asLong()).isZero();
                assertThat(limit.path("committed").asLong()).isBetween(5_000L, 5_100L);
            });
        }
    }

    @Test
    void aStreamThatHoldsItsMostIsNeverCut() {
        try (House house = house("on_exhausted: cut, reservation: max")) {
            String key = house.key("{\"tpm_limit\":8000}");

            HttpResponse<String> stream =
                    house.post("/v1/chat/completions", key, House.body("m", true, ",\"max_tokens\":6000"));
            HttpResponse<String> second =
                    house.post("/v1/chat/completions", key, House.body("m", true, ",\"max_tokens\":6000"));

            assertThat(stream.body()).contains("[DONE]");
            assertThat(second.statusCode()).isEqualTo(429);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"cut", "finish"})
    void manyStreamsTogetherStayWithinLimitAndOverage(String onExhausted) {
        try (House house = house("default_output: 20, on_exhausted: " + onExhausted)) {
            String key = house.key("{\"tpm_limit\":2000}");
            List<CompletableFuture<HttpResponse<String>>> streams = new ArrayList<>();
            for (int i = 0; i < 50; i++) {
                streams.add(house.postAsync("/v1/chat/completions", key, House.body("short", true)));
            }

            List<HttpResponse<String>> answers =
                    streams.stream().map(CompletableFuture::join).toList();

            long admitted = answers.stream()
                    .filter(answer -> answer.statusCode() == 200)
                    .count();
            long passed = answers.stream()
                    .filter(answer -> answer.statusCode() == 200)
                    .mapToLong(TopUpTest::tokens)
                    .sum();
            assertThat(admitted).isPositive();
            assertThat(passed).isLessThanOrEqualTo(onExhausted.equals("cut") ? 2_000 : 2_100);
            assertThat(answers).filteredOn(answer -> answer.statusCode() != 200).allMatch(a -> a.statusCode() == 429);
            Awaitility.await()
                    .untilAsserted(() -> assertThat(limit(house, "/key/info?key=" + key, "info")
                                    .path("held")
                                    .asLong())
                            .isZero());
        }
    }

    @Test
    void aFailedAttemptIsPaidForBesideTheNextOne() {
        try (House house = house("on_exhausted: cut")) {
            String key = house.key("{\"tpm_limit\":100000}");

            HttpResponse<String> call = house.chat(key, "failing");

            assertThat(call.statusCode()).isIn(200, 502);
            String request = call.headers().firstValue("x-request-id").orElseThrow();
            Awaitility.await().untilAsserted(() -> {
                JsonNode rows = house.visitor().attempts("request_id=" + request);
                long sum = 0;
                for (JsonNode row : rows) {
                    sum += row.path("total_tokens").asLong();
                }
                assertThat(limit(house, "/key/info?key=" + key, "info")
                                .path("committed")
                                .asLong())
                        .isEqualTo(sum);
            });
        }
    }
}
