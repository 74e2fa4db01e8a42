package dev.weir.perf.faults;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;

/** Clients that call with several keys, streamed and not, one call after the other each, and note what they get. */
final class Callers {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Duration PATIENCE = Duration.ofSeconds(20);
    private static final long PAUSE_AFTER_FAILURE_MILLIS = 30;
    private static final int LONGEST_PAUSE_MILLIS = 40;

    /** A stream at a time for each is what the last key allows. */
    private static final int CALLERS = 16;

    /** The first calls most. */
    private static final int END_USERS = 4;

    private final URI door;
    private final List<String> keys;
    private final Queue<Said> said = new ConcurrentLinkedQueue<>();
    private final List<Thread> threads = new ArrayList<>();
    private final HttpClient http = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(Duration.ofSeconds(2))
            .build();
    private volatile boolean stopping;

    Callers(URI door, List<String> keys) {
        this.door = door;
        this.keys = List.copyOf(keys);
    }

    void start(long seed) {
        for (int caller = 0; caller < CALLERS; caller++) {
            int number = caller;
            Random random = new Random(seed * 31 + caller);
            threads.add(Thread.ofVirtual().start(() -> callOn(number, random)));
        }
    }

    private void callOn(int caller, Random random) {
        int calls = 0;
        while (!stopping) {
            int key = random.nextInt(keys.size());
            boolean stream = key == keys.size() - 1 || random.nextInt(3) == 0;
            int least = Math.min(random.nextInt(END_USERS), random.nextInt(END_USERS));
            Said one = call("c" + caller + "-" + calls++, key, FaultRun.limitsEndUsers(key) ? "u" + least : "", stream);
            said.add(one);
            pause(one.status() == 200 ? random.nextInt(LONGEST_PAUSE_MILLIS) : PAUSE_AFTER_FAILURE_MILLIS);
        }
    }

    private static void pause(long millis) {
        try {
            TimeUnit.MILLISECONDS.sleep(millis); // the load's own pace
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
        }
    }

    /** One call, whatever becomes of it. */
    Said call(String id, int key, String endUser, boolean stream) {
        String body = "{\"model\":\"m" + key + "\",\"stream\":" + stream
                + (endUser.isEmpty() ? "" : ",\"user\":\"" + endUser + "\"")
                + ",\"max_tokens\":60,\"messages\":[{\"role\":\"user\",\"content\":\"How deep is the river?\"}]}";
        HttpRequest request = HttpRequest.newBuilder(door)
                .timeout(PATIENCE)
                .header("Authorization", "Bearer " + keys.get(key))
                .header("Content-Type", "application/json")
                .header("x-request-id", id)
                .POST(HttpRequest.BodyPublishers.ofString(body))
                .build();
        int status = 0;
        Reading reading = new Reading();
        try {
            HttpResponse<InputStream> answer = http.send(request, HttpResponse.BodyHandlers.ofInputStream());
            status = answer.statusCode();
            try (InputStream in = answer.body()) {
                if (status == 200 && stream) {
                    reading.stream(in);
                } else if (status == 200) {
                    reading.call(in);
                }
            }
        } catch (IOException broken) {
            // What has come so far counts.
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
        }
        return new Said(id, key, endUser, status, reading.tokens, reading.whole, System.nanoTime());
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
            tokens = JSON.readTree(in).path("usage").path("completion_tokens").asLong();
            whole = true;
        }
    }

    /** Lets every call come to its end. */
    List<Said> stop() throws InterruptedException {
        stopping = true;
        for (Thread thread : threads) {
            thread.join(Duration.ofSeconds(30));
        }
        return List.copyOf(said);
    }

    /** When the first call after this moment was admitted, in nanoseconds of the clock; 0 if none was yet. */
    long firstAdmittedAfter(long nanos) {
        return said.stream()
                .filter(each -> each.admitted() && each.endedNanos() > nanos)
                .mapToLong(Said::endedNanos)
                .min()
                .orElse(0);
    }
}
