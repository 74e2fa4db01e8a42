package dev.weir.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.streams.mock.MockSettings;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

/** A deployment whose connections are all in use says so at once, and a refused call costs nothing. */
class FullPoolTest {

    @Test
    void withOneConnectionAndNoQueueOneOfAHundredIsServed() {
        try (House house = House.with(
                MockSettings.forTests(),
                House.model("m", "mock;latency=1s"),
                "\nweir:\n  upstream: {max_connections: 1, max_queue: 0}\n")) {
            String key = house.key("{\"rpm_limit\":1000,\"max_parallel_requests\":1000}");

            List<CompletableFuture<HttpResponse<String>>> calls = IntStream.range(0, 100)
                    .mapToObj(i -> house.postAsync("/v1/chat/completions", key, House.body("m", false)))
                    .toList();
            List<HttpResponse<String>> answers =
                    calls.stream().map(CompletableFuture::join).toList();

            assertThat(answers).filteredOn(answer -> answer.statusCode() == 200).hasSize(1);
            assertThat(answers)
                    .filteredOn(answer -> answer.statusCode() == 503)
                    .hasSize(99)
                    .allSatisfy(answer -> {
                        assertThat(answer.headers().firstValue("retry-after")).contains("1");
                        assertThat(House.json(answer).path("error").path("type").asText())
                                .isEqualTo("overloaded");
                    });
            assertThat(house.witness().totals().requests()).isEqualTo(1);
            Awaitility.await()
                    .until(() -> house.limit(key, "max_parallel_requests")
                                    .path("committed")
                                    .asInt()
                            == 0);
            assertThat(house.limit(key, "requests").path("committed").asInt()).isEqualTo(1);
        }
    }

    @Test
    void aCallThatWaitsTooLongForAConnectionIsRefused() {
        try (House house = House.with(
                MockSettings.forTests(),
                House.model("m", "mock;latency=1s"),
                "\nweir:\n  upstream: {max_connections: 1, max_queue: 10, queue_timeout: 200ms}\n")) {
            String key = house.key("{}");
            var first = house.postAsync("/v1/chat/completions", key, House.body("m", false));
            house.witness().awaitArrived("mock;latency=1s", House.PATIENCE);

            HttpResponse<String> second = house.chat(key, "m");

            assertThat(second.statusCode()).isEqualTo(503);
            assertThat(first.join().statusCode()).isEqualTo(200);
        }
    }

    @Test
    void aCallThatWaitsGetsTheConnectionThatComesFree() {
        try (House house = House.with(
                MockSettings.forTests(),
                House.model("m", "mock;latency=200ms"),
                "\nweir:\n  upstream: {max_connections: 2, max_queue: 10}\n")) {
            String key = house.key("{}");

            List<CompletableFuture<HttpResponse<String>>> calls = IntStream.range(0, 8)
                    .mapToObj(i -> house.postAsync("/v1/chat/completions", key, House.body("m", i % 2 == 0)))
                    .toList();

            assertThat(calls)
                    .allSatisfy(call -> assertThat(call.join().statusCode()).isEqualTo(200));
            assertThat(house.witness().totals().openConnections()).isLessThanOrEqualTo(2);
        }
    }
}
