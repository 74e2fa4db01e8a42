package dev.weir.gateway.cli;

import dev.weir.cluster.store.StoreCopy;
import dev.weir.config.DatabaseUrl;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Copies the embedded store into a PostgreSQL. */
@Command(
        name = "move",
        description = "Copy the embedded store into an empty PostgreSQL database, while the gateway is stopped.",
        mixinStandardHelpOptions = true)
final class Move implements Callable<Integer> {

    private static final String VARIABLE = "WEIR_DATABASE_URL";

    @Option(
            names = "--data",
            paramLabel = "DIR",
            defaultValue = "weir-data",
            description = "Data directory (default: ${DEFAULT-VALUE}).")
    private Path data;

    @Option(
            names = "--to",
            paramLabel = "URL",
            description = "The database: " + DatabaseUrl.EXPECTED + ". Other users of this machine see what stands in a"
                    + " command; the environment's " + VARIABLE + " they do not.")
    private @Nullable String to;

    @Spec
    private CommandSpec spec;

    @SuppressWarnings("NullAway.Init") // picocli sets the fields.
    Move() {}

    @Override
    public Integer call() {
        String text = to == null ? System.getenv(VARIABLE) : to;
        if (text == null) {
            throw new ParameterException(spec.commandLine(), "--to or " + VARIABLE + " is needed");
        }
        DatabaseUrl url;
        try {
            url = DatabaseUrl.parse(text);
        } catch (IllegalArgumentException malformed) {
            throw new ParameterException(
                    spec.commandLine(),
                    "--to: " + malformed.getMessage() + " (expected: " + DatabaseUrl.EXPECTED + ")");
        }
        PrintWriter out = spec.commandLine().getOut();
        StoreCopy.move(data, url).forEach((table, rows) -> out.println(table + ": " + rows + " rows"));
        out.println("The store of " + data + " is in " + url + ". Serve it with weir.storage.url and the same data"
                + " directory, whose journal goes on; weir.db there is not used any more.");
        return 0;
    }
}
