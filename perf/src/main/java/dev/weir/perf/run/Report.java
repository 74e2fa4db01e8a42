package dev.weir.perf.run;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.Collectors;

/** What is told of a run: Markdown to read, CSV to compute with. */
public final class Report {
    private static final String CONTROL = "nginx";

    private final String name;
    private final Scenario scenario;
    private final Scenario.Workload workload;
    private final Map<String, List<Round>> rounds;
    private final List<String> skipped;
    private final String command;

    Report(String name, Scenario scenario, Map<String, List<Round>> rounds, List<String> skipped, String command) {
        this.name = name;
        this.scenario = scenario;
        this.workload = scenario.load();
        this.rounds = rounds;
        this.skipped = skipped;
        this.command = command;
    }

    /** Whether every round is valid and every target met. */
    public boolean passed() {
        return disagreements().isEmpty() && verdicts().stream().allMatch(Verdict::met);
    }

    /** The report in Markdown. */
    public String markdown() {
        StringBuilder text = new StringBuilder();
        text.append("# ")
                .append(name)
                .append("\n\n")
                .append(scenario.question().strip())
                .append("\n\n");
        text.append("- Workload: ").append(workloadLine()).append('\n');
        text.append("- Machine: ").append(Machine.described()).append('\n');
        text.append("- Command: `").append(command).append("`\n\n");
        table(text);
        list(
                text,
                "Targets",
                verdicts().stream()
                        .map(v -> (v.met() ? "met: " : "NOT MET: ") + v.text())
                        .toList());
        list(text, "Void, because client, witness and ledger disagree", disagreements());
        list(text, "Failures by kind", failures());
        list(text, "Bottlenecks and disturbances", bottlenecks());
        list(text, "Skipped", skipped);
        return text.toString();
    }

    /** Writes {@code report.md} and {@code rounds.csv}. */
    void write(Path directory) throws IOException {
        Files.writeString(directory.resolve("report.md"), markdown());
        Files.writeString(directory.resolve("rounds.csv"), csv());
    }

    private String workloadLine() {
        return String.format(
                Locale.ROOT,
                "%d virtual users in a closed loop, %s of %d tokens (prompt %d bytes), %.0f s measured after %.0f s of warm-up;"
                        + " mock %s to the first token, %s between tokens; figures are medians (min to max) of %d rounds,"
                        + " subjects in random order, after %d that only warm",
                workload.users(),
                workload.stream() ? "streams" : "calls",
                workload.tokens(),
                workload.promptBytes(),
                workload.seconds(),
                workload.warmup(),
                scenario.mock().latency(),
                scenario.mock().gap(),
                rounds.values().stream().mapToInt(List::size).max().orElse(0),
                scenario.warmingRounds());
    }

    private void table(StringBuilder text) {
        List<Measure> told = Arrays.stream(Measure.values())
                .filter(measure -> rounds.values().stream()
                        .anyMatch(some -> !measure.told(some).isEmpty()))
                .toList();
        text.append("| subject | ")
                .append(titles(told))
                .append(" | throughput of ")
                .append(CONTROL)
                .append(" |\n");
        text.append("|---".repeat(told.size() + 2)).append("|\n");
        rounds.forEach((subject, some) -> text.append("| ")
                .append(subject)
                .append(" | ")
                .append(told.stream().map(measure -> measure.told(some)).collect(Collectors.joining(" | ")))
                .append(" | ")
                .append(share(some))
                .append(" |\n"));
    }

    private static String titles(List<Measure> measures) {
        return measures.stream().map(Measure::title).collect(Collectors.joining(" | "));
    }

    private String share(List<Round> some) {
        double control = Measure.THROUGHPUT.of(rounds.getOrDefault(CONTROL, List.of()));
        double figure = Measure.THROUGHPUT.of(some);
        return Double.isNaN(control) || Double.isNaN(figure)
                ? ""
                : String.format(Locale.ROOT, "%.0f %%", 100 * figure / control);
    }

    private List<Verdict> verdicts() {
        return scenario.targets().stream()
                .map(target -> Verdict.on(target, rounds))
                .toList();
    }

    private List<String> disagreements() {
        List<String> found = new ArrayList<>();
        each(round -> round.disagreements().forEach(text -> found.add(about(round) + text)));
        return found;
    }

    private List<String> failures() {
        List<String> found = new ArrayList<>();
        each(round -> {
            if (round.load().failures() > 0) {
                found.add(about(round) + round.load().all());
            }
        });
        return found;
    }

    private List<String> bottlenecks() {
        List<String> found = new ArrayList<>();
        int cores = Runtime.getRuntime().availableProcessors();
        each(round -> found.addAll(round.bottlenecks(scenario.mock().loops(), cores)));
        return found;
    }

    private void each(Consumer<Round> action) {
        rounds.values().forEach(some -> some.forEach(action));
    }

    private static String about(Round round) {
        return round.subject() + ", round " + round.number() + ": ";
    }

    private static void list(StringBuilder text, String title, List<String> lines) {
        if (!lines.isEmpty()) {
            text.append('\n').append(title).append(":\n\n");
            lines.forEach(line -> text.append("- ").append(line).append('\n'));
        }
    }

    private String csv() {
        StringBuilder csv = new StringBuilder("subject,round");
        for (Measure measure : Measure.values()) {
            csv.append(',').append(measure.name().toLowerCase(Locale.ROOT));
        }
        csv.append('\n');
        each(round -> {
            csv.append(round.subject()).append(',').append(round.number());
            for (Measure measure : Measure.values()) {
                double figure = measure.of(round);
                csv.append(',').append(Double.isNaN(figure) ? "" : String.format(Locale.ROOT, "%.3f", figure));
            }
            csv.append('\n');
        });
        return csv.toString();
    }
}
