package dev.weir.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.weir.actors.meter.Outcome;
import dev.weir.streams.mock.MockSettings;
import dev.weir.streams.mock.MockUpstream;
import dev.weir.streams.mock.Sighting;
import java.io.IOException;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Every way in which an attempt can end leaves exactly one row behind, and the row outlives the process. */
class OutcomeTest {

    @TempDir
    static Path directory = Path.of("");

    private static MockUpstream mock;
    private static WeirProcess weir;

    @BeforeAll
    static void open() throws IOException {
        mock = MockUpstream.start(MockSettings.forTests());
        StringBuilder yaml = new StringBuilder("model_list:\n");
        for (Outcome outcome : Outcome.values()) {
            String name = outcome.label();
            String script = "mock-" + name + ";" + script(outcome);
            yaml.append(House.model(name, script));
            yaml.append(House.model("retried-" + name, "mock-first-" + name + ";status=500", "weight: 1"));
            yaml.append(House.model("retried-" + name, "retried-" + script, "weight: 0"));
        }
        yaml.append("general_settings:\n  master_key: ").append(House.MASTER);
        yaml.append("""

                weir:
                  upstream: {idle_timeout: 600ms}
                  shutdown: {deadline: 300ms}
                """);
        Files.writeString(config(), yaml.toString().replace("${MOCK}", mock.baseUrl()));
        weir = WeirProcess.serve(config(), data());
    }

    private static Path config() {
        return directory.resolve("config.yaml");
    }

    private static Path data() {
        return directory.resolve("data");
    }

    @AfterAll
    static void close() {
        weir.close();
        mock.close();
    }

    private static String script(Outcome outcome) {
        return switch (outcome) {
            case COMPLETED -> "tokens=5";
            case UPSTREAM_FAILED -> "reset-after=3";
            case TIMED_OUT -> "tokens=9;stall-after=3";
            case CUT -> "tokens=100000";
            case CLIENT_CANCELLED, DRAINED, LOST -> "tokens=100000;gap=5ms";
        };
    }

    @ParameterizedTest
    @EnumSource(Outcome.class)
    void leavesOneRowPerAttempt(Outcome outcome) throws IOException {
        String name = outcome.label();
        String key = weir.visitor().key(outcome == Outcome.CUT ? "{\"tpm_limit\":3000}" : "{}");
        try (Socket plain = begin(key, name, "plain-" + name);
                Socket retried = begin(key, "retried-" + name, "retried-" + name)) {
            running("mock-" + name);
            running("retried-mock-" + name);

            end(outcome, plain, retried);
        }
        weir = WeirProcess.serve(config(), data());

        assertThat(outcomes("plain-" + name)).containsExactly(name);
        assertThat(outcomes("retried-" + name)).containsExactly("upstream_failed", name);
        JsonNode calls = Visitor.json(weir.visitor().get("/spend/logs?api_key=" + key, House.MASTER));
        assertThat(calls)
                .hasSize(2)
                .allSatisfy(call -> assertThat(call.path("outcome").asText()).isEqualTo(name));
    }

    private static Socket begin(String key, String model, String requestId) throws IOException {
        Socket socket = weir.visitor().socket();
        socket.setSoTimeout((int) House.PATIENCE.toMillis());
        socket.getOutputStream()
                .write(House.rawChat(key, House.body(model, true), "x-request-id: " + requestId, "Connection: close"));
        return socket;
    }

    /** The upstream has sent the tokens after which something happens. */
    private static void running(String upstreamModel) {
        mock.witness()
                .await(seen -> seen.model().startsWith(upstreamModel + ";") && seen.tokens() >= 3, House.PATIENCE);
    }

    /** Brings the calls to their end, and then the process. */
    private static void end(Outcome outcome, Socket plain, Socket retried) throws IOException {
        switch (outcome) {
            case COMPLETED, UPSTREAM_FAILED, TIMED_OUT, CUT -> {
                plain.getInputStream().readAllBytes();
                retried.getInputStream().readAllBytes();
                assertThat(weir.stop()).isZero();
            }
            case CLIENT_CANCELLED -> {
                plain.close();
                retried.close();
                mock.witness()
                        .awaitTotals(
                                totals -> mock.witness().sightings().stream()
                                                .filter(seen -> seen.model().contains("mock-client_cancelled")
                                                        && seen.end() == Sighting.End.CLOSED_BY_PEER)
                                                .count()
                                        == 2,
                                House.PATIENCE);
                assertThat(weir.stop()).isZero();
            }
            case DRAINED -> assertThat(weir.stop()).isZero();
            case LOST -> weir.kill();
        }
    }

    /** The outcomes of a request's attempts, in their order; each attempt must have one row. */
    private static List<String> outcomes(String requestId) {
        Map<String, String> byAttempt = new HashMap<>();
        JsonNode rows = weir.visitor().attempts("request_id=" + requestId);
        for (JsonNode row : rows) {
            byAttempt.put(row.path("attempt").asText(), row.path("outcome").asText());
        }
        assertThat(byAttempt).as("rows %s", rows).hasSize(rows.size());
        List<String> attempts = new ArrayList<>(byAttempt.keySet());
        attempts.sort((one, other) -> Integer.compare(number(one), number(other)));
        return attempts.stream().map(byAttempt::get).toList();
    }

    private static int number(String attempt) {
        return Integer.parseInt(attempt.substring(attempt.lastIndexOf('.') + 1));
    }

    @Test
    void theUpstreamSawAsManyAttemptsAsThereAreRows() throws IOException {
        String key = weir.visitor().key("{}");
        long before = mock.witness().totals().requests();
        String model = "retried-" + Outcome.COMPLETED.label();
        for (int i = 0; i < 5; i++) {
            weir.visitor().stream(key, model, "x-request-id", "counted");
        }

        assertThat(weir.visitor().rows("counted", 10)).hasSize(10);
        assertThat(mock.witness().totals().requests() - before).isEqualTo(10);
    }
}
