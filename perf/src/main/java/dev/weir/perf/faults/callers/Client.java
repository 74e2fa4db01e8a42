package dev.weir.perf.faults.callers;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;

/** Makes calls, whatever becomes of them. */
public final class Client {

    private static final ObjectMapper JSON = new ObjectMapper();

    private final Doors doors;
    private final List<String> keys;
    private final Duration patience;
    private final HttpClient http = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(Duration.ofSeconds(2))
            .build();

    /** @param patience how long it waits for the head of an answer */
    public Client(Doors doors, List<String> keys, Duration patience) {
        this.doors = doors;
        this.keys = List.copyOf(keys);
        this.patience = patience;
    }

    Doors doors() {
        return doors;
    }

    /** One call. */
    public Said call(String id, int door, Order order) {
        HttpRequest request = request(doors.at(door), id, order);
        int status = 0;
        String failure = "";
        Reading reading = new Reading();
        long began = System.nanoTime();
        try {
            HttpResponse<InputStream> answer = http.send(request, HttpResponse.BodyHandlers.ofInputStream());
            status = answer.statusCode();
            try (InputStream in = answer.body()) {
                if (status == 200 && order.stream()) {
                    reading.stream(in);
                } else if (status == 200) {
                    reading.call(in);
                }
                in.transferTo(OutputStream.nullOutputStream()); // or this client would break its own connection
            }
        } catch (IOException broken) {
            failure = broken + ", " + broken.getCause(); // what has come so far counts
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
        }
        return new Said(
                id,
                order.key(),
                order.endUser(),
                door,
                status,
                reading.tokens,
                reading.whole,
                failure,
                began,
                System.nanoTime());
    }

    private HttpRequest request(URI door, String id, Order order) {
        return HttpRequest.newBuilder(door)
                .timeout(patience)
                .header("Authorization", "Bearer " + keys.get(order.key()))
                .header("Content-Type", "application/json")
                .header("x-request-id", id)
                .POST(HttpRequest.BodyPublishers.ofString(order.body()))
                .build();
    }

    private static final class Reading {
        private long tokens;
        private boolean whole;

        void stream(InputStream in) throws IOException {
            BufferedReader lines = new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8));
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                tokens += line.contains("\"content\":\"") && !line.contains("\"content\":\"\"") ? 1 : 0;
                whole |= line.equals("data: [DONE]");
            }
        }

        void call(InputStream in) throws IOException {
            byte[] body = in.readAllBytes(); // Jackson would close before the end, and this client its own connection
            tokens = JSON.readTree(body).path("usage").path("completion_tokens").asLong();
            whole = true;
        }
    }
}
