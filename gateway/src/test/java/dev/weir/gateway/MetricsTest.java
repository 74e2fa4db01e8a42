package dev.weir.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.actors.meter.Outcome;
import dev.weir.gateway.door.Refusal;
import dev.weir.gateway.telemetry.DegradedModes;
import dev.weir.gateway.telemetry.Metric;
import dev.weir.streams.mock.MockSettings;
import dev.weir.streams.mock.MockUpstream;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What {@code /metrics} says after calls of every kind, and where it says it. */
class MetricsTest {

    private static final Pattern LABEL = Pattern.compile("(\\w+)=\"([^\"]*)\"");
    private static final String TYPED = "typed-by-a-client";

    @TempDir
    static Path directory = Path.of("");

    private static MockUpstream mock;
    private static WeirProcess weir;
    private static String metrics = "";

    @BeforeAll
    static void open() throws Exception {
        mock = MockUpstream.start(MockSettings.forTests());
        int port;
        try (ServerSocket free = new ServerSocket(0)) {
            port = free.getLocalPort();
        }
        String yaml = "model_list:\n"
                + House.model("good", "mock;tokens=5", "input_cost_per_token: 0.001", "output_cost_per_token: 0.001")
                + "    model_info: {id: good-id}\n"
                + House.model("bad", "mock;status=500") + "    model_info: {id: bad-id}\n"
                + "general_settings: {master_key: " + House.MASTER + "}\nweir:\n  management: {port: " + port + "}\n";
        Path config = Files.writeString(directory.resolve("config.yaml"), yaml.replace("${MOCK}", mock.baseUrl()));
        weir = WeirProcess.serve(config, directory.resolve("data"));
        callInEveryWay(weir.visitor());
        Awaitility.await()
                .atMost(House.PATIENCE)
                .pollInterval(Duration.ofMillis(200))
                .until(() -> {
                    metrics = management().get("/metrics", null).body();
                    boolean isWhole = metrics.contains("weir_calls_total{") && metrics.contains("weir_degraded");
                    return isWhole && value("weir_calls_in_flight") == 0; // which is looked at once a second
                });
    }

    private static void callInEveryWay(Visitor visitor) {
        String key = visitor.key("{\"rpm_limit\":4}");
        visitor.chat(key, "good", "x-request-id", TYPED + "-id");
        visitor.stream(key, "good");
        visitor.chat(key, "bad");
        visitor.post("/v1/chat/completions", key, House.body("good", false, ",\"user\":\"" + TYPED + "-user\""));
        visitor.chat(key, "good");
        visitor.chat(key, TYPED + "-model");
        visitor.chat("sk-" + TYPED, "good");
        visitor.get("/" + TYPED + "-path", key);
    }

    @AfterAll
    static void close() {
        weir.close();
        mock.close();
    }

    private static Visitor management() {
        return Visitor.at(weir.managementPort());
    }

    @Test
    void everyMetricIsThere() {
        assertThat(Metric.values())
                .allSatisfy(metric -> assertThat(metrics)
                        .containsPattern(
                                "(?m)^" + metric.metricName().replace('.', '_') + "\\w*(\\{[^}]*})? [0-9.E+]+$"));
    }

    @Test
    void theyCountWhatHappened() {
        assertThat(value("weir_calls_total", "group=\"good\"", "outcome=\"completed\""))
                .isEqualTo(3);
        assertThat(value("weir_calls_total", "group=\"bad\"", "outcome=\"upstream_failed\""))
                .isEqualTo(1);
        assertThat(value("weir_attempts_total", "deployment=\"good-id\"", "outcome=\"completed\""))
                .isEqualTo(3);
        assertThat(value("weir_tokens_total", "group=\"good\"", "direction=\"output\""))
                .isEqualTo(15);
        assertThat(value("weir_refusals_total", "kind=\"rate_limited\"")).isEqualTo(1);
        assertThat(value("weir_refusals_total", "kind=\"unknown_model\"")).isEqualTo(1);
        assertThat(value("weir_refusals_total", "kind=\"unknown_key\"")).isEqualTo(1);
        assertThat(value("weir_calls_in_flight")).isZero();
    }

    private static double value(String name, String... labels) {
        return metrics.lines()
                .filter(line -> line.startsWith(name + "{") || line.startsWith(name + " "))
                .filter(line -> Arrays.stream(labels).allMatch(line::contains))
                .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' '))))
                .findFirst()
                .orElse(Double.NaN);
    }

    @Test
    void labelsComeFromClosedSets() {
        Map<String, Set<String>> closed = Map.of(
                "group", Set.of("good", "bad"),
                "deployment", Set.of("good-id", "bad-id"),
                "outcome", Arrays.stream(Outcome.values()).map(Outcome::label).collect(Collectors.toSet()),
                "kind",
                        Arrays.stream(Refusal.Kind.values())
                                .map(kind -> kind.name().toLowerCase(Locale.ROOT))
                                .collect(Collectors.toSet()),
                "direction", Set.of("input", "output"),
                "state", Set.of("reachable", "unreachable"),
                "mode",
                        Arrays.stream(DegradedModes.Mode.values())
                                .map(mode -> mode.name().toLowerCase(Locale.ROOT))
                                .collect(Collectors.toSet()));

        assertThat(metrics).doesNotContain(TYPED);
        assertThat(metrics.lines().filter(line -> line.startsWith("weir_")))
                .isNotEmpty()
                .allSatisfy(line -> assertThat(LABEL.matcher(line).results())
                        .filteredOn(label -> !label.group(1).equals("le"))
                        .allSatisfy(label -> isOneOf(closed, label)));
    }

    private static void isOneOf(Map<String, Set<String>> closed, MatchResult label) {
        assertThat(closed).containsKey(label.group(1));
        assertThat(closed.get(label.group(1))).contains(label.group(2));
    }

    @Test
    void managementHasHealthAndMetricsAndNothingElse() {
        assertThat(management().get("/health/liveliness", null).body()).isEqualTo("\"I'm alive!\"");
        assertThat(management().get("/health/liveness", null).statusCode()).isEqualTo(200);
        assertThat(management().get("/health/readiness", null).body())
                .contains("\"status\":\"healthy\"")
                .contains("\"db\":\"connected\"");
        assertThat(management().chat(House.MASTER, "good").statusCode()).isEqualTo(404);
        assertThat(management().get("/key/info", House.MASTER).statusCode()).isEqualTo(404);
        assertThat(management().get("/v1/models", House.MASTER).statusCode()).isEqualTo(404);
    }

    @Test
    void theFrontDoorHasHealthAndNoMetricsThen() {
        assertThat(weir.visitor().get("/metrics", null).statusCode()).isEqualTo(404);
        assertThat(weir.visitor().get("/health/readiness", null).statusCode()).isEqualTo(200);
    }

    @Test
    void withoutAManagementPortTheFrontDoorHasThem() {
        try (House house = House.of("tokens=1")) {
            assertThat(house.get("/metrics", null).statusCode()).isEqualTo(200);
            assertThat(house.get("/metrics", null)
                            .headers()
                            .firstValue("content-type")
                            .orElse(""))
                    .startsWith("text/plain; version=0.0.4");
            house.restart("access_log:", "metrics: {enabled: off}\n  access_log:");
            assertThat(house.get("/metrics", null).statusCode()).isEqualTo(404);
        }
    }
}
