package dev.weir.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.streams.mock.MockSettings;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

/** More end users than there is room for: alone in its class, because metrics are the process's. */
class CrowdedEndUsersTest {

    @Test
    void manyMoreThanThereIsRoomForCostNothingMore() {
        WindowsTest.WallClock clock = new WindowsTest.WallClock("2026-11-20T10:00:00Z");
        try (House own = House.by(
                clock,
                MockSettings.forTests(),
                House.model("m", "mock;tokens=10"),
                "weir:\n  meters: {end_users: 256}\n")) {
            String key = own.key("{\"end_user_limits\":{\"rpm_limit\":5}}");
            Set<Integer> codes = new HashSet<>();
            List<String> inside = new ArrayList<>();
            for (int i = 0; i < 3_000; i++) {
                HttpResponse<String> answer =
                        own.post("/v1/chat/completions", key, House.body("m", false, ",\"user\":\"user-" + i + "\""));
                codes.add(answer.statusCode());
                if (answer.statusCode() == 200) {
                    inside.add("user-" + i);
                } else {
                    assertThat(answer.body()).contains("limits each end user", "weir.meters.end_users");
                    assertThat(answer.headers().firstValue("retry-after")).isPresent();
                }
            }
            assertThat(codes).containsExactlyInAnyOrder(200, 429);
            assertThat(inside).hasSizeBetween(256, 2 * 256);
            Awaitility.await()
                    .untilAsserted(() -> assertThat(own.get("/metrics", null).body())
                            .contains("weir_degraded{mode=\"end_users\"} 1"));
            assertThat(own.get("/health/readiness", null).statusCode()).isEqualTo(200);

            String known = House.body("m", false, ",\"user\":\"" + inside.getFirst() + "\"");
            List<Integer> ofKnown = new ArrayList<>();
            for (int i = 0; i < 5; i++) {
                ofKnown.add(own.post("/v1/chat/completions", key, known).statusCode());
            }
            assertThat(ofKnown).containsExactly(200, 200, 200, 200, 429);

            clock.step(Duration.ofMinutes(3));
            String late = House.body("m", false, ",\"user\":\"user-2999\"");
            Awaitility.await()
                    .untilAsserted(() -> assertThat(
                                    own.post("/v1/chat/completions", key, late).statusCode())
                            .isEqualTo(200));
        }
    }
}
