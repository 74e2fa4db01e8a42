package dev.weir.perf.jmh;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.infra.BenchmarkParams;
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.util.Statistics;

/**
 * What is told of the pieces: a line for each, with its baseline beside it.
 *
 * @param conditions how and where it was measured
 */
record PieceReport(List<Line> lines, List<String> conditions) {

    /** The two methods of every benchmark. */
    static final String SUBJECT = "weir";

    static final String BASELINE = "baseline";

    private static final String ALLOCATED = "gc.alloc.rate.norm";

    /**
     * One piece under one set of parameters.
     *
     * @param weir null where a pattern left it out, like {@code baseline}
     */
    record Line(
            Piece piece,
            String parameters,
            @Nullable Figure weir,
            @Nullable Figure baseline) {

        private String markdown() {
            String ratio = weir == null || baseline == null
                    ? ""
                    : String.format(Locale.ROOT, "%.2f", weir.nanos / baseline.nanos);
            return String.join(
                    " | ",
                    "| " + piece.title() + (parameters.isEmpty() ? "" : " (" + parameters + ")"),
                    weir == null ? "" : weir.time(),
                    weir == null ? "" : weir.memory(),
                    baseline == null ? "" : baseline.time(),
                    baseline == null ? "" : baseline.memory(),
                    ratio + " |");
        }
    }

    /**
     * What one operation takes.
     *
     * @param nanos the median of the iterations; a mean would be that of the machine's other work
     */
    record Figure(double nanos, double least, double most, double bytes) {

        private static Figure of(RunResult run) {
            Result<?> time = run.getPrimaryResult();
            Result<?> allocated = run.getSecondaryResults().get(ALLOCATED);
            Statistics iterations = time.getStatistics();
            return new Figure(
                    iterations.getPercentile(50),
                    iterations.getMin(),
                    iterations.getMax(),
                    allocated == null ? Double.NaN : allocated.getScore());
        }

        private String time() {
            return rounded(nanos) + " (" + rounded(least) + " to " + rounded(most) + ")";
        }

        private String memory() {
            return Double.isNaN(bytes) ? "" : String.format(Locale.ROOT, "%.0f", bytes);
        }

        private static String rounded(double value) {
            return String.format(Locale.ROOT, value < 100 ? "%.1f" : "%.0f", value);
        }
    }

    PieceReport {
        lines = List.copyOf(lines);
        conditions = List.copyOf(conditions);
    }

    static PieceReport of(Collection<RunResult> runs, List<String> conditions) {
        List<Line> lines = new ArrayList<>();
        for (Piece piece : Piece.values()) {
            Map<String, Map<String, Figure>> byParameters = new TreeMap<>();
            for (RunResult run : runs) {
                BenchmarkParams of = run.getParams();
                if (of.getBenchmark().startsWith(piece.className() + ".")) {
                    String method =
                            of.getBenchmark().substring(piece.className().length() + 1);
                    byParameters
                            .computeIfAbsent(parameters(of), none -> new HashMap<>())
                            .put(method, Figure.of(run));
                }
            }
            byParameters.forEach((parameters, figures) ->
                    lines.add(new Line(piece, parameters, figures.get(SUBJECT), figures.get(BASELINE))));
        }
        return new PieceReport(lines, conditions);
    }

    private static String parameters(BenchmarkParams of) {
        List<String> named = new ArrayList<>();
        for (String name : of.getParamsKeys()) {
            named.add(name + " " + of.getParam(name));
        }
        return String.join(", ", named).toLowerCase(Locale.ROOT);
    }

    String markdown() {
        StringBuilder text = new StringBuilder("# jmh\n\nWhat does a call's share of each piece cost, and what would it"
                + " cost with what one would take instead?\n\n");
        conditions.forEach(condition -> text.append("- ").append(condition).append('\n'));
        text.append("\n| piece | ns/op | B/op | baseline ns/op | baseline B/op | ratio of ns |\n");
        text.append("|---|---|---|---|---|---|\n");
        lines.forEach(line -> text.append(line.markdown()).append('\n'));
        text.append("\nBaselines:\n\n");
        lines.stream()
                .map(Line::piece)
                .distinct()
                .forEach(piece -> text.append("- ")
                        .append(piece.title())
                        .append(": ")
                        .append(piece.baseline())
                        .append('\n'));
        return text.toString();
    }
}
