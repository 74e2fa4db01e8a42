package dev.weir.gateway.cli;

import dev.weir.cluster.store.StoreCopy;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Writes a copy of the embedded store into a file. */
@Command(
        name = "backup",
        description = "Copy the embedded store into a new file, also while the gateway runs.",
        mixinStandardHelpOptions = true)
final class Backup implements Callable<Integer> {

    @Option(
            names = "--data",
            paramLabel = "DIR",
            defaultValue = "weir-data",
            description = "Data directory (default: ${DEFAULT-VALUE}).")
    private Path data;

    @Parameters(paramLabel = "FILE", description = "The file to write; it must not be there yet.")
    private Path file;

    @Spec
    private CommandSpec spec;

    @SuppressWarnings("NullAway.Init") // picocli sets the fields.
    Backup() {}

    @Override
    public Integer call() {
        StoreCopy.backup(data, file);
        spec.commandLine().getOut().println("The store of " + data + " is in " + file);
        return 0;
    }
}
