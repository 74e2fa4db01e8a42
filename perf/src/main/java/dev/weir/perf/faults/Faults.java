package dev.weir.perf.faults;

import dev.weir.perf.faults.alone.FaultRuns;
import dev.weir.perf.faults.scripts.NamedRuns;
import dev.weir.perf.faults.several.ClusterRuns;
import dev.weir.perf.faults.site.Campaign;
import dev.weir.perf.faults.site.FakeClock;
import dev.weir.perf.faults.site.Fault;
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
import java.util.Iterator;
import java.util.List;
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

    @Option(names = "--nodes", defaultValue = "1", description = "How many nodes (default: ${DEFAULT-VALUE}).")
    private int nodes;

    @Option(names = "--runs", defaultValue = "20", description = "How many runs (default: ${DEFAULT-VALUE}).")
    private int runs;

    @Option(names = "--seed", defaultValue = "1", description = "Of the first run; each has the next one.")
    private long seed;

    @Option(
            names = "--store",
            split = ",",
            defaultValue = "embedded,postgres",
            description = "Stores of one node, in turn: embedded, postgres (default: ${DEFAULT-VALUE}).")
    private List<String> stores = List.of();

    @Option(names = "--only", split = ",", description = "These faults alone: ${COMPLETION-CANDIDATES}.")
    private List<Fault> only = List.of();

    @Option(
            names = "--sabotage",
            description =
                    "Break Weir on purpose, to see the judge go red: hold, row; of several nodes persist, dedupe, epoch too.")
    private @Nullable String sabotage;

    @Option(names = "--short", description = "Of several nodes: several faults in little time.")
    private boolean shortly;

    @Option(
            names = "--run",
            completionCandidates = Names.class,
            description = "Of several nodes, one run with a script: ${COMPLETION-CANDIDATES}.")
    private @Nullable String run;

    @Option(names = "--out", description = "Where the table goes (default: perf/results/faults/<time>-<nodes>).")
    private @Nullable Path out;

    @Spec
    private CommandSpec spec;

    /** Of scripts, for the help. */
    static final class Names implements Iterable<String> {
        @Override
        public Iterator<String> iterator() {
            return NamedRuns.names().iterator();
        }
    }

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
        if (nodes < 1 || nodes > 9) {
            throw new CommandLine.ParameterException(spec.commandLine(), "--nodes: " + nodes + " (expected: 1 to 9)");
        }
        Path table = out == null
                ? home.resolve("perf/results/faults")
                        .resolve(LocalDateTime.now(ZoneOffset.UTC).format(STAMP) + "-" + nodes)
                : out;
        Sabotage broken = sabotage == null ? null : Sabotage.of(sabotage);
        Campaign campaign = new Campaign(
                command(),
                home.toAbsolutePath().normalize(),
                Files.createTempDirectory("weir-faults"),
                table,
                runs,
                seed,
                allowed(say),
                broken,
                say);
        boolean kept = nodes == 1 ? FaultRuns.of(campaign, stores) : several(campaign);
        say.println("The table is " + table.resolve("REPORT.md"));
        return kept ? 0 : 1;
    }

    /** To be said again by whoever wants to see the same; where the table goes is nobody else's. */
    private String command() {
        List<String> said = new ArrayList<>(spec.commandLine().getParseResult().originalArgs());
        int place = said.indexOf("--out");
        if (place >= 0) {
            said.subList(place, place + 2).clear();
        }
        said.removeIf(each -> each.startsWith("--out="));
        said.addFirst("perf/bin/faults");
        return String.join(" ", said);
    }

    private boolean several(Campaign campaign) throws IOException, InterruptedException, SQLException {
        if (run != null) {
            return NamedRuns.of(campaign, nodes, run);
        }
        if (shortly) {
            return ClusterRuns.shortly(campaign, nodes);
        }
        Sabotage broken = campaign.sabotage();
        if (broken != null && only.isEmpty()) {
            return ClusterRuns.against(broken, campaign, nodes);
        }
        return ClusterRuns.random(campaign, nodes);
    }

    private List<Fault> allowed(PrintWriter say) {
        List<Fault> allowed = new ArrayList<>(only.isEmpty() ? Arrays.asList(Fault.values()) : only);
        if (!FakeClock.isThere() && allowed.remove(Fault.CLOCK)) {
            say.println("No clock is set: there is no libfaketime here (Debian's package is faketime).");
        }
        if (nodes == 1 && !isRoot() && allowed.remove(Fault.DISK_FULL)) {
            say.println("No disk is filled: only root can mount a small one.");
        }
        return allowed;
    }

    private static boolean isRoot() {
        return "root".equals(System.getProperty("user.name"));
    }
}
