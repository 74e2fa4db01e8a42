package dev.weir.perf.run;

import dev.weir.perf.load.LoadResult;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.ToDoubleFunction;

/** A figure of a round, and how the figures of several rounds become one. */
public enum Measure {
    THROUGHPUT("calls/s", 0, round -> round.load().throughput()),
    FAILURES("failed", 0, round -> round.load().failures()),
    P50_MS("p50 ms", 1, round -> millis(round.load().latency().p50())),
    P99_MS("p99 ms", 1, round -> millis(round.load().latency().p99())),
    FIRST_TOKEN_P50_MS(
            "first token p50 ms",
            2,
            round -> first(round, round.load().firstToken().p50())),
    FIRST_TOKEN_P99_MS(
            "first token p99 ms",
            2,
            round -> first(round, round.load().firstToken().p99())),
    GAP_P50_MS("gap p50 ms", 2, round -> first(round, round.load().gap().p50())),
    GAP_P99_MS("gap p99 ms", 2, round -> first(round, round.load().gap().p99())),
    GAP_P999_MS("gap p99.9 ms", 2, round -> first(round, round.load().gap().p999())),
    CPU_MICROS(
            "CPU us/call", 1, round -> round.subjectMicros() == 0 ? Double.NaN : round.perCall(round.subjectMicros())),
    MOCK_MICROS("mock us/call", 1, round -> round.perCall(round.mockMicros())),
    LOAD_MICROS("load us/call", 1, round -> round.perCall(round.loadMicros())),
    IDLE_MB("RSS before MB", 0, round -> megabytes(round.idleBytes())),
    RESIDENT_MB("RSS MB", 0, round -> megabytes(round.residentBytes()));

    private final String title;
    private final int digits;
    private final ToDoubleFunction<Round> figure;

    Measure(String title, int digits, ToDoubleFunction<Round> figure) {
        this.title = title;
        this.digits = digits;
        this.figure = figure;
    }

    /**
     * By its name in a scenario file.
     *
     * @throws IllegalArgumentException listing the names there are
     */
    static Measure named(String name) {
        return Arrays.stream(values())
                .filter(measure -> measure.name().equals(name.toUpperCase(Locale.ROOT)))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException(
                        "measure: " + name + " (expected: one of " + Arrays.toString(values()) + ")"));
    }

    String title() {
        return title;
    }

    /** The figure of one round, {@code NaN} when it has none. */
    double of(Round round) {
        return figure.applyAsDouble(round);
    }

    /** The figure of several rounds: the median, of failures the sum. */
    double of(List<Round> rounds) {
        double[] figures = sorted(rounds);
        if (this == FAILURES) {
            return Arrays.stream(figures).sum();
        }
        if (figures.length == 0) {
            return Double.NaN;
        }
        int middle = figures.length / 2;
        return figures.length % 2 == 1 ? figures[middle] : (figures[middle - 1] + figures[middle]) / 2;
    }

    /** The figure with its range, for a table. */
    String told(List<Round> rounds) {
        double[] figures = sorted(rounds);
        if (figures.length == 0) {
            return "";
        }
        String middle = told(of(rounds));
        return figures.length == 1 || this == FAILURES
                ? middle
                : middle + " (" + told(figures[0]) + " to " + told(figures[figures.length - 1]) + ")";
    }

    String told(double figure) {
        return Double.isNaN(figure) ? "" : String.format(Locale.ROOT, "%." + digits + "f", figure);
    }

    private double[] sorted(List<Round> rounds) {
        return rounds.stream()
                .mapToDouble(this::of)
                .filter(figure -> !Double.isNaN(figure))
                .sorted()
                .toArray();
    }

    private static double first(Round round, double micros) {
        LoadResult.Distribution texts = round.load().firstToken();
        return texts.count() == 0 ? Double.NaN : millis(micros);
    }

    private static double millis(double micros) {
        return micros / 1000;
    }

    private static double megabytes(long bytes) {
        return bytes == 0 ? Double.NaN : bytes / 1e6;
    }
}
