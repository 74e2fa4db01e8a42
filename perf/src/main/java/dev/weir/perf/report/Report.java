package dev.weir.perf.report;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.weir.perf.run.Round;
import dev.weir.perf.run.Run;
import dev.weir.perf.run.Scenario;
import dev.weir.perf.run.Scenario.Workload;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/** What is told of a run: Markdown and HTML to read, SVG to look at, CSV to compute with. */
public final class Report {
    private static final ObjectMapper JSON = JsonMapper.builder().build();
    private static final String RUN = "run.json";
    private static final String CONTROL = "nginx";

    private final Run run;

    public Report(Run run) {
        this.run = run;
    }

    /** The run whose results are in a directory. */
    public static Run read(Path directory) throws IOException {
        return JSON.readValue(directory.resolve(RUN).toFile(), Run.class);
    }

    /** Whether a directory holds a run's results. */
    public static boolean isRun(Path directory) {
        return Files.exists(directory.resolve(RUN));
    }

    /** Whether every round is valid and every target met. */
    public boolean passed() {
        return !run.rounds().isEmpty()
                && disagreements().isEmpty()
                && verdicts().stream().allMatch(Verdict::met);
    }

    /** Writes {@code run.json}, {@code report.md}, {@code report.html}, {@code rounds.csv} and the plots. */
    public void write(Path directory) throws IOException {
        Files.writeString(directory.resolve(RUN), JSON.writeValueAsString(run));
        Map<String, Plot> plots = Plots.of(run);
        for (Map.Entry<String, Plot> plot : plots.entrySet()) {
            Files.writeString(
                    directory.resolve(plot.getKey() + ".svg"), plot.getValue().svg());
        }
        String markdown = markdown() + pictures(plots);
        Files.writeString(directory.resolve("report.md"), markdown);
        Files.writeString(
                directory.resolve("report.html"), Html.page(run.scenario().name(), markdown, plots));
        Files.writeString(directory.resolve("rounds.csv"), csv());
    }

    /** The report without its plots. */
    public String markdown() {
        StringBuilder text = new StringBuilder();
        Scenario scenario = run.scenario();
        text.append("# ")
                .append(scenario.name())
                .append("\n\n")
                .append(scenario.question())
                .append("\n\n");
        text.append("- Mock: ")
                .append(scenario.mock().latency())
                .append(" to the first token, ")
                .append(scenario.mock().gap())
                .append(" between tokens")
                .append(scenario.tls() ? "; TLS on both sides\n" : "\n");
        scenario.points().forEach(point -> text.append("- ").append(line(point)).append('\n'));
        text.append("- Medians (minimum to maximum) of ")
                .append(scenario.rounds())
                .append(scenario.rounds() == 1 ? " round" : " rounds")
                .append(", subjects in random order")
                .append(scenario.warming() == null ? "" : ", after " + warming(scenario.warming()))
                .append(scenario.fresh() ? ", each started anew for each measurement" : "")
                .append('\n');
        text.append("- Machine: ").append(run.machine()).append('\n');
        text.append("- Commit: ")
                .append(run.commit())
                .append(", ")
                .append(run.at())
                .append(" UTC\n");
        text.append("- Command: `").append(run.command()).append("`\n\n");
        table(text);
        list(
                text,
                "Targets",
                verdicts().stream()
                        .map(verdict -> (verdict.met() ? "met: " : "**NOT MET**: ") + verdict.text())
                        .toList());
        list(text, "**VOID**, because client, witness and ledger disagree", disagreements());
        list(text, "Failures by kind", failures());
        list(
                text,
                "What was on",
                run.subjects().stream()
                        .map(subject -> subject + ": " + run.on().getOrDefault(subject, ""))
                        .toList());
        list(text, "Bottlenecks and disturbances", bottlenecks());
        list(text, "Notes", run.notes());
        return text.toString();
    }

    private static String line(Workload point) {
        String arrivals = point.offered()
                .map(rate -> String.format(
                        Locale.ROOT,
                        "%,.0f calls/s in an open loop (%s, at most %,d connections)",
                        rate,
                        point.poisson() ? "Poisson" : "constant",
                        point.users()))
                .orElse(String.format(Locale.ROOT, "%,d users in a closed loop", point.users()));
        List<String> more = new ArrayList<>();
        if (point.pause() > 0) {
            more.add(String.format(Locale.ROOT, "who pause for up to %.0f ms", 1000 * point.pause()));
        }
        if (point.leaveShare() > 0) {
            more.add(percent(point.leaveShare()) + " leave in the middle");
        }
        if (point.slowShare() > 0) {
            more.add(percent(point.slowShare()) + " of the users read " + point.slowBytes() + " bytes/s");
        }
        if (!point.keySettings().isEmpty()) {
            more.add("key with " + point.keySettings());
        }
        return String.format(
                Locale.ROOT,
                "%s: %s, %s of %d tokens, prompt of %,d bytes, %.0f s after %.0f s%s",
                point.name(),
                arrivals,
                point.stream() ? "streams" : "calls",
                point.tokens(),
                point.promptBytes(),
                point.seconds(),
                point.warmup(),
                more.isEmpty() ? "" : "; " + String.join(", ", more));
    }

    private static String warming(Workload warming) {
        return String.format(
                Locale.ROOT, "%.0f s of warming with %,d users", warming.warmup() + warming.seconds(), warming.users());
    }

    private static String percent(double share) {
        return Math.round(share * 100) + " %";
    }

    private void table(StringBuilder text) {
        List<Measure> told = Arrays.stream(Measure.values())
                .filter(measure -> run.rounds().stream().anyMatch(round -> !Double.isNaN(measure.of(round))))
                .toList();
        String control = run.subjects().stream()
                .filter(subject -> subject.startsWith(CONTROL))
                .findFirst()
                .orElse("");
        boolean compared = !control.isEmpty();
        text.append("| point | subject | ")
                .append(told.stream().map(Measure::title).collect(Collectors.joining(" | ")))
                .append(compared ? " | throughput of " + control : "")
                .append(" |\n")
                .append("|---".repeat(told.size() + (compared ? 3 : 2)))
                .append("|\n");
        for (Workload point : run.scenario().points()) {
            for (String subject : run.subjects()) {
                List<Round> some = run.of(subject, point.name());
                if (!some.isEmpty()) {
                    text.append("| ")
                            .append(point.name())
                            .append(" | ")
                            .append(subject)
                            .append(" | ");
                    text.append(told.stream().map(measure -> measure.told(some)).collect(Collectors.joining(" | ")));
                    text.append(compared ? " | " + share(some, run.of(control, point.name())) : "")
                            .append(" |\n");
                }
            }
        }
    }

    private static String share(List<Round> some, List<Round> control) {
        double share = Measure.THROUGHPUT.of(some) / Measure.THROUGHPUT.of(control);
        return Double.isNaN(share) ? "" : percent(share);
    }

    private List<Verdict> verdicts() {
        return run.scenario().targets().stream()
                .flatMap(target -> Verdict.on(target, run).stream())
                .toList();
    }

    /** What voids the run. */
    public List<String> disagreements() {
        return run.rounds().stream()
                .flatMap(round -> round.disagreements().stream().map(text -> about(round) + text))
                .toList();
    }

    private List<String> failures() {
        return run.rounds().stream()
                .filter(round -> round.failures() > 0)
                .map(round -> about(round) + round.load().all())
                .toList();
    }

    private List<String> bottlenecks() {
        return run.rounds().stream()
                .flatMap(round -> round.bottlenecks(run.scenario().mock().loops(), run.cores()).stream())
                .toList();
    }

    private static String about(Round round) {
        return round.subject() + ", " + round.point() + ", round " + round.number() + ": ";
    }

    private static void list(StringBuilder text, String title, List<String> lines) {
        if (!lines.isEmpty()) {
            text.append('\n').append(title).append(":\n\n");
            lines.forEach(line -> text.append("- ").append(line).append('\n'));
        }
    }

    private static String pictures(Map<String, Plot> plots) {
        return plots.isEmpty()
                ? ""
                : plots.keySet().stream()
                        .map(name -> "![" + name + "](" + name + ".svg)")
                        .collect(Collectors.joining("\n", "\n## Plots\n\n", "\n"));
    }

    private String csv() {
        StringBuilder csv = new StringBuilder("point,subject,round");
        for (Measure measure : Measure.values()) {
            csv.append(',').append(measure.name().toLowerCase(Locale.ROOT));
        }
        csv.append('\n');
        for (Round round : run.rounds()) {
            csv.append('"')
                    .append(round.point().replace("\"", "\"\""))
                    .append("\",")
                    .append(round.subject())
                    .append(',')
                    .append(round.number());
            for (Measure measure : Measure.values()) {
                double figure = measure.of(round);
                csv.append(',').append(Double.isNaN(figure) ? "" : String.format(Locale.ROOT, "%.3f", figure));
            }
            csv.append('\n');
        }
        return csv.toString();
    }
}
