package dev.weir.gateway;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.weir.config.ConfigFile;
import dev.weir.streams.mock.MockSettings;
import dev.weir.streams.mock.MockUpstream;
import dev.weir.streams.mock.Witness;
import java.io.IOException;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** A started Weir with a mock upstream behind it, both on free ports of loopback, and hands to try the door with. */
public final class House implements AutoCloseable {

    public static final String MASTER = "sk-test-master-key";
    public static final Duration PATIENCE = Duration.ofSeconds(15);

    static final ObjectMapper JSON = new ObjectMapper();

    private static final HttpClient CLIENT = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(Duration.ofSeconds(5))
            .build();

    private final MockUpstream mock;
    private final Path data;
    private final String yaml;
    private final Map<String, String> environment;
    private Weir weir;

    private House(MockUpstream mock, Path data, String yaml, Map<String, String> environment) throws IOException {
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
            return new House(mock, Files.createTempDirectory("weir-test"), yaml, new HashMap<>());
        } catch (IOException failure) {
            mock.close();
            throw new IllegalStateException(failure);
        }
    }

    private Weir open() throws IOException {
        var config = ConfigFile.parse(yaml, environment, Instant.now());
        return Weir.start(
                config.withWeir(config.weir().withServer("127.0.0.1", 0).withData(data)));
    }

    /** Stops and starts again over the same data. */
    public void restart() {
        weir.close();
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
        return data;
    }

    public String url() {
        return "http://127.0.0.1:" + weir.port();
    }

    public Socket socket() throws IOException {
        return new Socket("127.0.0.1", weir.port());
    }

    /** A new key with these fields, a JSON object. */
    public String key(String fields) {
        HttpResponse<String> made = post("/key/generate", MASTER, fields);
        if (made.statusCode() != 200) {
            throw new IllegalStateException(made.body());
        }
        return json(made).path("key").asText();
    }

    public HttpResponse<String> post(String path, @Nullable String key, String body, String... headers) {
        return send(request(path, key, headers)
                .POST(HttpRequest.BodyPublishers.ofString(body))
                .build());
    }

    public HttpResponse<String> get(String path, @Nullable String key, String... headers) {
        return send(request(path, key, headers).GET().build());
    }

    public CompletableFuture<HttpResponse<String>> postAsync(String path, String key, String body) {
        return CLIENT.sendAsync(
                request(path, key)
                        .POST(HttpRequest.BodyPublishers.ofString(body))
                        .build(),
                HttpResponse.BodyHandlers.ofString());
    }

    private HttpRequest.Builder request(String path, @Nullable String key, String... headers) {
        HttpRequest.Builder builder = HttpRequest.newBuilder(URI.create(url() + path))
                .timeout(Duration.ofSeconds(60))
                .header("Content-Type", "application/json");
        if (key != null) {
            builder.header("Authorization", "Bearer " + key);
        }
        if (headers.length > 0) {
            builder.headers(headers);
        }
        return builder;
    }

    static HttpResponse<String> send(HttpRequest request) {
        try {
            return CLIENT.send(request, HttpResponse.BodyHandlers.ofString());
        } catch (IOException failure) {
            throw new IllegalStateException(request.uri() + ": " + failure, failure);
        } catch (InterruptedException interrupted) {
            throw new IllegalStateException(interrupted);
        }
    }

    public HttpResponse<String> chat(String key, String model) {
        return post("/v1/chat/completions", key, body(model, false));
    }

    public HttpResponse<String> stream(String key, String model) {
        return post("/v1/chat/completions", key, body(model, true));
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
        return json(response.body());
    }

    public static JsonNode json(String text) {
        try {
            return JSON.readTree(text);
        } catch (IOException failure) {
            throw new IllegalStateException(text, failure);
        }
    }

    /** What {@code /key/info} says of a limit of this key. */
    public JsonNode limit(String key, String type) {
        for (JsonNode limit : info(key).path("limits")) {
            if (limit.path("limit_type").asText().equals(type)) {
                return limit;
            }
        }
        throw new IllegalStateException("no limit " + type);
    }

    public JsonNode info(String key) {
        return json(get("/key/info?key=" + key, MASTER)).path("info");
    }

    /** The attempt rows of a request, when there are {@code count} of them; they appear within a second. */
    public JsonNode rows(String requestId, int count) {
        long end = System.nanoTime() + PATIENCE.toNanos();
        while (true) {
            JsonNode rows = json(get("/spend/logs?attempts=true&limit=5000&request_id=" + requestId, MASTER));
            if (rows.size() >= count || System.nanoTime() > end) {
                return rows;
            }
            Thread.onSpinWait();
        }
    }

    @Override
    public void close() {
        weir.close();
        mock.close();
    }
}
