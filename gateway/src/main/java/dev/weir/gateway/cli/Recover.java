package dev.weir.gateway.cli;

import dev.weir.cluster.ledger.LeftJournal;
import dev.weir.cluster.ledger.Shipper;
import dev.weir.config.ConfigFile;
import dev.weir.config.DatabaseUrl;
import dev.weir.config.WeirSettings;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Carries the journal of a node that was killed into the ledger. */
@Command(
        name = "recover",
        description = "Write the rows that a killed gateway's journal still has, without starting that gateway.",
        mixinStandardHelpOptions = true)
final class Recover implements Callable<Integer> {

    private static final String VARIABLE = "WEIR_DATABASE_URL";

    @Option(names = "--data", required = true, paramLabel = "DIR", description = "Data directory of that gateway.")
    private Path data;

    @Option(names = "--config", paramLabel = "FILE", description = "The config.yaml that says where its store is.")
    private @Nullable Path config;

    @Option(
            names = "--url",
            paramLabel = "URL",
            description = "Its PostgreSQL, over --config: " + DatabaseUrl.EXPECTED + ", or the environment's "
                    + VARIABLE + ". Without any of them, the store is the one in the data directory.")
    private @Nullable String url;

    @Spec
    private CommandSpec spec;

    @SuppressWarnings("NullAway.Init") // picocli sets the fields.
    Recover() {}

    @Override
    public Integer call() {
        Shipper.Recovered recovered = LeftJournal.recover(data, database(), InstantSource.system());
        spec.commandLine()
                .getOut()
                .println("The journal of " + data + " is in the ledger: " + recovered.ended()
                        + " attempts that had ended, " + recovered.lost() + " lost with the process; "
                        + recovered.withdrawn() + " provisional rows of calls that never began are gone.");
        return 0;
    }

    private @Nullable DatabaseUrl database() {
        if (url == null && config != null) {
            WeirSettings settings =
                    ConfigFile.read(config, System.getenv(), Instant.now()).weir();
            return settings.storage().database();
        }
        String text = url == null ? System.getenv(VARIABLE) : url;
        try {
            return text == null ? null : DatabaseUrl.parse(text);
        } catch (IllegalArgumentException malformed) {
            throw new ParameterException(
                    spec.commandLine(),
                    "--url: " + malformed.getMessage() + " (expected: " + DatabaseUrl.EXPECTED + ")");
        }
    }
}
