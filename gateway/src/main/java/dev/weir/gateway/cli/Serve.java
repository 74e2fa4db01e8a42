package dev.weir.gateway.cli;

import dev.weir.config.ConfigFile;
import dev.weir.config.WeirConfig;
import dev.weir.config.WeirSettings;
import dev.weir.gateway.Weir;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
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
        Weir weir = Weir.start(read.withWeir(settings));
        UntilStopped.stopWithProcess(weir::close);
        spec.commandLine().getErr().println("weir: serving on " + address(settings, weir));
        if (weir.managementPort() >= 0) {
            spec.commandLine().getErr().println("weir: management on http://127.0.0.1:" + weir.managementPort());
        }
        HeapSize.giveBackAfterStart();
        return UntilStopped.await();
    }

    private static String address(WeirSettings settings, Weir weir) {
        String scheme = settings.tls() == null ? "http" : "https";
        return scheme + "://" + settings.server().host() + ":" + weir.port();
    }
}
