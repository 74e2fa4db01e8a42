package dev.weir.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.weir.streams.mock.MockSettings;
import dev.weir.streams.mock.MockUpstream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Copies of a store, made by the program and served by the program. */
class StoreCopyTest {

    @TempDir
    private Path directory;

    private MockUpstream mock = MockUpstream.start(MockSettings.forTests());

    @BeforeEach
    void open() throws IOException {
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
                        + House.model("m", "mock", "input_cost_per_token: 0.001", "output_cost_per_token: 0.001")
                                .replace("${MOCK}", mock.baseUrl())
                        + "general_settings: {master_key: " + House.MASTER + "}\n"
                        + "weir:\n  access_log: {target: \"off\"}\n" + storage);
    }

    private WeirProcess serve(Path data) {
        return WeirProcess.serve(directory.resolve("config.yaml"), data);
    }

    private static void run(String... arguments) {
        try (WeirProcess process = WeirProcess.run(arguments)) {
            assertThat(process.exitCode()).as(process.err()).isZero();
        }
    }

    /** A key of a team that has made calls. */
    private static String used(WeirProcess weir) {
        weir.visitor().post("/team/new", House.MASTER, "{\"team_id\":\"t\",\"rpd_limit\":10}");
        String key = weir.visitor().key("{\"team_id\":\"t\",\"rpd_limit\":20,\"max_budget\":5}");
        for (int i = 0; i < 3; i++) {
            assertThat(weir.visitor().chat(key, "m", "x-request-id", "copied").statusCode())
                    .isEqualTo(200);
        }
        weir.visitor().rows("copied", 3);
        return key;
    }

    private static JsonNode facts(WeirProcess weir, String key) {
        JsonNode info = weir.visitor().info(key);
        assertThat(weir.visitor().rows("copied", 3)).hasSize(3);
        return info;
    }

    @Test
    void aBackupOfARunningGatewayIsAStore() throws IOException {
        Path copy = Files.createDirectory(directory.resolve("copy"));
        String key;
        JsonNode before;
        try (WeirProcess weir = serve(directory.resolve("data"))) {
            key = used(weir);
            before = facts(weir, key);
            run(
                    "backup",
                    "--data",
                    directory.resolve("data").toString(),
                    copy.resolve("weir.db").toString());
        }

        try (WeirProcess weir = serve(copy)) {
            JsonNode after = facts(weir, key);
            assertThat(after.path("spend")).isEqualTo(before.path("spend"));
            assertThat(after.path("max_budget")).isEqualTo(before.path("max_budget"));
            assertThat(weir.visitor().chat(key, "m").statusCode()).isEqualTo(200);
        }
    }

    @Test
    void aStoreThatIsMovedToPostgresGoesOnThere() throws IOException {
        Path data = directory.resolve("data");
        String url = TestDatabase.newUrl();
        String key;
        JsonNode before;
        try (WeirProcess weir = serve(data)) {
            key = used(weir);
            before = facts(weir, key);
            assertThat(weir.stop()).isZero();
        }

        run("move", "--data", data.toString(), "--to", url);

        configure("  storage: {url: '" + url + "'}\n");
        try (WeirProcess weir = serve(data)) {
            JsonNode after = facts(weir, key);
            assertThat(after).isEqualTo(before);
            assertThat(weir.visitor().chat(key, "m").headers().firstValue("x-ratelimit-team-remaining-requests"))
                    .hasValue("6");
        }
    }
}
