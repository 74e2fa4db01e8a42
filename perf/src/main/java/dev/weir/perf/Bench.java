package dev.weir.perf;

import dev.weir.perf.jmh.JmhCommand;
import dev.weir.perf.report.Comparison;
import dev.weir.perf.report.Report;
import dev.weir.perf.report.Table;
import dev.weir.perf.run.Run;
import dev.weir.perf.run.Runner;
import dev.weir.perf.run.Scenario;
import dev.weir.perf.sabotage.Sabotage;
import dev.weir.perf.subject.Subjects;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
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
    private static final String GUARD = "guard";

    @Option(
            names = "--home",
            defaultValue = "${env:WEIR_PERF_HOME:-.}",
            description = "The root of the repository (set by perf/bin/bench).")
    private Path home = Path.of(".");

    /** How scenarios are run. */
    static final class Choices {
        @Option(names = "--quick", description = "Small workloads in one round: does everything work?")
        boolean quick;

        @Option(names = "--rounds", description = "How often each subject is measured at each point.")
        @Nullable
        Integer rounds;

        @Option(names = "--seconds", description = "The measured window of every point, instead of the scenario's.")
        @Nullable
        Double seconds;

        @Option(
                names = "--subject",
                paramLabel = "FILE",
                arity = "1..*",
                description = "Another gateway besides: a name in perf/subjects, or a file like those.")
        List<String> subjects = new ArrayList<>();

        @Option(
                names = "--only",
                paramLabel = "NAME",
                arity = "1..*",
                description = "Only these of the scenario's subjects.")
        List<String> only = new ArrayList<>();

        @Option(
                names = "--profile",
                defaultValue = "cpu",
                description = "Flame graph of Weir after the rounds: cpu, wall, alloc, lock or off (${DEFAULT-VALUE}).")
        String profile = "";

        @Option(
                names = "--resume",
                paramLabel = "RUN",
                description = "Of a table: goes on with a run that was broken off, with the scenarios that it has not.")
        @Nullable
        Path resume;

        @Option(
                names = "--sabotage",
                paramLabel = "KIND",
                description = "Breaks Weir on purpose, to see the run fail: hold, permit, row or busywait.")
        @Nullable
        String sabotage;

        @Option(
                names = "--weir",
                paramLabel = "COMMAND",
                description = "How Weir is started, with {config}, {port} and {data} (or WEIR_PERF_COMMAND).")
        @Nullable
        String weir;

        String command() {
            return weir == null ? System.getenv().getOrDefault("WEIR_PERF_COMMAND", WEIR) : weir;
        }
    }

    public static void main(String[] args) {
        Bench bench = new Bench();
        System.exit(new CommandLine(bench)
                .setExecutionExceptionHandler((e, command, parsed) -> {
                    command.getErr().println("bench: " + (e.getMessage() == null ? e : e.getMessage()));
                    if (!(e instanceof IOException || e instanceof IllegalArgumentException)) {
                        e.printStackTrace(command.getErr());
                    }
                    return 1;
                })
                .execute(args));
    }

    /** Lists what can be run. */
    @Command(name = "list", description = "Lists the scenarios and tables.", mixinStandardHelpOptions = true)
    int list() throws IOException {
        for (String name : Scenario.names(scenarios())) {
            print(name, Scenario.read(scenarios(), name, false).question());
        }
        for (String name : Table.names(scenarios())) {
            Table table = Table.read(scenarios(), name);
            print(name, table.question() + "\n(of " + String.join(", ", table.scenarios()) + ")");
        }
        return 0;
    }

    private static void print(String name, String question) {
        System.out.println(name + "\n    " + question.strip().replace("\n", "\n    "));
    }

    /** Runs some; fails when a target is missed or the books disagree. */
    @Command(name = "run", description = "Runs scenarios or tables and reports.", mixinStandardHelpOptions = true)
    int run(
            @Parameters(
                            arity = "0..*",
                            paramLabel = "SCENARIO",
                            description = "Names, see list; none: all scenarios that have a target of their own.")
                    List<String> names,
            @Mixin Choices choices)
            throws IOException, InterruptedException {
        List<String> wanted = names == null || names.isEmpty() ? Scenario.withTargets(scenarios()) : names;
        for (String name : wanted) {
            if (!Table.exists(scenarios(), name)) {
                Scenario.read(scenarios(), name, choices.quick); // a name that is none shall not be found after an hour
            }
        }
        if (choices.resume != null && (wanted.size() != 1 || !Table.exists(scenarios(), wanted.getFirst()))) {
            throw new IOException("--resume: " + wanted + " (expected: one table)");
        }
        boolean passed = true;
        for (String name : wanted) {
            Path results = place(name, choices);
            passed &= Table.exists(scenarios(), name)
                    ? table(name, choices, results)
                    : told(scenario(name, List.of(), choices, results), results);
        }
        return passed ? 0 : 1;
    }

    /** Writes a report anew. */
    @Command(
            name = "report",
            description = "Writes the report of a run anew from its data.",
            mixinStandardHelpOptions = true)
    int report(@Parameters(paramLabel = "RUN", description = "A directory below perf/results.") Path directory)
            throws IOException {
        Path results = existing(directory);
        if (Report.isRun(results)) {
            return told(Report.read(results), results) ? 0 : 1;
        }
        String name = results.getFileName().toString().replaceFirst("^\\d+-\\d+-", "");
        Table table = Table.read(scenarios(), name);
        Map<String, Run> runs = new LinkedHashMap<>();
        for (String scenario : table.scenarios()) {
            if (Report.isRun(results.resolve(scenario))) {
                Run run = Report.read(results.resolve(scenario));
                new Report(run).write(results.resolve(scenario));
                runs.put(scenario, run);
            }
        }
        return told(table.fill(runs), results) ? 0 : 1;
    }

    /** Holds two runs side by side. */
    @Command(
            name = "compare",
            description = "Holds two runs of a scenario side by side.",
            mixinStandardHelpOptions = true)
    int compare(@Parameters(paramLabel = "BEFORE") Path before, @Parameters(paramLabel = "AFTER") Path after)
            throws IOException {
        System.out.println(new Comparison(Report.read(existing(before)), Report.read(existing(after))).markdown());
        return 0;
    }

    /** The guard. */
    @Command(
            name = GUARD,
            description = "Whether Weir is still as fast, as frugal and as exact as it was: the table 'guard'.",
            mixinStandardHelpOptions = true)
    int guard(@Mixin Choices choices) throws IOException, InterruptedException {
        choices.profile = "off";
        return table(GUARD, choices, place(GUARD, choices)) ? 0 : 1;
    }

    private boolean table(String name, Choices choices, Path results) throws IOException, InterruptedException {
        Table table = Table.read(scenarios(), name);
        Map<String, Run> runs = new LinkedHashMap<>();
        for (String scenario : table.scenarios()) {
            Path place = Files.createDirectories(results.resolve(scenario));
            if (Report.isRun(place)) {
                Run before = Report.read(place);
                if (!before.command().equals(typed(scenario, choices))) {
                    throw new IOException("--resume: " + place + " was measured by '" + before.command()
                            + "' (expected: '" + typed(scenario, choices) + "')");
                }
                runs.put(scenario, before);
            } else {
                Run run = scenario(scenario, table.points(scenario), choices, place);
                new Report(run).write(place);
                runs.put(scenario, run);
            }
        }
        return told(table.fill(runs), results);
    }

    /** @param points only these; all when there are none */
    private Run scenario(String name, List<String> points, Choices choices, Path results)
            throws IOException, InterruptedException {
        Scenario scenario = Scenario.read(scenarios(), name, choices.quick).with(choices.subjects);
        if (!points.isEmpty() && !choices.quick) {
            scenario = scenario.at(points);
        }
        if (!choices.only.isEmpty()) {
            scenario = scenario.only(choices.only);
        }
        if (choices.rounds != null) {
            scenario = scenario.rounds(choices.rounds);
        }
        if (choices.seconds != null) {
            scenario = scenario.seconds(choices.seconds);
        }
        List<String> damage = choices.sabotage == null
                ? List.of()
                : List.of(Sabotage.of(choices.sabotage).flag(root()));
        Subjects subjects = new Subjects(root(), choices.command(), scenarios().resolve(scenario.config()), damage);
        Runner.Settings settings =
                new Runner.Settings(subjects, results, typed(name, choices), choices.quick ? "off" : choices.profile);
        return new Runner(scenario, settings, System.out).run();
    }

    private static String typed(String name, Choices choices) {
        return "perf/bin/bench run " + name
                + (choices.quick ? " --quick" : "")
                + (choices.rounds == null ? "" : " --rounds " + choices.rounds)
                + (choices.seconds == null ? "" : " --seconds " + choices.seconds)
                + (choices.subjects.isEmpty() ? "" : " --subject " + String.join(" ", choices.subjects))
                + (choices.sabotage == null ? "" : " --sabotage " + choices.sabotage)
                + (choices.only.isEmpty() ? "" : " --only " + String.join(" ", choices.only));
    }

    private static boolean told(Run run, Path results) throws IOException {
        Report report = new Report(run);
        report.write(results);
        System.out.println("\n" + report.markdown() + "\n" + results.resolve("report.html"));
        return report.passed();
    }

    private static boolean told(Table.Filled filled, Path results) throws IOException {
        filled.write(results);
        System.out.println("\n" + filled.markdown() + "\n" + results.resolve("report.html"));
        return filled.passed();
    }

    private Path place(String name, Choices choices) throws IOException {
        return choices.resume == null ? results(name) : existing(choices.resume);
    }

    private Path results(String name) throws IOException {
        return Files.createDirectories(root().resolve("perf/results")
                .resolve(LocalDateTime.now(ZoneOffset.UTC).format(STAMP) + "-" + name));
    }

    private Path existing(Path directory) throws IOException {
        Path below = root().resolve("perf/results").resolve(directory);
        Path found = Files.isDirectory(directory) ? directory : below;
        if (!Files.isDirectory(found)) {
            throw new IOException(directory + " is no run (expected: a directory below perf/results)");
        }
        return found;
    }

    private Path scenarios() {
        return root().resolve("perf/scenarios");
    }

    private Path root() {
        return home.toAbsolutePath().normalize();
    }
}
