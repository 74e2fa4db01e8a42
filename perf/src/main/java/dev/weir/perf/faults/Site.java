package dev.weir.perf.faults;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.weir.perf.sabotage.Sabotage;
import dev.weir.streams.mock.MockSettings;
import dev.weir.streams.mock.MockUpstream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** One run's processes: a mock upstream, a gateway with its data, and perhaps a database. */
final class Site implements AutoCloseable {

    static final String MASTER = "sk-fault-master";
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final int MODELS = 6;
    private static final int SIGHTINGS = 200_000;
    private static final String FAKETIME = "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1";

    private final Path home;
    private final Path directory;
    private final MockUpstream mock;
    private final @Nullable Database database;
    private final int port;
    private final boolean fakesClock;
    private final @Nullable Sabotage sabotage;
    private final HttpClient http = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(Duration.ofSeconds(2))
            .build();
    private @Nullable Process process;
    private boolean mounted;

    /**
     * @param home the root of the repository
     * @param directory that the run may fill
     * @param database null for the embedded store
     * @param smallDisk the data is on a disk that can be filled
     * @param fakesClock the gateway's clock can be set
     * @param sabotage what the gateway is broken with; null for a whole one
     */
    Site(
            Path home,
            Path directory,
            @Nullable Database database,
            boolean smallDisk,
            boolean fakesClock,
            @Nullable Sabotage sabotage)
            throws IOException, InterruptedException {
        this.home = home;
        this.directory = directory;
        this.database = database;
        this.fakesClock = fakesClock;
        this.sabotage = sabotage;
        this.mock = MockUpstream.start(MockSettings.forTests()
                .withScript("latency=5ms;tokens=20")
                .withKeeping(new MockSettings.Keeping(SIGHTINGS, false, false)));
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            this.port = free.getLocalPort();
        }
        Files.createDirectories(data());
        if (smallDisk) {
            run("mount", "-t", "tmpfs", "-o", "size=40m", "tmpfs", data().toString());
            mounted = true;
        }
        Files.writeString(clock(), "+0s");
        Files.writeString(config(), yaml());
    }

    static boolean canFakeClock() {
        return Files.exists(Path.of(FAKETIME));
    }

    static boolean canMount() {
        return "root".equals(System.getProperty("user.name"));
    }

    private Path data() {
        return directory.resolve("data");
    }

    private Path config() {
        return directory.resolve("config.yaml");
    }

    private Path clock() {
        return directory.resolve("clock");
    }

    private String yaml() {
        StringBuilder yaml = new StringBuilder("model_list:\n");
        for (int model = 0; model < MODELS; model++) {
            yaml.append("  - model_name: m")
                    .append(model)
                    .append("\n    litellm_params: {model: openai/m")
                    .append(model)
                    .append(", api_base: '")
                    .append(mock.baseUrl())
                    .append("', api_key: sk-none, input_cost_per_token: 1.0e-06, output_cost_per_token: 1.0e-06}\n");
        }
        yaml.append("router_settings: {num_retries: 0}\n")
                .append("general_settings: {master_key: ")
                .append(MASTER)
                .append("}\n")
                .append("weir:\n  access_log: {target: off}\n  storage:\n    journal_bytes: 8MB\n");
        if (database != null) {
            yaml.append("    url: '").append(database.url()).append("'\n");
        }
        return yaml.toString();
    }

    MockUpstream mock() {
        return mock;
    }

    URI door() {
        return URI.create("http://127.0.0.1:" + port + "/v1/chat/completions");
    }

    /** Starts the gateway, and waits until it is ready. */
    void start() throws IOException, InterruptedException {
        ProcessBuilder builder = new ProcessBuilder(
                        home.resolve("gateway/bin/weir").toString(),
                        "serve",
                        "--config",
                        config().toString(),
                        "--host",
                        "127.0.0.1",
                        "--port",
                        Integer.toString(port),
                        "--data",
                        data().toString())
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(
                        directory.resolve("weir.log").toFile()));
        if (sabotage != null) {
            builder.environment().put("WEIR_JAVA_OPTS", sabotage.flag(home));
        }
        if (fakesClock) {
            builder.environment()
                    .putAll(Map.of(
                            "LD_PRELOAD", FAKETIME,
                            "FAKETIME_TIMESTAMP_FILE", clock().toString(),
                            "FAKETIME_CACHE_DURATION", "1",
                            "DONT_FAKE_MONOTONIC", "1",
                            // Its way of finding out how timed waits are counted makes every one of the JVM's wait.
                            "FAKETIME_FORCE_MONOTONIC_FIX", "0",
                            "WEIR_AOT", "off"));
        }
        Process started = builder.start();
        process = started;
        long end = System.nanoTime() + PATIENCE.toNanos();
        while (get("/health/readiness").status != 200) {
            if (!started.isAlive() || System.nanoTime() - end > 0) {
                throw new IOException("the gateway did not become ready, see " + directory.resolve("weir.log"));
            }
            TimeUnit.MILLISECONDS.sleep(20); // a process outside, there is nothing to be notified by
        }
    }

    private Process process() {
        if (process == null) {
            throw new IllegalStateException("not started");
        }
        return process;
    }

    void kill() throws InterruptedException {
        process().destroyForcibly().waitFor();
    }

    void pause(long millis) throws IOException, InterruptedException {
        signal("STOP", List.of(process().pid()));
        TimeUnit.MILLISECONDS.sleep(millis); // the fault's own time
        signal("CONT", List.of(process().pid()));
    }

    private static void signal(String signal, List<Long> pids) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of("kill", "-" + signal));
        pids.forEach(pid -> command.add(Long.toString(pid)));
        run(command.toArray(String[]::new));
    }

    private static void run(String... command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (process.waitFor() != 0) {
            throw new IOException(String.join(" ", command) + ": " + said);
        }
    }

    void fillDisk(long millis) throws InterruptedException, IOException {
        Path ballast = data().resolve("ballast");
        try (OutputStream out = Files.newOutputStream(ballast)) {
            byte[] block = new byte[64 * 1024];
            for (int i = 0; i < 4_096; i++) {
                out.write(block);
            }
        } catch (IOException full) {
            // That was wanted.
        }
        TimeUnit.MILLISECONDS.sleep(millis); // the fault's own time
        Files.delete(ballast);
    }

    void setClock(int seconds) throws IOException {
        Files.writeString(clock(), (seconds < 0 ? "" : "+") + seconds + "s");
    }

    void stopStore(long millis) throws IOException, InterruptedException {
        signal("STOP", database().processes());
        TimeUnit.MILLISECONDS.sleep(millis); // the fault's own time
        signal("CONT", database().processes());
    }

    void slowStore(long millis) throws InterruptedException {
        database().wire().slow(80);
        TimeUnit.MILLISECONDS.sleep(millis); // the fault's own time
        database().wire().slow(0);
    }

    void muteStore(long millis) throws InterruptedException {
        database().wire().mute(true);
        TimeUnit.MILLISECONDS.sleep(millis); // the fault's own time
        database().wire().mute(false);
    }

    private Database database() {
        if (database == null) {
            throw new IllegalStateException("the store is embedded");
        }
        return database;
    }

    JsonNode admin(String path, Map<String, Object> fields) throws IOException, InterruptedException {
        HttpResponse<String> answer = http.send(
                request(path)
                        .header("Content-Type", "application/json")
                        .POST(HttpRequest.BodyPublishers.ofString(JSON.writeValueAsString(fields)))
                        .build(),
                HttpResponse.BodyHandlers.ofString());
        if (answer.statusCode() != 200) {
            throw new IOException(path + " answers " + answer.statusCode() + ": " + answer.body());
        }
        return JSON.readTree(answer.body());
    }

    JsonNode read(String path) throws IOException, InterruptedException {
        Answer answer = get(path);
        if (answer.status != 200) {
            throw new IOException(path + " answers " + answer.status + ": " + answer.body);
        }
        return JSON.readTree(answer.body);
    }

    /** @param status 0 when nobody answers */
    private record Answer(int status, String body) {}

    private Answer get(String path) throws InterruptedException {
        try {
            HttpResponse<String> answer = http.send(request(path).GET().build(), HttpResponse.BodyHandlers.ofString());
            return new Answer(answer.statusCode(), answer.body());
        } catch (IOException nobody) {
            return new Answer(0, "");
        }
    }

    private HttpRequest.Builder request(String path) {
        return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
                .timeout(PATIENCE)
                .header("Authorization", "Bearer " + MASTER);
    }

    /** Every attempt's row. */
    List<JsonNode> rows() throws IOException, InterruptedException {
        List<JsonNode> rows = new ArrayList<>();
        JsonNode page;
        do {
            page = read("/spend/logs?attempts=true&limit=5000&offset=" + rows.size());
            page.forEach(rows::add);
        } while (page.size() == 5_000);
        return rows;
    }

    /** Metrics by their name, those without labels alone. */
    Map<String, Double> metrics() throws InterruptedException {
        Map<String, Double> figures = new HashMap<>();
        for (String line : get("/metrics").body.split("\n")) {
            int blank = line.lastIndexOf(' ');
            if (!line.startsWith("#") && blank > 0 && !line.contains("{")) {
                figures.put(line.substring(0, blank), Double.parseDouble(line.substring(blank + 1)));
            }
        }
        return figures;
    }

    @Override
    public void close() throws IOException {
        try {
            Process running = process;
            if (running != null) {
                running.destroy();
                if (!running.waitFor(20, TimeUnit.SECONDS)) {
                    running.destroyForcibly().waitFor();
                }
            }
            mock.close();
            if (mounted) {
                run("umount", data().toString());
            }
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
        }
    }
}
