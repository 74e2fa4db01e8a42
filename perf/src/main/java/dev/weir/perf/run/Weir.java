package dev.weir.perf.run;

import com.fasterxml.jackson.databind.JsonNode;
import dev.weir.perf.load.LoadResult;
import dev.weir.perf.load.Outcome;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;

/**
 * Weir as a process, with everything on: {@code perf/scenarios/weir-full.yaml}, and a key with limits of every kind that do not
 * bind. Each round has a key of its own, so that its ledger begins at zero.
 */
final class Weir implements Subject {
    private static final String NAME = "weir";
    private static final String KEY = """
            {"key_alias": "{alias}", "models": ["mock"], "rpm_limit": 100000000, "tpm_limit": 100000000000,
             "max_parallel_requests": 100000, "max_budget": 1000000, "budget_duration": "30d"}""";

    private final Child child;
    private final URI base;
    private final String masterKey;

    private Weir(Child child, URI base, String masterKey) {
        this.child = child;
        this.base = base;
        this.masterKey = masterKey;
    }

    /**
     * Starts it by a command in which {@code {config}}, {@code {port}} and {@code {data}} are replaced.
     *
     * @param home the working directory of relative commands: the root of the repository
     */
    static Start start(String command, Mock mock, Path home, Path directory, Path log)
            throws IOException, InterruptedException {
        int port = Ports.free();
        List<String> words = new ArrayList<>();
        for (String word : command.strip().split("\\s+")) {
            words.add(word.replace(
                            "{config}",
                            home.resolve("perf/scenarios/weir-full.yaml").toString())
                    .replace("{port}", Integer.toString(port))
                    .replace("{data}", directory.toString()));
        }
        Path program = home.resolve(words.getFirst());
        if (!Files.isExecutable(program)) {
            return new Start.Skipped(NAME, "there is no " + words.getFirst());
        }
        words.set(0, program.toString());
        String masterKey = "sk-perf-" + UUID.randomUUID();
        Child child = Child.logged(
                words,
                Map.of(
                        "WEIR_PERF_UPSTREAM",
                        mock.base() + "/v1",
                        "WEIR_PERF_MASTER_KEY",
                        masterKey,
                        "WEIR_PERF_ACCESS_LOG",
                        directory.resolve("access.log").toString()),
                log);
        URI base = URI.create("http://127.0.0.1:" + port);
        if (!Readiness.await(child, base.resolve("/health/readiness"))) {
            child.close();
            return new Start.Skipped(NAME, "it did not become ready, see " + log);
        }
        return new Start.Started(new Weir(child, base, masterKey));
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public URI target() {
        return base.resolve("/v1/chat/completions");
    }

    @Override
    public Optional<ProcessTree> tree() {
        return Optional.of(child.tree());
    }

    @Override
    public String freshKey() throws IOException, InterruptedException {
        String alias = "perf-" + UUID.randomUUID();
        return Http.post(base.resolve("/key/generate"), masterKey, KEY.replace("{alias}", alias))
                .path("key")
                .asText();
    }

    @Override
    public List<String> disagreements(String key, LoadResult client, Mock.Totals witness)
            throws IOException, InterruptedException {
        return new Ledger(this::ask, key).disagreements(client.all(Outcome.OK), witness);
    }

    private JsonNode ask(String route) throws IOException, InterruptedException {
        return Http.get(base.resolve(route), masterKey);
    }

    @Override
    public void close() {
        child.close();
    }
}
