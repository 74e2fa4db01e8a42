package dev.weir.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.streams.mock.MockSettings;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Limits through the door: exact under any concurrency, free for whoever is refused. */
class LimitsTest {

    private static House house;

    @BeforeAll
    static void open() {
        house = House.with(
                MockSettings.forTests(),
                House.model("m", "mock;tokens=10", "input_cost_per_token: 0.001", "output_cost_per_token: 0.001"),
                House.model("slow", "mock;latency=700ms"),
                House.model("unpriced", "mock"),
                House.model("down", "mock;reset=headers"));
    }

    @AfterAll
    static void close() {
        house.close();
    }

    private static String header(HttpResponse<String> response, String name) {
        return response.headers().firstValue(name).orElse("");
    }

    @Test
    void theFirstCallOfAKeyWithFiveLeavesFour() {
        String key = house.key("{\"rpm_limit\":5}");

        List<String> remaining = IntStream.range(0, 5)
                .mapToObj(i -> header(house.chat(key, "m"), "x-ratelimit-remaining-requests"))
                .toList();

        assertThat(remaining).containsExactly("4", "3", "2", "1", "0");
    }

    @Test
    void theRefusalNamesTheLimitAndWhenItResets() {
        String key = house.key("{\"rpm_limit\":1}");
        house.chat(key, "m");

        HttpResponse<String> refused = house.chat(key, "m");

        assertThat(refused.statusCode()).isEqualTo(429);
        assertThat(Integer.parseInt(header(refused, "retry-after"))).isBetween(1, 60);
        assertThat(House.json(refused).path("error").path("message").asText())
                .startsWith("Rate limit exceeded for api_key: ")
                .contains("Limit type: requests. Current limit: 1, Remaining: 0. Limit resets at: ");
        assertThat(header(refused, "x-ratelimit-api_key-limit-requests")).isEqualTo("1");
    }

    @Test
    void fiveHundredLastBytesTogetherAdmitExactlyTheLimit() throws IOException {
        int limit = 100;
        String key = house.key("{\"rpm_limit\":" + limit + "}");
        byte[] request = House.rawChat(key, House.body("m", false), "Connection: close");
        long before = house.witness().totals().requests();
        List<Socket> sockets = new ArrayList<>();
        for (int i = 0; i < 500; i++) {
            Socket socket = house.socket();
            socket.setSoTimeout(30_000);
            socket.getOutputStream().write(request, 0, request.length - 1);
            sockets.add(socket);
        }

        for (Socket socket : sockets) {
            socket.getOutputStream().write(request, request.length - 1, 1);
        }

        int admitted = 0;
        int refused = 0;
        for (Socket socket : sockets) {
            String status = statusOf(socket);
            admitted += status.equals("200") ? 1 : 0;
            refused += status.equals("429") ? 1 : 0;
            socket.close();
        }
        assertThat(admitted).isEqualTo(limit);
        assertThat(refused).isEqualTo(500 - limit);
        assertThat(house.witness().totals().requests() - before).isEqualTo(limit);
        assertThat(house.limit(key, "requests").path("committed").asInt()).isEqualTo(limit);
    }

    private static String statusOf(Socket socket) throws IOException {
        InputStream in = socket.getInputStream();
        byte[] head = in.readNBytes(12);
        return new String(head, StandardCharsets.US_ASCII).substring(9);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aSlotIsFreeBeforeItsClientHasReadTheLastByte(boolean stream) {
        String key = house.key("{\"max_parallel_requests\":1}");

        for (int i = 0; i < 1_000; i++) {
            HttpResponse<String> answer = stream ? house.stream(key, "m") : house.chat(key, "m");
            assertThat(answer.statusCode()).as("call %d: %s", i, answer.body()).isEqualTo(200);
        }
    }

    @Test
    void callsInFlightAreBounded() {
        String key = house.key("{\"max_parallel_requests\":2}");
        var running = List.of(
                house.postAsync("/v1/chat/completions", key, House.body("slow", false)),
                house.postAsync("/v1/chat/completions", key, House.body("slow", false)));
        Awaitility.await()
                .until(() -> house.limit(key, "max_parallel_requests")
                                .path("committed")
                                .asInt()
                        == 2);

        HttpResponse<String> third = house.chat(key, "m");

        assertThat(third.statusCode()).isEqualTo(429);
        assertThat(third.body()).contains("max_parallel_requests");
        assertThat(running)
                .allSatisfy(call -> assertThat(call.join().statusCode()).isEqualTo(200));
        assertThat(house.chat(key, "m").statusCode()).isEqualTo(200);
    }

    @Test
    void tokensAreHeldByTheirBoundAndSettledByTheirUse() {
        String key = house.key("{\"tpm_limit\":10000}");

        HttpResponse<String> answer =
                house.post("/v1/chat/completions", key, House.body("m", false, ",\"max_tokens\":50"));

        long used = House.json(answer).path("usage").path("total_tokens").asLong();
        Awaitility.await().until(() -> house.limit(key, "tokens").path("held").asLong() == 0);
        assertThat(house.limit(key, "tokens").path("committed").asLong()).isEqualTo(used);
    }

    @Test
    void aRequestLargerThanItsLimitIsToldThatWaitingDoesNotHelp() {
        String key = house.key("{\"tpm_limit\":100}");

        HttpResponse<String> refused =
                house.post("/v1/chat/completions", key, House.body("m", false, ",\"max_tokens\":5000"));

        assertThat(refused.statusCode()).isEqualTo(429);
        assertThat(refused.headers().firstValue("retry-after")).isEmpty();
        assertThat(refused.body()).contains("more than the limit ever has");
    }

    @Test
    void aBudgetIsSpentExactlyAndThenRefused() {
        String key = house.key("{\"max_budget\":0.2,\"budget_duration\":\"1d\"}");
        String body = House.body("m", false, ",\"max_tokens\":10");
        int admitted = 0;
        HttpResponse<String> answer = house.post("/v1/chat/completions", key, body);
        double cost = House.json(answer).path("usage").path("total_tokens").asInt() / 1_000.0;
        assertThat(Double.parseDouble(header(answer, "x-litellm-response-cost")))
                .isEqualTo(cost);
        while (answer.statusCode() == 200 && admitted < 100) {
            admitted++;
            answer = house.post("/v1/chat/completions", key, body);
        }

        assertThat(answer.statusCode()).isEqualTo(429);
        assertThat(header(answer, "x-should-retry")).isEqualTo("false");
        assertThat(House.json(answer).path("error").path("type").asText()).isEqualTo("budget_exceeded");
        assertThat(answer.body()).contains("Budget has been exceeded! Current cost: ");
        assertThat(house.limit(key, "budget").path("committed").asDouble())
                .isEqualTo(Math.round(admitted * cost * 1e9) / 1e9);
    }

    @Test
    void aModelWithoutAPriceIsRefusedToAKeyWithABudget() {
        String key = house.key("{\"max_budget\":5}");

        HttpResponse<String> refused = house.chat(key, "unpriced");

        assertThat(refused.statusCode()).isEqualTo(403);
        assertThat(House.json(refused).path("error").path("type").asText()).isEqualTo("model_not_priced");
    }

    @Test
    void aRefusedCallMovesNoCounter() {
        String key = house.key("{\"rpm_limit\":10,\"tpm_limit\":20}");

        HttpResponse<String> refused = house.chat(key, "m");

        assertThat(refused.statusCode()).isEqualTo(429);
        assertThat(house.limit(key, "requests").path("committed").asInt()).isZero();
        assertThat(house.limit(key, "tokens").path("committed").asInt()).isZero();
    }

    @Test
    void aThousandCallsWithOneRequestIdAreAThousandRows() {
        String key = house.key("{}");
        String id = "the-same-" + System.nanoTime();

        for (int i = 0; i < 1_000; i++) {
            house.post("/v1/chat/completions", key, House.body("m", false), "x-request-id", id);
        }

        assertThat(house.rows(id, 1_000)).hasSize(1_000);
    }

    @Test
    void anUnroutableModelCostsNothing() {
        String key = house.key("{\"rpm_limit\":5}");

        house.chat(key, "nonesuch");
        house.post("/v1/chat/completions", key, "{not json");

        assertThat(house.limit(key, "requests").path("committed").asInt()).isZero();
    }
}
