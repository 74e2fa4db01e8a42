package dev.weir.gateway.cli;

import dev.weir.gateway.Version;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** The program: {@code weir demo | serve | check | backup | move | recover | version}. */
@Command(
        name = "weir",
        description =
                "A streaming AI gateway: authenticates, limits, routes, relays and meters calls to language models.",
        mixinStandardHelpOptions = true,
        versionProvider = Main.Versions.class,
        subcommands = {
            Demo.class,
            Serve.class,
            Check.class,
            Backup.class,
            Move.class,
            Recover.class,
            Train.class,
            Main.VersionCommand.class,
            CommandLine.HelpCommand.class
        })
public final class Main implements Callable<Integer> {

    /** What went wrong is the configuration's, or the environment's. */
    static final int FAILED = 1;

    @Spec
    private CommandSpec spec;

    @SuppressWarnings("NullAway.Init") // picocli sets the spec.
    public Main() {}

    public static void main(String[] arguments) {
        int code = FAILED;
        try {
            code = new CommandLine(new Main())
                    .setExecutionExceptionHandler(Main::explain)
                    .execute(arguments);
        } catch (Error broken) {
            // A class that is missing, a heap that is full: without an exit, threads that run already keep the process.
            broken.printStackTrace(System.err);
        }
        System.exit(code);
    }

    private static int explain(Exception failure, CommandLine command, CommandLine.ParseResult parsed) {
        String message = failure.getMessage();
        command.getErr().println("weir: " + (message == null ? failure.toString() : message));
        if (Boolean.getBoolean("weir.stacktraces")) {
            failure.printStackTrace(command.getErr());
        }
        return FAILED;
    }

    @Override
    public Integer call() {
        spec.commandLine().usage(spec.commandLine().getErr());
        return spec.exitCodeOnInvalidInput();
    }

    /** Says which build this is. */
    @Command(name = "version", description = "Print the version and the runtime.", mixinStandardHelpOptions = true)
    static final class VersionCommand implements Callable<Integer> {

        @Spec
        private CommandSpec spec;

        @SuppressWarnings("NullAway.Init") // picocli sets the spec.
        VersionCommand() {}

        @Override
        public Integer call() {
            for (String line : new Versions().getVersion()) {
                spec.commandLine().getOut().println(line);
            }
            return 0;
        }
    }

    /** The lines of {@code --version}. */
    static final class Versions implements IVersionProvider {
        @Override
        public String[] getVersion() {
            return new String[] {
                "weir " + Version.current(),
                "java " + System.getProperty("java.version") + " (" + System.getProperty("java.vendor") + ")"
            };
        }
    }
}
