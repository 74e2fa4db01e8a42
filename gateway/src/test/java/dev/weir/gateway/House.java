package dev.weir.gateway;

import com.fasterxml.jackson.databind.JsonNode;
import dev.weir.config.ConfigFile;
import dev.weir.gateway.cli.TemporaryDirectory;
import dev.weir.streams.mock.MockSettings;
import dev.weir.streams.mock.MockUpstream;
import dev.weir.streams.mock.Witness;
import java.io.IOException;
import java.net.Socket;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** A started Weir with a mock upstream behind it, both on free ports of loopback, and hands to try the door with. */
public final class House implements AutoCloseable {

    public static final String MASTER = "sk-test-master-key";
    public static final Duration PATIENCE = Duration.ofSeconds(15);

    private final MockUpstream mock;
    private final TemporaryDirectory data;
    private String yaml;
    private final Map<String, String> environment;
    private final Clock clock;
    private Weir weir;

    private House(MockUpstream mock, TemporaryDirectory data, String yaml, Map<String, String> environment, Clock clock)
            throws IOException {
        this.clock = clock;
        this.mock = mock;
        this.data = data;
        this.yaml = yaml;
        this.environment = environment;
        this.weir = open();
    }

    /** One deployment of the model {@code m}, whose behaviour is {@code script}. */
    public static House of(String script) {
        return with(MockSettings.forTests().withScript(script), model("m", "mock"));
    }

    /** An entry of {@code model_list}; {@code more} are further lines of its {@code litellm_params}. */
    public static String model(String name, String upstreamModel, String... more) {
        StringBuilder text =
                new StringBuilder("  - model_name: '" + name + "'\n    litellm_params:\n      model: 'openai/"
                        + upstreamModel + "'\n      api_base: ${MOCK}\n      api_key: sk-upstream-credential\n");
        for (String line : more) {
            text.append("      ").append(line).append('\n');
        }
        return text.toString();
    }

    /** @param config {@code model_list} entries, then any further top-level blocks; {@code ${MOCK}} is the upstream */
    public static House with(MockSettings settings, String... config) {
        return by(Clock.systemUTC(), settings, config);
    }

    /** The same, with another clock on its wall. */
    static House by(Clock clock, MockSettings settings, String... config) {
        MockUpstream mock = MockUpstream.start(settings);
        try {
            String yaml = "model_list:\n" + String.join("", config);
            if (!yaml.contains("general_settings:")) {
                yaml += "general_settings:\n  master_key: " + MASTER + "\n";
            }
            if (!yaml.contains("access_log:")) {
                yaml = yaml.contains("\nweir:\n")
                        ? yaml.replace("\nweir:\n", "\nweir:\n  access_log: {target: \"off\"}\n")
                        : yaml + "weir:\n  access_log: {target: \"off\"}\n";
            }
            yaml = yaml.replace("${MOCK}", mock.baseUrl());
            return new House(mock, TemporaryDirectory.make("weir-test"), yaml, new HashMap<>(), clock);
        } catch (IOException failure) {
            mock.close();
            throw new IllegalStateException(failure);
        }
    }

    private Weir open() throws IOException {
        var config = ConfigFile.parse(yaml, environment, clock.instant());
        return Weir.start(
                config.withWeir(config.weir().withServer("127.0.0.1", 0).withData(data.path())), clock, null);
    }

    /** Stops and starts again over the same data, with a text of the configuration replaced. */
    public void restart(String target, String replacement) {
        if (!yaml.contains(target)) {
            throw new IllegalArgumentException(target + " is not in the configuration");
        }
        yaml = yaml.replace(target, replacement);
        restart();
    }

    /** Stops and starts again over the same data. */
    public void restart() {
        restart(() -> {});
    }

    /** The same, with something done to the data in between. */
    void restart(Runnable between) {
        weir.close();
        between.run();
        try {
            weir = open();
        } catch (IOException failure) {
            throw new IllegalStateException(failure);
        }
    }

    public Weir weir() {
        return weir;
    }

    public MockUpstream mock() {
        return mock;
    }

    public Witness witness() {
        return mock.witness();
    }

    public Path data() {
        return data.path();
    }

    Visitor visitor() {
        return Visitor.at(weir.port());
    }

    public String url() {
        return visitor().url();
    }

    public Socket socket() throws IOException {
        return visitor().socket();
    }

    /** A new key with these fields, a JSON object. */
    public String key(String fields) {
        return visitor().key(fields);
    }

    /** What an operator's call that succeeds answers; the body may be quoted with apostrophes. */
    JsonNode admin(String path, String body) {
        HttpResponse<String> response = post(path, MASTER, body.replace('\'', '"'));
        if (response.statusCode() != 200) {
            throw new AssertionError(path + ": " + response.body());
        }
        return json(response);
    }

    public HttpResponse<String> post(String path, @Nullable String key, String body, String... headers) {
        return visitor().post(path, key, body, headers);
    }

    public HttpResponse<String> get(String path, @Nullable String key, String... headers) {
        return visitor().get(path, key, headers);
    }

    public CompletableFuture<HttpResponse<String>> postAsync(String path, String key, String body) {
        return visitor().postAsync(path, key, body);
    }

    public HttpResponse<String> chat(String key, String model, String... headers) {
        return visitor().chat(key, model, headers);
    }

    public HttpResponse<String> stream(String key, String model, String... headers) {
        return visitor().stream(key, model, headers);
    }

    /** A chat request as JSON; {@code more} are further fields, each with a comma before it. */
    public static String body(String model, boolean stream, String... more) {
        return "{\"model\":\"" + model + "\",\"stream\":" + stream
                + ",\"messages\":[{\"role\":\"user\",\"content\":\"Hello\"}]" + String.join("", more) + "}";
    }

    /** The bytes of a whole HTTP request for a raw socket. */
    public static byte[] rawChat(String key, String body, String... headers) {
        String head = "POST /v1/chat/completions HTTP/1.1\r\nHost: weir\r\nAuthorization: Bearer " + key
                + "\r\nContent-Type: application/json\r\nContent-Length: "
                + body.getBytes(StandardCharsets.UTF_8).length + "\r\n"
                + String.join(
                        "",
                        java.util.Arrays.stream(headers).map(h -> h + "\r\n").toList()) + "\r\n";
        return (head + body).getBytes(StandardCharsets.UTF_8);
    }

    public static JsonNode json(HttpResponse<String> response) {
        return Visitor.json(response);
    }

    public static JsonNode json(String text) {
        return Visitor.json(text);
    }

    /** What {@code /key/info} says of a limit of this key. */
    public JsonNode limit(String key, String type) {
        return visitor().limit(key, type);
    }

    public JsonNode info(String key) {
        return visitor().info(key);
    }

    /** The attempt rows of a request, when there are {@code count} of them; they appear within a second. */
    public JsonNode rows(String requestId, int count) {
        return visitor().rows(requestId, count);
    }

    @Override
    public void close() {
        weir.close();
        mock.close();
        data.close();
    }
}
