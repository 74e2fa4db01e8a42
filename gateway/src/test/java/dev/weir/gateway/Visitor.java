package dev.weir.gateway;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** Somebody at the front door of a Weir, wherever it runs: hands to try it with. */
record Visitor(String host, int port) {

    static final ObjectMapper JSON = new ObjectMapper();

    private static final HttpClient CLIENT = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(Duration.ofSeconds(5))
            .build();

    static Visitor at(int port) {
        return new Visitor("127.0.0.1", port);
    }

    String url() {
        return "http://" + host + ":" + port;
    }

    Socket socket() throws IOException {
        return new Socket(host, port);
    }

    /** A new key with these fields, a JSON object. */
    String key(String fields) {
        HttpResponse<String> made = post("/key/generate", House.MASTER, fields);
        if (made.statusCode() != 200) {
            throw new IllegalStateException(made.body());
        }
        return json(made).path("key").asText();
    }

    HttpResponse<String> post(String path, @Nullable String key, String body, String... headers) {
        return send(request(path, key, headers)
                .POST(HttpRequest.BodyPublishers.ofString(body))
                .build());
    }

    HttpResponse<String> get(String path, @Nullable String key, String... headers) {
        return send(request(path, key, headers).GET().build());
    }

    HttpResponse<String> method(String method, String path, @Nullable String key, String... headers) {
        return send(request(path, key, headers)
                .method(method, HttpRequest.BodyPublishers.noBody())
                .build());
    }

    CompletableFuture<HttpResponse<String>> postAsync(String path, String key, String body) {
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

    HttpResponse<String> chat(String key, String model, String... headers) {
        return post("/v1/chat/completions", key, House.body(model, false), headers);
    }

    HttpResponse<String> stream(String key, String model, String... headers) {
        return post("/v1/chat/completions", key, House.body(model, true), headers);
    }

    static JsonNode json(HttpResponse<String> response) {
        return json(response.body());
    }

    static JsonNode json(String text) {
        try {
            return JSON.readTree(text);
        } catch (IOException failure) {
            throw new IllegalStateException(text, failure);
        }
    }

    /** What {@code /key/info} says of a limit of this key. */
    JsonNode limit(String key, String type) {
        for (JsonNode limit : info(key).path("limits")) {
            if (limit.path("limit_type").asText().equals(type)) {
                return limit;
            }
        }
        throw new IllegalStateException("no limit " + type);
    }

    JsonNode info(String key) {
        return json(get("/key/info?key=" + key, House.MASTER)).path("info");
    }

    /** The attempt rows that match now; {@code query} is more of the query, as {@code request_id=r1}. */
    JsonNode attempts(String query) {
        return json(get("/spend/logs?attempts=true&limit=5000&" + query, House.MASTER));
    }

    /** The attempt rows of a request, when there are {@code count} of them; they appear within a second. */
    JsonNode rows(String requestId, int count) {
        long end = System.nanoTime() + House.PATIENCE.toNanos();
        while (true) {
            JsonNode rows = attempts("request_id=" + requestId);
            if (rows.size() >= count || System.nanoTime() > end) {
                return rows;
            }
            Thread.onSpinWait();
        }
    }
}
