package dev.weir.perf.faults;

import dev.weir.perf.sabotage.Sabotage;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** The laboratory's command line; {@code perf/bin/faults} starts it. */
@Command(
        name = "faults",
        mixinStandardHelpOptions = true,
        description =
                "Runs Weir under load while what it needs is taken away, and says what it promised and did not keep.")
public final class Faults implements Callable<Integer> {

    private static final DateTimeFormatter STAMP = DateTimeFormatter.ofPattern("yyyyMMdd-HHmmss");

    @Option(
            names = "--home",
            defaultValue = "${env:WEIR_PERF_HOME:-.}",
            description = "The root of the repository (set by perf/bin/faults).")
    private Path home = Path.of(".");

    @Option(names = "--nodes", defaultValue = "1", description = "How many nodes; one, so far.")
    private int nodes;

    @Option(names = "--runs", defaultValue = "20", description = "How many runs (default: ${DEFAULT-VALUE}).")
    private int runs;

    @Option(names = "--seed", defaultValue = "1", description = "Of the first run; each has the next one.")
    private long seed;

    @Option(
            names = "--store",
            split = ",",
            defaultValue = "embedded,postgres",
            description = "Stores, in turn: embedded, postgres (default: ${DEFAULT-VALUE}).")
    private List<String> stores = List.of();

    @Option(names = "--only", split = ",", description = "These faults alone: ${COMPLETION-CANDIDATES}.")
    private List<Fault> only = List.of();

    @Option(names = "--sabotage", description = "Break Weir on purpose, to see the judge go red: hold, row.")
    private @Nullable String sabotage;

    @Option(names = "--out", description = "Where the table goes (default: perf/results/faults/<time>-<nodes>).")
    private @Nullable Path out;

    @Spec
    private CommandSpec spec;

    @SuppressWarnings("NullAway.Init") // picocli sets the spec.
    public Faults() {}

    public static void main(String[] arguments) {
        System.exit(new CommandLine(new Faults())
                .setCaseInsensitiveEnumValuesAllowed(true)
                .execute(arguments));
    }

    @Override
    public Integer call() throws IOException, InterruptedException, SQLException {
        PrintWriter say = spec.commandLine().getOut();
        if (nodes != 1) {
            throw new CommandLine.ParameterException(spec.commandLine(), "--nodes: " + nodes + " (expected: 1)");
        }
        List<Fault> allowed = new ArrayList<>(only.isEmpty() ? Arrays.asList(Fault.values()) : only);
        if (!Site.canFakeClock() && allowed.remove(Fault.CLOCK)) {
            say.println("No clock is set: there is no libfaketime here (Debian's package is faketime).");
        }
        if (!Site.canMount() && allowed.remove(Fault.DISK_FULL)) {
            say.println("No disk is filled: only root can mount a small one.");
        }
        Path report = out == null
                ? home.resolve("perf/results/faults")
                        .resolve(LocalDateTime.now(ZoneOffset.UTC).format(STAMP) + "-" + nodes)
                : out;
        Files.createDirectories(report);
        Path work = Files.createTempDirectory("weir-faults");
        List<FaultRun.Result> results = new ArrayList<>();
        try (Database database = stores.contains("postgres") ? Database.start(work) : null) {
            for (int run = 0; run < runs; run++) {
                String store = stores.get(run % stores.size());
                Database used = store.equals("postgres") ? database : null;
                if (used != null) {
                    used.renew();
                }
                Path directory = Files.createDirectories(work.resolve("run" + run));
                FaultRun.Result result = new FaultRun(
                                home,
                                directory,
                                used,
                                seed + run,
                                allowed,
                                sabotage == null ? null : Sabotage.of(sabotage))
                        .run();
                results.add(result);
                // After every run: what was seen stands, even if the rest is broken off.
                Files.writeString(report.resolve("REPORT.md"), FaultReport.of(results, nodes, seed));
                say.println(line(result));
                if (!result.isClean()) {
                    result.findings().details().forEach(detail -> say.println("    " + detail));
                    say.println("    " + (result.broken() == null ? "" : result.broken()) + " see " + directory);
                } else {
                    delete(directory);
                }
                say.flush();
            }
        }
        say.println(FaultReport.summary(results));
        say.println("The table is " + report.resolve("REPORT.md"));
        return results.stream().allMatch(FaultRun.Result::isClean) ? 0 : 1;
    }

    private static String line(FaultRun.Result result) {
        return String.format(
                Locale.ROOT,
                "seed %d %-8s %-40s %5d calls, %4d admitted, %3d left, recovered in %.1f s: %s",
                result.seed(),
                result.postgres() ? "postgres" : "embedded",
                result.faults(),
                result.calls(),
                result.admitted(),
                result.unused(),
                result.recoverySeconds(),
                result.isClean() ? "kept" : "NOT KEPT");
    }

    private static void delete(Path directory) throws IOException {
        try (var files = Files.walk(directory)) {
            for (Path each : files.sorted((one, other) -> other.compareTo(one)).toList()) {
                Files.delete(each);
            }
        }
    }
}
