package dev.weir.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.gateway.door.PresentedKey;
import dev.weir.streams.mock.MockSettings;
import dev.weir.streams.mock.MockUpstream;
import dev.weir.streams.mock.Sighting;
import java.io.IOException;
import java.net.Socket;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Secrets that are planted and looked for: prompts, answers, keys and credentials stand in no log, no error, no metric and
 * no file, however a call ends.
 */
class CanaryTest {

    private static final String PROMPT = "canaryprompt4711";
    private static final String ANSWER = "canaryanswer4712";
    private static final String KEY = "sk-canary-key-4713";
    private static final String UNKNOWN = "sk-canary-unknown-4714";
    private static final String CREDENTIAL = "sk-canary-credential-4715";
    private static final String MASTER = "sk-canary-master-4716";
    private static final List<String> SECRETS = List.of(PROMPT, ANSWER, KEY, UNKNOWN, CREDENTIAL, MASTER);

    @TempDir
    static Path directory = Path.of("");

    private static final List<String> ANSWERS = new ArrayList<>();
    private static MockUpstream mock;
    private static CannedUpstream good;
    private static CannedUpstream quoting;
    private static CannedUpstream rubbish;
    private static WeirProcess weir;
    private static String metrics = "";

    @BeforeAll
    static void open() throws IOException {
        mock = MockUpstream.start(MockSettings.forTests());
        good = CannedUpstream.answering(
                200,
                "{\"choices\":[{\"message\":{\"role\":\"assistant\",\"content\":\"" + ANSWER
                        + "\"}}],\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":4}}");
        quoting = CannedUpstream.answering(401, "{\"error\":{\"message\":\"Incorrect key " + CREDENTIAL + "\"}}");
        rubbish = CannedUpstream.answering(200, ANSWER + " is no JSON");
        String yaml = "model_list:\n"
                + House.model("good", "canned").replace("${MOCK}", good.baseUrl())
                + House.model("quoting", "canned").replace("${MOCK}", quoting.baseUrl())
                + House.model("rubbish", "canned").replace("${MOCK}", rubbish.baseUrl())
                + House.model("streamed", "mock;tokens=5")
                + House.model("resets", "mock;reset=headers")
                + House.model("breaks", "mock;tokens=9;reset-after=3")
                + House.model("malformed", "mock;tokens=9;malformed-at=2")
                + House.model("stalls", "mock;stall=headers", "timeout: 0.3")
                + House.model("endless", "mock-endless;tokens=100000;gap=5ms")
                + "general_settings: {master_key: " + MASTER
                + "}\nweir:\n  server: {max_body: 10KB, body_timeout: 500ms}\n"
                + "  access_log: {target: " + directory.resolve("access.log") + "}\n";
        Path config = Files.writeString(
                directory.resolve("config.yaml"),
                yaml.replace("${MOCK}", mock.baseUrl()).replace("sk-upstream-credential", CREDENTIAL));
        weir = WeirProcess.serve(config, directory.resolve("data"));
        everything(weir.visitor());
        metrics = Awaitility.await()
                .until(
                        () -> weir.visitor().get("/metrics", null).body(),
                        scraped -> scraped.contains("outcome=\"client_cancelled\""));
        assertThat(weir.stop()).isZero();
    }

    @AfterAll
    static void close() {
        weir.close();
        mock.close();
        good.close();
        quoting.close();
        rubbish.close();
    }

    private static void everything(Visitor visitor) throws IOException {
        visitor.post("/key/generate", MASTER, "{\"key\":\"" + KEY + "\",\"key_alias\":\"canary\",\"rpm_limit\":1000}");
        assertThat(call(visitor, KEY, "good", false).body()).contains(ANSWER);
        assertThat(call(visitor, KEY, "streamed", true).body()).contains("[DONE]");
        for (String model : List.of("quoting", "rubbish", "resets", "breaks", "malformed", "stalls", "nonesuch")) {
            ANSWERS.add(call(visitor, KEY, model, false).body());
            ANSWERS.add(call(visitor, KEY, model, true).body());
        }
        ANSWERS.add(call(visitor, UNKNOWN, "good", false).body());
        for (String body : List.of(
                "{\"model\":\"good\",\"messages\":[{\"content\":\"" + PROMPT,
                "{\"model\":\"good\",\"messages\":\"" + PROMPT + "\"}",
                "{\"model\":\"good\",\"messages\":[" + PROMPT + "]}",
                "{\"model\":\"good\",\"messages\":[{}],\"stream\":\"" + PROMPT + "\"}",
                "{\"model\":\"good\",\"messages\":[{}],\"max_tokens\":\"" + PROMPT + "\"}",
                "{\"" + PROMPT + "\":1,\"" + PROMPT + "\":2}",
                PROMPT,
                "\"" + PROMPT + "\"",
                House.body("good", false, ",\"x\":\"" + PROMPT + "a".repeat(11_000) + "\""))) {
            ANSWERS.add(visitor.post("/v1/chat/completions", KEY, body).body());
        }
        admin(visitor);
        slow(visitor);
        leaves(visitor);
    }

    private static HttpResponse<String> call(Visitor visitor, String key, String model, boolean stream) {
        String body = House.body(model, stream).replace("Hello", PROMPT);
        return visitor.post("/v1/chat/completions", key, body);
    }

    private static void admin(Visitor visitor) {
        for (String body : List.of(
                "{\"key\":\"" + KEY + "\"}",
                "{\"key\":" + KEY + "}",
                "{\"key\":\"" + KEY + "\",\"key\":\"" + KEY + "\"}",
                "{\"key\":\"" + KEY,
                "{\"" + KEY + "\":1}",
                "{\"key_alias\":[\"" + KEY + "\"]}",
                "{\"rpm_limit\":\"" + KEY + "\"}",
                "\"" + KEY + "\"",
                KEY)) {
            ANSWERS.add(visitor.post("/key/generate", MASTER, body).body());
            ANSWERS.add(visitor.post("/key/update", MASTER, body).body());
        }
        ANSWERS.add(visitor.get("/key/info?key=" + KEY, MASTER).body());
        ANSWERS.add(visitor.get("/key/info?key=" + UNKNOWN, MASTER).body());
        ANSWERS.add(visitor.get("/key/info?key=" + KEY, UNKNOWN).body());
        ANSWERS.add(visitor.get("/spend/logs?api_key=" + KEY, MASTER).body());
        ANSWERS.add(visitor.get("/spend/logs?start_date=" + KEY, MASTER).body());
        ANSWERS.add(visitor.post("/key/" + KEY + "/nonesuch", MASTER, "{}").body());
        ANSWERS.add(
                visitor.post("/key/" + UNKNOWN + "/regenerate", MASTER, "{}").body());
        ANSWERS.add(visitor.get("/v1/models/" + KEY, KEY).body());
        ANSWERS.add(visitor.get("/health/readiness?key=" + KEY, KEY).body());
    }

    private static void slow(Visitor visitor) throws IOException {
        try (Socket socket = visitor.socket()) {
            byte[] request = House.rawChat(KEY, "{\"model\":\"good\",\"messages\":\"" + PROMPT + "\"}      ");
            socket.getOutputStream().write(request, 0, request.length - 3);
            ANSWERS.add(new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8));
        }
    }

    private static void leaves(Visitor visitor) throws IOException {
        try (Socket socket = visitor.socket()) {
            String body = House.body("endless", true).replace("Hello", PROMPT);
            socket.getOutputStream().write(House.rawChat(KEY, body));
            mock.witness().await(seen -> seen.model().startsWith("mock-endless") && seen.tokens() > 3, House.PATIENCE);
        }
        mock.witness().await(seen -> seen.end() == Sighting.End.CLOSED_BY_PEER, House.PATIENCE);
        Awaitility.await()
                .until(() -> Files.readString(directory.resolve("access.log")).contains("\"status\":499"));
    }

    private static void clean(String what, String text) {
        assertThat(SECRETS.stream().filter(text::contains))
                .as("%s: %s", what, text)
                .isEmpty();
    }

    @Test
    void noErrorQuotesThem() {
        assertThat(ANSWERS).hasSizeGreaterThan(40);
        ANSWERS.forEach(answer -> clean("an answer", answer));
    }

    @Test
    void noLogTellsThem() throws IOException {
        String access = Files.readString(directory.resolve("access.log"));

        assertThat(access).contains(PresentedKey.hash(KEY)).contains("\"outcome\":\"client_cancelled\"");
        clean("the access log", access);
        clean("the standard output", weir.out());
        clean("the standard error", weir.err());
    }

    @Test
    void noMetricNamesThem() {
        assertThat(metrics).contains("weir_");
        clean("the metrics", metrics);
    }

    @Test
    void noFileKeepsThem() throws IOException {
        StringBuilder all = new StringBuilder();
        try (Stream<Path> files = Files.walk(directory.resolve("data"))) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                all.append(Files.readString(file, StandardCharsets.ISO_8859_1));
            }
        }

        assertThat(all).contains(PresentedKey.hash(KEY)).contains("canary");
        clean("the data directory", all.toString());
    }
}
