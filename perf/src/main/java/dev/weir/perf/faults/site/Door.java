package dev.weir.perf.faults.site;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Where a gateway is called, and what its operator asks it there. */
public final class Door {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Duration PATIENCE = Duration.ofSeconds(40);
    private static final Duration SHORT_PATIENCE = Duration.ofSeconds(2);
    private static final int PAGE = 5_000;

    private static final HttpClient HTTP = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(SHORT_PATIENCE)
            .build();

    private final String base;

    public Door(String host, int port) {
        this.base = "http://" + host + ":" + port;
    }

    /** Where calls go. */
    public URI calls() {
        return URI.create(base + "/v1/chat/completions");
    }

    /** @throws IOException when the answer is not 200, with the answer */
    public JsonNode change(String path, Map<String, Object> fields) throws IOException, InterruptedException {
        return sent(
                path,
                request(path, PATIENCE)
                        .header("Content-Type", "application/json")
                        .POST(HttpRequest.BodyPublishers.ofString(JSON.writeValueAsString(fields)))
                        .build());
    }

    /** @throws IOException when the answer is not 200, with the answer */
    public JsonNode read(String path) throws IOException, InterruptedException {
        return sent(path, request(path, PATIENCE).GET().build());
    }

    private static JsonNode sent(String path, HttpRequest request) throws IOException, InterruptedException {
        HttpResponse<String> answer = HTTP.send(request, HttpResponse.BodyHandlers.ofString());
        if (answer.statusCode() != 200) {
            throw new IOException(path + " answers " + answer.statusCode() + ": " + answer.body());
        }
        return JSON.readTree(answer.body());
    }

    private HttpRequest.Builder request(String path, Duration patience) {
        return HttpRequest.newBuilder(URI.create(base + path))
                .timeout(patience)
                .header("Authorization", "Bearer " + Catalogue.MASTER);
    }

    /** It says that it may be called. */
    public boolean isReady() throws InterruptedException {
        try {
            return HTTP.send(
                                    request("/health/readiness", SHORT_PATIENCE)
                                            .GET()
                                            .build(),
                                    HttpResponse.BodyHandlers.discarding())
                            .statusCode()
                    == 200;
        } catch (IOException nobody) {
            return false;
        }
    }

    /** What time it is there, to the second; null when nobody answers. */
    public @Nullable Instant time() throws InterruptedException {
        try {
            return HTTP.send(
                            request("/health/liveliness", SHORT_PATIENCE).GET().build(),
                            HttpResponse.BodyHandlers.discarding())
                    .headers()
                    .firstValue("date")
                    .map(date -> Instant.from(DateTimeFormatter.RFC_1123_DATE_TIME.parse(date)))
                    .orElse(null);
        } catch (IOException nobody) {
            return null;
        }
    }

    /** How it is there, in its own words. */
    public String health() throws IOException, InterruptedException {
        HttpRequest request = request("/health", SHORT_PATIENCE).GET().build();
        return HTTP.send(request, HttpResponse.BodyHandlers.ofString()).body();
    }

    /** Every attempt's row. */
    public List<JsonNode> rows() throws IOException, InterruptedException {
        return rowsOf("");
    }

    /** The rows of every attempt of these keys. */
    public List<JsonNode> rows(List<String> keys) throws IOException, InterruptedException {
        List<JsonNode> rows = new ArrayList<>();
        for (String key : keys) {
            rows.addAll(rowsOf("&api_key=" + key));
        }
        return rows;
    }

    private List<JsonNode> rowsOf(String which) throws IOException, InterruptedException {
        List<JsonNode> rows = new ArrayList<>();
        JsonNode page;
        do {
            page = read("/spend/logs?attempts=true&limit=" + PAGE + "&offset=" + rows.size() + which);
            page.forEach(rows::add);
        } while (page.size() == PAGE);
        return rows;
    }

    /** Metrics by their name, over all labels together; empty when nobody answers. */
    public Map<String, Double> metrics() throws InterruptedException {
        Map<String, Double> figures = new HashMap<>();
        try {
            HttpRequest request = request("/metrics", SHORT_PATIENCE).GET().build();
            for (String line : HTTP.send(request, HttpResponse.BodyHandlers.ofString())
                    .body()
                    .split("\n")) {
                int blank = line.lastIndexOf(' ');
                if (!line.startsWith("#") && blank > 0) {
                    int labels = line.indexOf('{');
                    figures.merge(
                            line.substring(0, labels > 0 ? labels : blank),
                            Double.parseDouble(line.substring(blank + 1)),
                            Double::sum);
                }
            }
        } catch (IOException nobody) {
            return Map.of();
        }
        return figures;
    }

    /** What runs, and which settlements are not acknowledged, in words; null when there is nothing. */
    public @Nullable String unended() throws InterruptedException {
        Map<String, Double> metrics = metrics();
        if (metrics.isEmpty()) {
            return "it does not answer";
        }
        String unended = metrics.entrySet().stream()
                .filter(each -> each.getValue() != 0
                        && (each.getKey().contains("unsettled") || each.getKey().contains("in_flight")))
                .map(each -> each.getKey() + " " + each.getValue().longValue())
                .collect(Collectors.joining(", "));
        return unended.isEmpty() ? null : unended;
    }
}
