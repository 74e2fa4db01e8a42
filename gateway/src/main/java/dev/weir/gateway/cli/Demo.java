package dev.weir.gateway.cli;

import dev.weir.config.ConfigFile;
import dev.weir.config.WeirConfig;
import dev.weir.gateway.Weir;
import dev.weir.streams.mock.MockSettings;
import dev.weir.streams.mock.MockUpstream;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Runs the gateway with an upstream of its own, so that there is something to try in one command. */
@Command(
        name = "demo",
        description = "Run the gateway with a built-in mock model and two keys, on loopback.",
        mixinStandardHelpOptions = true,
        sortOptions = false)
final class Demo implements Callable<Integer> {

    private static final String HOST = "127.0.0.1";
    private static final String KEY = "sk-weir-demo-key";
    private static final String ADMIN_KEY = "sk-weir-demo-admin";

    @Option(
            names = "--port",
            paramLabel = "N",
            converter = PortNumber.class,
            defaultValue = "4000",
            description = "Port to listen on (default 4000).")
    private int port;

    @Option(names = "--data", paramLabel = "DIR", description = "Data directory (default: a new temporary one).")
    private @Nullable Path data;

    @Spec
    private CommandSpec spec;

    @SuppressWarnings("NullAway.Init") // picocli sets the spec.
    Demo() {}

    @Override
    public Integer call() throws IOException, InterruptedException {
        if (data != null) {
            return serve(data, () -> {});
        }
        TemporaryDirectory temporary = TemporaryDirectory.make("weir-demo");
        return serve(temporary.path(), temporary::close);
    }

    private int serve(Path directory, Runnable atEnd) throws IOException, InterruptedException {
        MockUpstream mock = MockUpstream.start(MockSettings.forTests().withScript("ttft=200ms;gap=40ms;tokens=24"));
        WeirConfig config = ConfigFile.parse(yaml(mock.baseUrl()), Map.of(), Instant.now());
        Weir weir =
                Weir.start(config.withWeir(config.weir().withServer(HOST, port).withData(directory)));
        UntilStopped.stopWithProcess(() -> {
            weir.close();
            mock.close();
            atEnd.run();
        });
        welcome(spec.commandLine().getOut(), "http://" + HOST + ":" + weir.port());
        HeapSize.giveBackAfterStart();
        return UntilStopped.await();
    }

    private static String yaml(String upstream) {
        return """
                model_list:
                  - model_name: demo
                    litellm_params:
                      model: openai/mock
                      api_base: %s
                      input_cost_per_token: 0.000001
                      output_cost_per_token: 0.000002
                general_settings:
                  master_key: %s
                weir:
                  access_log: {target: stdout}
                  keys:
                    - key: %s
                      key_alias: demo
                      rpm_limit: 600
                      tpm_limit: 1000000
                      max_parallel_requests: 20
                      max_budget: 10
                      budget_duration: 1d
                """.formatted(upstream, ADMIN_KEY, KEY);
    }

    private static void welcome(PrintWriter out, String url) {
        out.println();
        out.println("Weir is up at " + url + " with a mock model called \"demo\".");
        out.println("  key        " + KEY + "     (for OPENAI_API_KEY; OPENAI_BASE_URL=" + url + "/v1)");
        out.println("  admin key  " + ADMIN_KEY);
        out.println();
        out.println("Try it:");
        out.println();
        out.println(
                "curl -N " + url + "/v1/chat/completions -H 'Authorization: Bearer " + KEY
                        + "' -H 'Content-Type: application/json' -d '{\"model\":\"demo\",\"stream\":true,\"messages\":[{\"role\":\"user\",\"content\":\"Hello\"}]}'");
        out.println();
        out.println("curl '" + url + "/spend/logs' -H 'Authorization: Bearer " + ADMIN_KEY + "'");
        out.println();
        out.println("Stop with Ctrl-C.");
        out.flush();
    }
}
