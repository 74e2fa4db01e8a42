package dev.weir.gateway.cli;

import dev.weir.config.ConfigFile;
import dev.weir.config.Deployment;
import dev.weir.config.InvalidConfig;
import dev.weir.config.Problem;
import dev.weir.config.WeirConfig;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Instant;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Says what a configuration would do, without starting anything. */
@Command(
        name = "check",
        description = "Check a configuration file: exit 0 when the gateway would start with it.",
        mixinStandardHelpOptions = true)
final class Check implements Callable<Integer> {

    @Option(names = "--config", required = true, paramLabel = "FILE", description = "The config.yaml to check.")
    private Path config;

    @Spec
    private CommandSpec spec;

    @SuppressWarnings("NullAway.Init") // picocli sets the fields.
    Check() {}

    @Override
    public Integer call() {
        PrintWriter out = spec.commandLine().getOut();
        try {
            WeirConfig read = ConfigFile.read(config, System.getenv(), Instant.now());
            for (Deployment deployment : read.deployments()) {
                out.println("model " + deployment.modelName() + " -> "
                        + deployment.provider().prefix() + "/" + deployment.upstreamModel() + " at "
                        + deployment.apiBase() + " (id " + deployment.id()
                        + (deployment.price().isPresent() ? "" : ", no price known") + ")");
            }
            read.notHonoured().forEach(line -> out.println("warning: " + line));
            out.println(config + ": good, " + read.deployments().size() + " deployments, "
                    + read.weir().keys().size() + " declared keys, "
                    + read.notHonoured().size() + " settings not honoured");
            return 0;
        } catch (InvalidConfig invalid) {
            for (Problem problem : invalid.problems()) {
                out.println("error: " + problem);
            }
            out.println(config + ": " + invalid.problems().size() + " problems");
            return Main.FAILED;
        }
    }
}
