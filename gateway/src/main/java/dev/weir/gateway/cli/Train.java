package dev.weir.gateway.cli;

import dev.weir.config.ConfigFile;
import dev.weir.config.WeirConfig;
import dev.weir.gateway.Weir;
import dev.weir.streams.mock.MockSettings;
import dev.weir.streams.mock.MockUpstream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * Lives a day of the gateway's life in a few seconds, so that the JVM, which is told to remember, starts the next one
 * with classes that are loaded and methods whose profile is known. The launcher runs it; it needs nothing and leaves
 * nothing.
 */
@Command(name = "train", description = "Exercise the gateway for the JVM's cache.", hidden = true)
final class Train implements Callable<Integer> {

    private static final String HOST = "127.0.0.1";
    private static final String ADMIN_KEY = "sk-weir-train-admin";
    private static final String LIMITS = """
            {"models": ["plain", "streamed"], "rpm_limit": 1000000, "tpm_limit": 1000000000,
             "max_parallel_requests": 1000, "max_budget": 1000, "budget_duration": "1d"}""";

    @Option(names = "--seconds", paramLabel = "N", defaultValue = "6", description = "How long calls are made.")
    private int seconds;

    @Option(names = "--callers", paramLabel = "N", defaultValue = "16", description = "How many at once.")
    private int callers;

    @SuppressWarnings("NullAway.Init") // picocli sets the fields.
    Train() {}

    @Override
    public Integer call() throws IOException {
        try (TemporaryDirectory temporary = TemporaryDirectory.make("weir-train");
                MockUpstream mock = MockUpstream.start(MockSettings.forTests())) {
            Path directory = temporary.path();
            WeirConfig config = ConfigFile.parse(yaml(mock.baseUrl(), directory), Map.of(), Instant.now());
            try (Weir weir = Weir.start(
                    config.withWeir(config.weir().withServer(HOST, 0).withData(directory.resolve("data"))))) {
                HeapSize.giveBackAfterStart();
                exercise(weir.port());
            }
            return 0;
        }
    }

    private static String yaml(String upstream, Path directory) {
        return """
                model_list:
                  - {model_name: plain, litellm_params: {model: openai/mock, api_base: %1$s,
                     input_cost_per_token: 0.000001, output_cost_per_token: 0.000002}}
                  - {model_name: streamed, litellm_params: {model: openai/mock;tokens=20, api_base: %1$s,
                     input_cost_per_token: 0.000001, output_cost_per_token: 0.000002}}
                  - {model_name: broken, litellm_params: {model: openai/mock;status=500, api_base: %1$s,
                     input_cost_per_token: 0.000001, output_cost_per_token: 0.000002}}
                general_settings: {master_key: %2$s}
                weir:
                  access_log: {target: '%3$s'}
                  storage: {journal_bytes: 4000000}
                  keys: [{key: sk-weir-train-declared, key_alias: declared, rpm_limit: 1}]
                """.formatted(upstream, ADMIN_KEY, directory.resolve("access.log"));
    }

    private void exercise(int port) throws IOException {
        String key;
        try (Pupil admin = Pupil.at(HOST, port, ADMIN_KEY)) {
            admin.get("/health/readiness");
            admin.get("/v1/models");
            String made = admin.post("/key/generate", LIMITS);
            key = made.substring(made.indexOf("sk-"), made.indexOf('"', made.indexOf("sk-")));
            admin.chat("broken", false);
            admin.chat("nobody", true);
        }
        try (Pupil stranger = Pupil.at(HOST, port, "sk-weir-train-stranger")) {
            stranger.chat("plain", false);
        }
        call(port, key);
        try (Pupil admin = Pupil.at(HOST, port, ADMIN_KEY)) {
            admin.get("/key/info?key=" + key);
            admin.get("/spend/logs?limit=20");
            admin.get("/metrics");
            admin.post("/key/delete", "{\"keys\": [\"" + key + "\"]}");
        }
    }

    private void call(int port, String key) {
        long end = System.nanoTime() + seconds * 1_000_000_000L;
        try (ExecutorService threads = Executors.newFixedThreadPool(callers)) {
            List<CompletableFuture<Void>> all = new ArrayList<>();
            for (int i = 0; i < callers; i++) {
                all.add(CompletableFuture.runAsync(() -> callUntil(end, port, key), threads));
            }
            all.forEach(CompletableFuture::join);
        }
    }

    private static void callUntil(long end, int port, String key) {
        try {
            while (System.nanoTime() - end < 0) {
                try (Pupil pupil = Pupil.at(HOST, port, key)) {
                    for (int call = 0; call < 50 && System.nanoTime() - end < 0; call++) {
                        boolean streamed = call % 2 == 1;
                        pupil.chat(streamed ? "streamed" : "plain", streamed);
                        expect200(pupil);
                    }
                }
            }
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    /** A training that only sees refusals would teach nothing, and nobody would know. */
    private static void expect200(Pupil pupil) {
        if (!pupil.status().equals("200")) {
            throw new IllegalStateException("a call of the training was answered with " + pupil.status());
        }
    }
}
