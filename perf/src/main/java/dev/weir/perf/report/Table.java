package dev.weir.perf.report;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import dev.weir.perf.run.Run;
import dev.weir.perf.run.Scenario;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Figures of several scenarios in one table, each with what it must reach and what it aims at: a file
 * {@code perf/scenarios/NAME.yaml} that has {@code rows}.
 *
 * @param name the file's
 */
public record Table(String name, String question, List<Row> rows) {
    private static final String SUFFIX = ".yaml";
    private static final ObjectMapper YAML = JsonMapper.builder(new YAMLFactory())
            .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
            .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .build();

    public Table {
        rows = List.copyOf(rows);
    }

    /** A bound; either side may be open. */
    public record Bound(@Nullable Double atLeast, @Nullable Double atMost) {
        boolean holds(double figure) {
            return Verdict.within(figure, atLeast, atMost);
        }

        String told() {
            return Verdict.bound(atLeast, atMost);
        }
    }

    /**
     * A line of the table.
     *
     * @param row its number
     * @param scenario that answers it; null where it is answered elsewhere, as {@code note} says
     * @param point of the scenario; the others are as in {@link Scenario.Target}
     */
    public record Row(
            @JsonProperty(required = true) String row,
            @JsonProperty(required = true) String question,
            @Nullable String scenario,
            @Nullable String point,
            @Nullable String subject,
            @Nullable String measure,
            @Nullable String against,
            @Nullable String above,
            @Nullable String againstPoint,
            @Nullable Bound must,
            @Nullable Bound aim,
            @Nullable String note) {

        Scenario.Target target() {
            return new Scenario.Target(
                    point,
                    Optional.ofNullable(subject).orElse("weir"),
                    String.valueOf(measure),
                    against,
                    above,
                    againstPoint,
                    null,
                    null);
        }
    }

    private record Written(
            @JsonProperty(required = true) String question,
            @JsonProperty(required = true) List<Row> rows) {}

    /** Whether a name is one of a table and not of a scenario. */
    public static boolean exists(Path directory, String name) throws IOException {
        Path file = directory.resolve(name + SUFFIX);
        return Files.exists(file) && YAML.readTree(file.toFile()).has("rows");
    }

    /** The names of all tables. */
    public static List<String> names(Path directory) throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            List<String> names = new ArrayList<>();
            for (Path file : files.sorted().toList()) {
                String name = file.getFileName().toString();
                if (name.endsWith(SUFFIX) && exists(directory, name.substring(0, name.length() - SUFFIX.length()))) {
                    names.add(name.substring(0, name.length() - SUFFIX.length()));
                }
            }
            return names;
        }
    }

    /**
     * Reads one by its name.
     *
     * @throws IOException naming the file and what is wrong with it
     */
    public static Table read(Path directory, String name) throws IOException {
        Path file = directory.resolve(name + SUFFIX);
        try {
            Written written = YAML.readValue(file.toFile(), Written.class);
            written.rows.stream()
                    .filter(row -> row.scenario() != null)
                    .forEach(row -> Measure.named(String.valueOf(row.measure())));
            return new Table(name, written.question.strip(), written.rows);
        } catch (IOException | IllegalArgumentException e) {
            throw new IOException(file + ": " + e.getMessage(), e);
        }
    }

    /** The scenarios that it needs, each once. */
    public List<String> scenarios() {
        return rows.stream()
                .flatMap(row -> Optional.ofNullable(row.scenario()).stream())
                .distinct()
                .toList();
    }

    /** The points of a scenario that it needs; of a quick one, all that there are. */
    public List<String> points(String scenario) {
        return rows.stream()
                .filter(row -> scenario.equals(row.scenario()))
                .flatMap(row -> Stream.of(row.point(), row.againstPoint()).flatMap(Stream::ofNullable))
                .distinct()
                .toList();
    }

    /** The table filled in: {@code runs} by the names of their scenarios. */
    public Filled fill(Map<String, Run> runs) {
        StringBuilder text = new StringBuilder("# ")
                .append(name)
                .append("\n\n")
                .append(question)
                .append("\n\n");
        runs.values().stream()
                .findFirst()
                .ifPresent(run -> text.append("- Machine: ")
                        .append(run.machine())
                        .append("\n- Commit: ")
                        .append(runs.values().stream()
                                .map(Run::commit)
                                .distinct()
                                .collect(Collectors.joining(", then ")))
                        .append("\n\n"));
        text.append("| # | question | measured | must | aim | |\n|---|---|---|---|---|---|\n");
        boolean passed = true;
        for (Row row : rows) {
            Run run = row.scenario() == null ? null : runs.get(row.scenario());
            String told;
            String verdict;
            if (run == null) {
                told = row.note() == null ? "not measured" : row.note();
                verdict = "";
                passed &= row.scenario() == null;
            } else {
                Verdict.Figure figure = Verdict.figure(row.target(), run, String.valueOf(row.point()));
                boolean measured = !Double.isNaN(figure.value());
                boolean met = measured && (row.must() == null || row.must().holds(figure.value()));
                told = measured ? figure.told() : "not measured";
                verdict =
                        !met ? "**MISSED**" : row.aim() != null && row.aim().holds(figure.value()) ? "aim met" : "met";
                passed &= met;
            }
            text.append("| ")
                    .append(String.join(
                            " | ", row.row(), row.question(), told, told(row.must()), told(row.aim()), verdict))
                    .append(" |\n");
        }
        text.append("\nRuns:\n\n");
        runs.forEach((scenario, run) -> text.append("- [")
                .append(scenario)
                .append("](")
                .append(scenario)
                .append("/report.md): ")
                .append(run.scenario().rounds())
                .append(" rounds")
                .append(stolen(run))
                .append(new Report(run).disagreements().isEmpty() ? "" : ", **VOID**")
                .append('\n'));
        passed &= runs.values().stream()
                .allMatch(run -> new Report(run).disagreements().isEmpty());
        return new Filled(text.toString(), passed);
    }

    /** A hundredth of the calls is what many rows are about: where the host keeps as much of the machine, they are about the host. */
    private static String stolen(Run run) {
        long stolen = run.rounds().stream()
                .filter(round -> round.isStolen(run.cores()))
                .count();
        return stolen == 0
                ? ""
                : ", **on a machine that others had too** (" + stolen + " of "
                        + run.rounds().size() + " measurements, see its disturbances)";
    }

    /** A table in Markdown, and whether everything in it must is met. */
    public record Filled(String markdown, boolean passed) {

        public void write(Path directory) throws IOException {
            Files.writeString(directory.resolve("report.md"), markdown);
            Files.writeString(directory.resolve("report.html"), Html.page("table", markdown, Map.of()));
        }
    }

    private static String told(@Nullable Bound bound) {
        return bound == null ? "" : bound.told();
    }
}
