package dev.weir.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.weir.streams.mock.MockSettings;
import java.net.http.HttpResponse;
import java.util.concurrent.CompletableFuture;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Streams that outlive what they began with: their meter's idleness, their key, their window. */
class LongStreamsTest {

    private static House house;

    @BeforeAll
    static void open() {
        house = House.with(
                MockSettings.forTests(),
                House.model("silent", "mock;tokens=10;gap=300ms"),
                House.model("m", "mock;tokens=10"),
                "weir:\n  meters: {passivate_after: 200ms}\n");
    }

    @AfterAll
    static void close() {
        house.close();
    }

    private static JsonNode limit(String key, String scope, String type) {
        for (JsonNode limit : house.info(key).path("limits")) {
            if (limit.path("scope").asText().equals(scope)
                    && limit.path("limit_type").asText().equals(type)) {
                return limit;
            }
        }
        throw new AssertionError("no " + type + " of " + scope);
    }

    @Test
    void aSilentStreamKeepsItsMeterAndItsSlot() {
        house.post("/team/new", House.MASTER, "{\"team_id\":\"quiet\",\"max_parallel_requests\":1}");
        String key = house.key("{\"team_id\":\"quiet\",\"max_parallel_requests\":1,\"tpm_limit\":10000}");
        CompletableFuture<HttpResponse<String>> stream =
                house.postAsync("/v1/chat/completions", key, House.body("silent", true));
        Awaitility.await()
                .until(() ->
                        limit(key, "team", "max_parallel_requests").path("held").asInt() == 1);

        int refused = 0;
        while (!stream.isDone()) {
            refused += house.chat(key, "m").statusCode() == 429 ? 1 : 0;
        }

        assertThat(stream.join().body()).contains("[DONE]");
        assertThat(refused).isPositive();
        assertThat(house.chat(key, "m").statusCode()).isEqualTo(200);
        Awaitility.await()
                .untilAsserted(() -> assertThat(
                                limit(key, "api_key", "tokens").path("held").asLong())
                        .isZero());
        assertThat(limit(key, "team", "max_parallel_requests").path("committed").asInt())
                .isZero();
    }

    @Test
    void aKeyThatIsMadeAnewOwesNothingOfItsNamesakesStream() {
        String secret = "sk-made-twice-4711";
        String fields = "{\"key\":\"" + secret + "\",\"tpm_limit\":10000}";
        house.post("/key/generate", House.MASTER, fields);
        CompletableFuture<HttpResponse<String>> stream =
                house.postAsync("/v1/chat/completions", secret, House.body("silent", true));
        Awaitility.await()
                .until(() -> limit(secret, "api_key", "tokens").path("held").asLong() > 0);

        house.post("/key/delete", House.MASTER, "{\"keys\":[\"" + secret + "\"]}");
        assertThat(house.chat(secret, "m").statusCode()).isEqualTo(401);
        house.post("/key/generate", House.MASTER, fields);
        stream.join();

        assertThat(house.chat(secret, "m").statusCode()).isEqualTo(200);
        long ofOneCall = House.json(house.chat(secret, "m"))
                .path("usage")
                .path("total_tokens")
                .asLong();
        Awaitility.await()
                .untilAsserted(() -> assertThat(limit(secret, "api_key", "tokens")
                                .path("committed")
                                .asLong())
                        .isEqualTo(2 * ofOneCall));
    }
}
