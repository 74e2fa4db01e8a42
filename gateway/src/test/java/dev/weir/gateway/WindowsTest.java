package dev.weir.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.weir.streams.mock.MockSettings;
import java.net.http.HttpResponse;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

/** Windows that end, by a clock that the test sets: through the door, with the same calls as ever. */
class WindowsTest {

    static final class WallClock extends Clock {
        private volatile Instant now;

        WallClock(String now) {
            this.now = Instant.parse(now);
        }

        void set(String to) {
            now = Instant.parse(to);
        }

        void step(Duration by) {
            now = now.plus(by);
        }

        @Override
        public Instant instant() {
            return now;
        }

        @Override
        public ZoneId getZone() {
            return ZoneOffset.UTC;
        }

        @Override
        public Clock withZone(ZoneId zone) {
            throw new UnsupportedOperationException(); // zones are configured: who asked a clock for one would be wrong
        }
    }

    private static House house(Clock clock) {
        return House.by(
                clock,
                MockSettings.forTests(),
                House.model("m", "mock;tokens=10", "input_cost_per_token: 0.001", "output_cost_per_token: 0.001"),
                House.model("slow", "mock;tokens=1000;gap=3ms"),
                "litellm_settings: {timezone: Europe/Berlin}\n",
                "weir:\n  meters: {on_exhausted: cut, default_output: 50}\n");
    }

    private static HttpResponse<String> call(House house, String key) {
        return house.post("/v1/chat/completions", key, House.body("m", false, ",\"max_tokens\":10"));
    }

    /** Calls until a limit says no. Returns how many were let through. */
    private static int spend(House house, String key) {
        for (int calls = 0; calls < 1_000; calls++) {
            HttpResponse<String> answer = call(house, key);
            if (answer.statusCode() != 200) {
                assertThat(answer.statusCode()).isEqualTo(429);
                return calls;
            }
        }
        throw new AssertionError("no limit says no");
    }

    private static JsonNode limit(House house, String key, String window) {
        for (JsonNode limit : house.info(key).path("limits")) {
            if (limit.path("window").asText().equals(window)) {
                return limit;
            }
        }
        throw new AssertionError("no limit of " + window);
    }

    private static double committed(House house, String key, String window) {
        return limit(house, key, window).path("committed").asDouble();
    }

    @Test
    void aDayEndsAtMidnightOfTheZoneAndAMonthGoesOn() {
        WallClock clock = new WallClock("2026-03-28T20:00:00Z");
        try (House house = house(clock)) {
            String key = house.key("{\"budget_limits\":[{\"budget_duration\":\"1d\",\"max_budget\":0.5},"
                    + "{\"budget_duration\":\"1mo\",\"max_budget\":2}]}");
            assertThat(spend(house, key)).isPositive();
            double first = committed(house, key, "1d");
            assertThat(first).isPositive().isLessThanOrEqualTo(0.5);
            assertThat(committed(house, key, "1mo")).isEqualTo(first);

            clock.set("2026-03-28T22:59:59.999Z");
            assertThat(call(house, key).statusCode()).isEqualTo(429);
            clock.set("2026-03-28T23:00:00Z");
            assertThat(call(house, key).statusCode()).isEqualTo(200);

            assertThat(committed(house, key, "1d")).isLessThan(first);
            assertThat(committed(house, key, "1mo")).isGreaterThan(first);
            assertThat(limit(house, key, "1d").path("reset").asText())
                    .as("a day of 23 hours: clocks go forward")
                    .isEqualTo("2026-03-29T22:00:00Z");
            assertThat(limit(house, key, "1mo").path("reset").asText()).isEqualTo("2026-03-31T22:00:00Z");
            spend(house, key);
            clock.set("2026-03-29T21:59:59.999Z");
            assertThat(call(house, key).statusCode()).isEqualTo(429);
            clock.set("2026-03-29T22:00:00Z");
            assertThat(call(house, key).statusCode()).isEqualTo(200);
            assertThat(committed(house, key, "1mo")).isGreaterThan(2 * first);
        }
    }

    @Test
    void aClockThatStepsOpensNoWindowTwice() {
        WallClock clock = new WallClock("2026-05-10T10:00:00Z");
        try (House house = house(clock)) {
            String key = house.key("{\"max_budget\":0.5,\"budget_duration\":\"1d\"}");
            int once = spend(house, key);

            clock.step(Duration.ofSeconds(-5));
            assertThat(spend(house, key)).isZero();
            clock.step(Duration.ofSeconds(10));
            assertThat(spend(house, key)).isZero();
            clock.step(Duration.ofDays(1));
            assertThat(spend(house, key)).isEqualTo(once);
            clock.step(Duration.ofDays(-1));
            assertThat(spend(house, key)).isZero();
            house.restart();
            assertThat(spend(house, key)).isZero();
            clock.step(Duration.ofDays(1));
            assertThat(spend(house, key)).isZero();
        }
    }

    @Test
    void aStreamThroughManyWindowsStaysWithinEach() {
        WallClock clock = new WallClock("2026-05-10T10:00:00Z");
        try (House house = house(clock)) {
            String key = house.key("{\"tpm_limit\":400}");
            CompletableFuture<HttpResponse<String>> stream =
                    house.postAsync("/v1/chat/completions", key, House.body("slow", true));
            List<Long> seen = new ArrayList<>();
            int windows = 1;
            while (!stream.isDone()) {
                long used = (long) committed(house, key, "60s");
                seen.add(used);
                if (used > 300) {
                    clock.step(Duration.ofSeconds(61));
                    windows++;
                }
            }

            assertThat(stream.join().body()).contains("[DONE]");
            assertThat(windows).isGreaterThan(2);
            assertThat(seen).allMatch(used -> used <= 400);
            Awaitility.await().until(() -> limit(house, key, "60s").path("held").asLong() == 0);
            long before = (long) committed(house, key, "60s");
            assertThat(before).isBetween(0L, 400L);
            int calls = spend(house, key);
            assertThat(calls).isPositive();
            assertThat(committed(house, key, "60s")).isBetween(before + 1.0, 400.0);
        }
    }
}
