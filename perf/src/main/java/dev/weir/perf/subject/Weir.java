package dev.weir.perf.subject;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.weir.perf.load.LoadResult;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;

/**
 * Weir as a process, with everything on, and a key with limits of every kind. Each round has a key of its own, so that its ledger
 * begins at zero.
 */
final class Weir implements Subject {
    private static final String NAME = "weir";
    private static final ObjectMapper JSON = new ObjectMapper();

    /** None of them binds unless a scenario says otherwise. */
    private static final Map<String, Object> KEY = Map.of(
            "models",
            List.of("mock"),
            "rpm_limit",
            100_000_000,
            "tpm_limit",
            100_000_000_000L,
            "max_parallel_requests",
            100_000,
            "max_budget",
            1_000_000,
            "budget_duration",
            "30d");

    private final Child child;
    private final URI base;
    private final String masterKey;
    private final Path gcLog;
    private final double readySeconds;

    /**
     * How it is started.
     *
     * @param command in which {@code {config}}, {@code {port}} and {@code {data}} are replaced
     * @param home the working directory of relative commands: the root of the repository
     * @param config the file
     * @param javaOptions further JVM flags
     */
    public record Launch(String command, Path home, Path config, List<String> javaOptions) {
        public Launch {
            javaOptions = List.copyOf(javaOptions);
        }
    }

    private Weir(Child child, URI base, String masterKey, Path gcLog, double readySeconds) {
        this.child = child;
        this.base = base;
        this.masterKey = masterKey;
        this.gcLog = gcLog;
        this.readySeconds = readySeconds;
    }

    static Start start(Launch launch, Mock mock, Path directory, Path log) throws IOException, InterruptedException {
        int port = Ports.free();
        List<String> words = new ArrayList<>();
        for (String word : launch.command().strip().split("\\s+")) {
            words.add(word.replace("{config}", launch.config().toString())
                    .replace("{port}", Integer.toString(port))
                    .replace("{data}", directory.toString()));
        }
        Path program = launch.home().resolve(words.getFirst());
        if (!Files.isExecutable(program)) {
            return new Start.Skipped(NAME, "there is no " + words.getFirst());
        }
        words.set(0, program.toString());
        String masterKey = "sk-perf-" + UUID.randomUUID();
        Path gcLog = directory.resolve("gc.log");
        List<String> options = new ArrayList<>(launch.javaOptions());
        options.add("-Xlog:gc:file=" + gcLog + ":timemillis");
        long began = System.nanoTime();
        Map<String, String> environment = new HashMap<>();
        environment.put("WEIR_PERF_UPSTREAM", mock.base() + "/v1");
        environment.put("WEIR_PERF_MASTER_KEY", masterKey);
        environment.put("WEIR_PERF_ACCESS_LOG", directory.resolve("access.log").toString());
        environment.put(
                "WEIR_JAVA_OPTS", System.getenv().getOrDefault("WEIR_JAVA_OPTS", "") + " " + String.join(" ", options));
        mock.identity().ifPresent(identity -> {
            environment.put("WEIR_PERF_CERTIFICATE", identity.certificate().toString());
            environment.put("WEIR_PERF_KEY", identity.key().toString());
        });
        Child child = Child.logged(words, environment, log);
        URI base = mock.local(port);
        Optional<String> failure = Readiness.await(child, base.resolve("/health/readiness"), log);
        if (failure.isPresent()) {
            child.close();
            return new Start.Skipped(NAME, failure.get());
        }
        if (options.stream().anyMatch(option -> option.startsWith("-javaagent"))
                && !Files.readString(log).contains(" is broken")) {
            child.close();
            throw new IOException("The sabotage did not come into force, see " + log);
        }
        return new Start.Started(new Weir(child, base, masterKey, gcLog, (System.nanoTime() - began) / 1e9));
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public String on() {
        return "key authentication; limits on requests, tokens, parallel calls and money a key; prices; durable ledger and meters;"
                + " access log to a file; metrics, scraped";
    }

    @Override
    public Optional<ProcessTree> tree() {
        return Optional.of(child.tree());
    }

    @Override
    public double readySeconds() {
        return readySeconds;
    }

    @Override
    public Access access(Map<String, Object> wanted) throws IOException, InterruptedException {
        Map<String, Object> key = new LinkedHashMap<>(KEY);
        key.putAll(wanted);
        key.put("key_alias", "perf-" + UUID.randomUUID());
        String made = Http.post(base.resolve("/key/generate"), masterKey, JSON.writeValueAsString(key))
                .path("key")
                .asText();
        return new Access(base.resolve("/v1/chat/completions"), "mock", List.of(Ledger.AUTHORIZATION + made));
    }

    @Override
    public void scrape() throws InterruptedException {
        Http.status(base.resolve("/metrics"));
    }

    @Override
    public Books books(Access access, LoadResult client, Mock.Totals witness) throws InterruptedException {
        return new Ledger(this::ask, () -> Http.text(base.resolve("/metrics")), access).books(client, witness);
    }

    @Override
    public Optional<Path> gcLog() {
        return Optional.of(gcLog);
    }

    private JsonNode ask(String route) throws IOException, InterruptedException {
        return Http.get(base.resolve(route), masterKey);
    }

    @Override
    public void close() {
        child.close();
    }
}
