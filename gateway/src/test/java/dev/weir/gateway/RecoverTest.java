package dev.weir.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.weir.actors.meter.HoldId;
import dev.weir.cluster.ledger.AttemptId;
import dev.weir.cluster.ledger.LostHold;
import dev.weir.cluster.ledger.LostHolds;
import dev.weir.cluster.store.Database;
import dev.weir.config.DatabaseUrl;
import dev.weir.streams.mock.MockSettings;
import dev.weir.streams.mock.MockUpstream;
import dev.weir.streams.mock.Sighting;
import java.io.IOException;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a killed process leaves in its journal, and {@code weir recover}. */
class RecoverTest {

    @TempDir
    private Path directory;

    private final MockUpstream mock = MockUpstream.start(MockSettings.forTests());
    private Path data = Path.of("");

    @BeforeEach
    void open() throws IOException {
        data = directory.resolve("data");
        configure("");
    }

    @AfterEach
    void close() {
        mock.close();
    }

    private void configure(String storage) throws IOException {
        Files.writeString(
                directory.resolve("config.yaml"),
                "model_list:\n"
                        + House.model("endless", "mock-endless;tokens=100000;gap=5ms")
                                .replace("${MOCK}", mock.baseUrl())
                        + "general_settings: {master_key: " + House.MASTER + "}\n"
                        + "weir:\n  access_log: {target: \"off\"}\n" + storage);
    }

    private WeirProcess serve() {
        return WeirProcess.serve(directory.resolve("config.yaml"), data);
    }

    /** Kills it in the midst of a stream, which is the answer. */
    private AttemptId kill(WeirProcess weir) throws IOException {
        Visitor visitor = weir.visitor();
        String key = visitor.key("{}");
        try (Socket socket = visitor.socket()) {
            socket.getOutputStream().write(House.rawChat(key, House.body("endless", true), "x-request-id: killed"));
            Sighting seen = mock.witness().await(sighting -> sighting.tokens() >= 3, House.PATIENCE);
            weir.kill();
            return AttemptId.parse(String.valueOf(seen.attempt()));
        }
    }

    /** To its end. */
    private WeirProcess recover(String... more) {
        List<String> arguments = new ArrayList<>(List.of("recover", "--data", data.toString()));
        arguments.addAll(List.of(more));
        WeirProcess process = WeirProcess.run(arguments.toArray(String[]::new));
        process.exitCode();
        return process;
    }

    @Test
    void theRowsOfAKilledProcessAreThereWithoutItsStart() throws IOException {
        try (WeirProcess weir = serve()) {
            try (WeirProcess early = recover()) {
                assertThat(early.exitCode()).isEqualTo(1);
                assertThat(early.err()).contains("data directory " + data + " is in use by another Weir");
            }
            kill(weir);
        }

        try (WeirProcess first = recover();
                WeirProcess again = recover()) {
            assertThat(first.exitCode()).as(first.err()).isZero();
            assertThat(first.out()).contains("0 attempts that had ended, 1 lost with the process");
            assertThat(again.exitCode()).as(again.err()).isZero();
            assertThat(again.out()).contains("0 attempts that had ended, 0 lost with the process");
        }
        try (WeirProcess weir = serve()) {
            JsonNode rows = weir.visitor().rows("killed", 1);
            assertThat(rows).singleElement().satisfies(row -> {
                assertThat(row.path("outcome").asText()).isEqualTo("lost");
                assertThat(row.path("provisional").asBoolean(true)).isFalse();
            });
        }
    }

    @Test
    void whatOthersWroteForItIsReplaced() throws IOException {
        String url = TestDatabase.newUrl();
        configure("  storage: {url: '" + url + "'}\n");
        AttemptId killed;
        try (WeirProcess weir = serve()) {
            killed = kill(weir);
        }
        try (Database database = Database.open(directory.resolve("other"), DatabaseUrl.parse(url))) {
            HoldId idle = new HoldId(killed.call().incarnation(), 1L << 40);
            new LostHolds(database.writing(), InstantSource.system()).write(List.of(lost(killed.call()), lost(idle)));
        }

        try (WeirProcess recovered = recover("--url", url)) {
            assertThat(recovered.exitCode()).as(recovered.err()).isZero();
            assertThat(recovered.out())
                    .contains("0 attempts that had ended, 1 lost with the process; 1 provisional rows");
        }

        try (WeirProcess weir = serve()) {
            JsonNode rows = weir.visitor().attempts("limit=10");
            assertThat(rows).singleElement().satisfies(row -> {
                assertThat(row.path("request_id").asText()).isEqualTo("killed");
                assertThat(row.path("provisional").asBoolean(true)).isFalse();
            });
        }
    }

    private static LostHold lost(HoldId hold) {
        return new LostHold(hold, "key", "endless", 1_000, 0, null, null, null, null, 0);
    }
}
