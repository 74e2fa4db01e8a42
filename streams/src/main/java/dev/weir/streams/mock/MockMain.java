package dev.weir.streams.mock;

import io.netty.util.internal.logging.InternalLoggerFactory;
import io.netty.util.internal.logging.JdkLoggerFactory;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** The mock upstream as a process of its own: prints its port on a line and serves until SIGTERM. */
@Command(
        name = "mock",
        mixinStandardHelpOptions = true,
        description = {
            "An OpenAI-shaped mock upstream. A model name carries the behaviour: mock;latency=60ms;tokens=20;...",
            "GET /witness?since=N, GET /witness/totals and DELETE /witness say and forget what it saw."
        })
public final class MockMain implements Callable<Integer> {
    @Option(names = "--host", defaultValue = "127.0.0.1", description = "Address to bind (${DEFAULT-VALUE}).")
    private String host = "";

    @Option(names = "--port", defaultValue = "0", description = "Port to bind; 0 for any free one.")
    private int port;

    @Option(names = "--latency", defaultValue = "0ms", description = "To the first token, or the whole answer.")
    private String latency = "";

    @Option(names = "--gap", defaultValue = "0ms", description = "Between two tokens of a stream.")
    private String gap = "";

    @Option(names = "--tokens", defaultValue = "20", description = "Tokens of an answer (${DEFAULT-VALUE}).")
    private int tokens;

    @Option(names = "--usage", defaultValue = "on", description = "on, off or always.")
    private String usage = "";

    @Option(names = "--script", defaultValue = "", description = "More defaults, as items: crlf;comments;...")
    private String script = "";

    @Option(names = "--loops", defaultValue = "1", description = "Event loops (${DEFAULT-VALUE}).")
    private int loops;

    @Option(names = "--keep", defaultValue = "10000", description = "Sightings to remember (${DEFAULT-VALUE}).")
    private int keep;

    @Option(names = "--keep-headers", description = "Remember request headers.")
    private boolean keepHeaders;

    @Option(names = "--keep-bodies", description = "Remember request bodies.")
    private boolean keepBodies;

    @Option(names = "--tls-cert", description = "PEM certificate chain; with --tls-key it speaks TLS.")
    private @Nullable Path certificate;

    @Option(names = "--tls-key", description = "PEM key (PKCS#8).")
    private @Nullable Path key;

    public static void main(String[] args) {
        InternalLoggerFactory.setDefaultFactory(JdkLoggerFactory.INSTANCE); // to stderr: stdout is for the port
        System.exit(new CommandLine(new MockMain()).execute(args));
    }

    @Override
    public Integer call() throws InterruptedException {
        MockUpstream mock = MockUpstream.start(settings());
        Runtime.getRuntime().addShutdownHook(new Thread(mock::close, "mock-shutdown"));
        System.out.println(mock.port());
        mock.awaitClose();
        return 0;
    }

    private MockSettings settings() {
        String items = "latency=" + latency + ";gap=" + gap + ";tokens=" + tokens + ";usage=" + usage + ";" + script;
        MockSettings.Tls tls = certificate == null || key == null ? null : new MockSettings.Tls(certificate, key);
        return new MockSettings(
                host,
                port,
                loops,
                Script.of(items, Script.plain()),
                new MockSettings.Keeping(keep, keepHeaders, keepBodies),
                tls);
    }
}
