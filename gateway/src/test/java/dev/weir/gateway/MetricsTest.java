package dev.weir.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.gateway.telemetry.Metric;
import dev.weir.streams.mock.MockSettings;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

/** What a scrape shows. */
class MetricsTest {

    @Test
    void everyMetricIsThereAfterSomeCallsAndNamesNoClient() {
        try (House house = House.with(
                MockSettings.forTests(),
                House.model("metered", "mock", "input_cost_per_token: 0.001", "output_cost_per_token: 0.001"))) {
            String key = house.key("{\"rpm_limit\":2,\"key_alias\":\"somebody\"}");
            house.chat(key, "metered");
            house.stream(key, "metered");
            house.chat(key, "metered");
            house.chat(key, "what-a-client-typed");

            Awaitility.await()
                    .atMost(House.PATIENCE)
                    .until(() -> house.get("/metrics", null)
                            .body()
                            .contains("weir_calls_total{group=\"metered\",outcome=\"completed\"} 2.0"));

            String scrape = house.get("/metrics", null).body();
            for (Metric metric : Metric.values()) {
                assertThat(scrape).contains(name(metric));
            }
            assertThat(scrape)
                    .contains("weir_refusals_total{kind=\"rate_limited\"}")
                    .contains("weir_call_duration_seconds_bucket")
                    .doesNotContain("somebody")
                    .doesNotContain("what-a-client-typed")
                    .doesNotContain(key);
        }
    }

    private static String name(Metric metric) {
        return switch (metric) {
            case CALLS -> "weir_calls_total";
            case REFUSALS -> "weir_refusals_total";
            case TOKENS -> "weir_tokens_total";
            case SPEND -> "weir_spend_nanousd_total";
            case ATTEMPTS -> "weir_attempts_total";
            case IN_FLIGHT -> "weir_calls_in_flight";
            case CONNECTIONS -> "weir_connections";
            case CALL_SECONDS -> "weir_call_duration_seconds";
            case FIRST_CONTENT_SECONDS -> "weir_first_content_seconds";
            case PERMITS_IN_USE -> "weir_pool_in_use";
            case POOL_WAITING -> "weir_pool_waiting";
            case UNSETTLED -> "weir_meters_unsettled";
            case ACCESS_LOG_LOST -> "weir_access_log_lost_total";
            case JOURNAL_USED -> "weir_journal_used_bytes";
            case DEGRADED -> "weir_degraded";
        };
    }

    @Test
    void withAManagementPortTheFrontDoorHasNoMetrics() {
        try (House house =
                House.with(MockSettings.forTests(), House.model("m", "mock"), "\nweir:\n  management: {port: 0}\n")) {
            assertThat(house.get("/metrics", null).statusCode()).isEqualTo(404);
            assertThat(house.get("/health/readiness", null).statusCode()).isEqualTo(200);
            String inner = "http://127.0.0.1:" + house.weir().managementPort();
            assertThat(get(inner + "/metrics").statusCode()).isEqualTo(200);
            assertThat(get(inner + "/health/liveliness").statusCode()).isEqualTo(200);
            assertThat(get(inner + "/v1/models").statusCode()).isEqualTo(404);
        }
    }

    private static HttpResponse<String> get(String url) {
        return Visitor.send(HttpRequest.newBuilder(URI.create(url)).GET().build());
    }
}
