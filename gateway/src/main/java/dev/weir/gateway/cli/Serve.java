package dev.weir.gateway.cli;

import dev.weir.config.ConfigFile;
import dev.weir.config.HostAndPort;
import dev.weir.config.WeirConfig;
import dev.weir.config.WeirSettings;
import dev.weir.gateway.Weir;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Runs the gateway with an operator's configuration. */
@Command(
        name = "serve",
        description = "Run the gateway with a configuration file.",
        mixinStandardHelpOptions = true,
        sortOptions = false)
final class Serve implements Callable<Integer> {

    @Option(names = "--config", required = true, paramLabel = "FILE", description = "The config.yaml to serve.")
    private Path config;

    @Option(names = "--host", paramLabel = "H", description = "Address to listen on, over weir.server.host.")
    private @Nullable String host;

    @Option(
            names = "--port",
            paramLabel = "N",
            converter = PortNumber.class,
            description = "Port to listen on, over weir.server.port (default 4000).")
    private @Nullable Integer port;

    @Option(names = "--data", paramLabel = "DIR", description = "Data directory, over weir.storage.data.")
    private @Nullable Path data;

    @Option(
            names = "--cluster-host",
            paramLabel = "H",
            description = "Address on which other nodes are heard, over weir.cluster.host (default 127.0.0.1).")
    private @Nullable String clusterHost;

    @Option(
            names = "--cluster-port",
            paramLabel = "N",
            converter = PortNumber.class,
            description = "Port on which other nodes are heard, over weir.cluster.port (default: any free one).")
    private @Nullable Integer clusterPort;

    @Option(
            names = "--seed",
            paramLabel = "HOST:PORT",
            split = ",",
            description =
                    "Where other nodes may be met, over weir.cluster.seeds; those over the same store find each other.")
    private List<String> seeds = List.of();

    @Spec
    private CommandSpec spec;

    @SuppressWarnings("NullAway.Init") // picocli sets the fields.
    Serve() {}

    @Override
    public Integer call() throws IOException, InterruptedException {
        WeirConfig read = ConfigFile.read(config, System.getenv(), Instant.now());
        for (String line : read.notHonoured()) {
            spec.commandLine().getErr().println("weir: " + config + ": " + line);
        }
        WeirSettings settings = read.weir();
        WeirSettings.Server server = settings.server();
        settings = settings.withServer(host == null ? server.host() : host, port == null ? server.port() : port);
        if (data != null) {
            settings = settings.withData(data);
        }
        for (String seed : seeds) {
            if (!HostAndPort.isOne(seed)) {
                throw new ParameterException(spec.commandLine(), "--seed: " + seed + " (expected: host:port)");
            }
        }
        settings = settings.withCluster(settings.cluster().at(clusterHost, clusterPort, seeds));
        WeirConfig effective = read.withWeir(settings);
        Weir weir = UntilStopped.startAndStopWithProcess(() -> Weir.start(effective, Serve::end), Weir::close);
        spec.commandLine().getErr().println("weir: serving on " + address(settings, weir));
        if (weir.managementPort() >= 0) {
            spec.commandLine().getErr().println("weir: management on " + management(settings, weir));
        }
        HeapSize.giveBackAfterStart();
        return UntilStopped.await();
    }

    /** Without a way out: what this process still does, others do too. */
    private static void end() {
        System.err.println("weir: this node ends, because the others of its cluster go on without it; start it again");
        System.err.flush();
        Runtime.getRuntime().halt(Main.FAILED);
    }

    private static String management(WeirSettings settings, Weir weir) {
        WeirSettings.Management management = settings.management();
        return (management.tls() == null ? "http" : "https") + "://" + management.host() + ":" + weir.managementPort();
    }

    private static String address(WeirSettings settings, Weir weir) {
        String scheme = settings.tls() == null ? "http" : "https";
        return scheme + "://" + settings.server().host() + ":" + weir.port();
    }
}
