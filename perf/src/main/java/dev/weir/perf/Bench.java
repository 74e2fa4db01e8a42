package dev.weir.perf;

import dev.weir.perf.jmh.JmhCommand;
import dev.weir.perf.run.Report;
import dev.weir.perf.run.Runner;
import dev.weir.perf.run.Scenario;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** The bench's command line; {@code perf/bin/bench} starts it. */
@Command(
        name = "bench",
        mixinStandardHelpOptions = true,
        description = "Measures Weir beside a control, on this machine.",
        subcommands = {CommandLine.HelpCommand.class, JmhCommand.class})
public final class Bench {
    private static final DateTimeFormatter STAMP = DateTimeFormatter.ofPattern("yyyyMMdd-HHmmss");
    private static final String WEIR = "gateway/bin/weir serve --config {config} --port {port} --data {data}";

    @Option(
            names = "--home",
            defaultValue = "${env:WEIR_PERF_HOME:-.}",
            description = "The root of the repository (set by perf/bin/bench).")
    private Path home = Path.of(".");

    public static void main(String[] args) {
        System.exit(new CommandLine(new Bench()).execute(args));
    }

    /** Lists what can be run. */
    @Command(name = "list", description = "Lists the scenarios.", mixinStandardHelpOptions = true)
    int list() throws IOException {
        for (String name : Scenario.names(scenarios())) {
            System.out.println(name + "\n    "
                    + Scenario.read(scenarios(), name).question().strip().replace("\n", "\n    "));
        }
        return 0;
    }

    /** Runs one; fails when a target is missed or the books disagree. */
    @Command(name = "run", description = "Runs a scenario and reports.", mixinStandardHelpOptions = true)
    int run(
            @Parameters(paramLabel = "SCENARIO", description = "Its name, see list.") String name,
            @Option(names = "--quick", description = "A small workload in one round: does everything work?")
                    boolean quick,
            @Option(names = "--rounds", description = "How often each subject is measured.") @Nullable Integer rounds,
            @Option(
                            names = "--weir",
                            paramLabel = "COMMAND",
                            description =
                                    "How Weir is started, with {config}, {port} and {data} (or WEIR_PERF_COMMAND).")
                    @Nullable
                    String weir)
            throws IOException, InterruptedException {
        Scenario whole = Scenario.read(scenarios(), name);
        Scenario scenario = quick ? whole.quickly() : whole;
        Path results = Files.createDirectories(home.toAbsolutePath()
                .normalize()
                .resolve("perf/results")
                .resolve(LocalDateTime.now(ZoneOffset.UTC).format(STAMP) + "-" + name));
        Runner.Settings settings = new Runner.Settings(
                name,
                scenario,
                Optional.ofNullable(rounds).orElse(scenario.rounds()),
                home.toAbsolutePath().normalize(),
                results,
                weir == null ? System.getenv().getOrDefault("WEIR_PERF_COMMAND", WEIR) : weir,
                "perf/bin/bench run " + name + (quick ? " --quick" : "")
                        + (rounds == null ? "" : " --rounds " + rounds));
        Report report = new Runner(settings, System.out).run();
        System.out.println("\n" + report.markdown() + "\n" + results.resolve("report.md"));
        return report.passed() ? 0 : 1;
    }

    private Path scenarios() {
        return home.resolve("perf/scenarios");
    }
}
