package dev.weir.perf.report;

import dev.weir.perf.load.LoadResult;
import dev.weir.perf.load.Outcome;
import dev.weir.perf.run.Round;
import dev.weir.perf.run.Sample;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.ToDoubleFunction;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** A figure of a round, and how the figures of several rounds become one. */
public enum Measure {
    THROUGHPUT("calls/s", 0, round -> round.load().throughput()),
    FAILURES("failed", 0, Round::failures),
    REFUSED(
            "refused/s",
            0,
            round -> some(round.load().measured(Outcome.REFUSED) / round.load().measuredSeconds())),
    P50_MS(
            "p50 ms",
            1,
            round -> timed(round.load().latency(), round.load().latency().p50())),
    P99_MS(
            "p99 ms",
            1,
            round -> timed(round.load().latency(), round.load().latency().p99())),
    REFUSAL_P99_MS(
            "refusal p99 ms",
            1,
            round -> timed(round.load().refusal(), round.load().refusal().p99())),
    FIRST_TOKEN_P50_MS(
            "first token p50 ms",
            2,
            round -> timed(round.load().firstToken(), round.load().firstToken().p50())),
    FIRST_TOKEN_P99_MS(
            "first token p99 ms",
            2,
            round -> timed(round.load().firstToken(), round.load().firstToken().p99())),
    GAP_P50_MS(
            "gap p50 ms",
            2,
            round -> timed(round.load().gap(), round.load().gap().p50())),
    GAP_P99_MS(
            "gap p99 ms",
            2,
            round -> timed(round.load().gap(), round.load().gap().p99())),
    GAP_P999_MS(
            "gap p99.9 ms",
            2,
            round -> timed(round.load().gap(), round.load().gap().p999())),
    CPU_MICROS("CPU us/call", 1, round -> some(round.perCall(round.usage().subject()))),
    CPU_MICROS_PER_EVENT(
            "CPU us/event", 1, round -> some(round.perEvent(round.usage().subject()))),
    MOCK_MICROS("mock us/call", 1, round -> round.perCall(round.usage().mock())),
    LOAD_MICROS("load us/call", 1, round -> round.perCall(round.usage().load())),
    IDLE_MB("RSS before MB", 0, round -> some(round.usage().idleBytes() / 1e6)),
    RESIDENT_MB("RSS MB", 0, round -> some(round.usage().residentBytes() / 1e6)),
    PROPORTIONAL_MB("PSS MB", 0, round -> some(round.usage().proportionalBytes() / 1e6)),
    KB_PER_USER("KB/user", 1, Measure::kilobytesPerUser),
    RESIDENT_SLOPE("RSS MB/h", 1, Measure::slope),
    HEAP_MB("heap MB", 0, round -> found(round.findings().heapBytes()) / 1e6),
    PAUSE_MS("longest pause ms", 1, round -> found(round.findings().pauseMillis())),
    PAUSED_PERCENT("paused %", 1, round -> found(round.findings().pausedShare()) * 100),
    THREADS(
            "threads",
            0,
            round -> some(
                    round.samples().stream().mapToDouble(Sample::threads).max().orElse(0))),
    DESCRIPTORS(
            "descriptors",
            0,
            round -> some(round.samples().stream()
                    .mapToDouble(Sample::descriptors)
                    .max()
                    .orElse(0))),
    READY_SECONDS("ready s", 2, round -> found(round.findings().readySeconds())),
    OVER_ADMITTED(
            "admitted beyond the limit", 0, round -> found(round.findings().overAdmitted())),
    LEFT_UNUSED("left unused of it", 0, round -> found(round.findings().leftUnused())),
    LEAVERS("left", 0, round -> found(round.findings().leavers())),
    LEAVE_P50_MS("leaving seen p50 ms", 2, round -> found(round.findings().leaveP50Millis())),
    LEAVE_P99_MS("leaving seen p99 ms", 2, round -> found(round.findings().leaveP99Millis())),
    LEAVE_MAX_MS("leaving seen max ms", 2, round -> found(round.findings().leaveMaxMillis())),
    PERMITS_LEAKED("permits leaked", 0, round -> found(round.findings().permitsLeaked())),
    UNMETERED("tokens unmetered", 0, round -> found(round.findings().unmetered()));

    private static final List<Measure> SUMS = List.of(FAILURES, OVER_ADMITTED, LEFT_UNUSED, PERMITS_LEAKED, UNMETERED);
    private static final List<Measure> BETTER_WHEN_MORE = List.of(THROUGHPUT, LEAVERS);
    private static final double WARM_SHARE = 1 / 3.0;
    private static final int LEAST_SAMPLES = 120;

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
    public static Measure named(String name) {
        return Arrays.stream(values())
                .filter(measure -> measure.name().equals(name.toUpperCase(Locale.ROOT)))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException(
                        "measure: " + name + " (expected: one of " + Arrays.toString(values()) + ")"));
    }

    public String title() {
        return title;
    }

    boolean isBetterWhenMore() {
        return BETTER_WHEN_MORE.contains(this);
    }

    /** The figure of one round, {@code NaN} when it has none. */
    double of(Round round) {
        return figure.applyAsDouble(round);
    }

    /** The figure of several rounds: the median, of what must not happen at all the sum. */
    double of(List<Round> rounds) {
        double[] figures = sorted(rounds);
        if (figures.length == 0) {
            return Double.NaN;
        }
        if (SUMS.contains(this)) {
            return Arrays.stream(figures).sum();
        }
        int middle = figures.length / 2;
        return figures.length % 2 == 1 ? figures[middle] : (figures[middle - 1] + figures[middle]) / 2;
    }

    /** The smallest and the largest of several rounds. */
    double[] range(List<Round> rounds) {
        double[] figures = sorted(rounds);
        return figures.length == 0
                ? new double[] {Double.NaN, Double.NaN}
                : new double[] {figures[0], figures[figures.length - 1]};
    }

    /** The figure with its range, for a table. */
    String told(List<Round> rounds) {
        double figure = of(rounds);
        double[] range = range(rounds);
        return Double.isNaN(figure)
                        || rounds.size() == 1
                        || SUMS.contains(this)
                        || told(range[0]).equals(told(range[1]))
                ? told(figure)
                : told(figure) + " (" + told(range[0]) + " to " + told(range[1]) + ")";
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

    /** Growth of resident memory over the load, for each user that was connected at the end. */
    private static double kilobytesPerUser(Round round) {
        Round.Usage usage = round.usage();
        long users = round.users();
        return usage.idleBytes() == 0 || users == 0
                ? Double.NaN
                : (usage.residentBytes() - usage.idleBytes()) / 1e3 / users;
    }

    /** Least squares over the samples behind the first third, which warm; of short rounds there is none. */
    private static double slope(Round round) {
        List<Sample> all = round.samples();
        if (all.size() < LEAST_SAMPLES || all.getLast().residentMb() == 0) {
            return Double.NaN;
        }
        List<Sample> warm = all.subList((int) (all.size() * WARM_SHARE), all.size());
        double meanTime = mean(warm.stream().map(Sample::second));
        double meanMemory = mean(warm.stream().map(Sample::residentMb));
        double covariance = 0;
        double variance = 0;
        for (Sample sample : warm) {
            covariance += (sample.second() - meanTime) * (sample.residentMb() - meanMemory);
            variance += (sample.second() - meanTime) * (sample.second() - meanTime);
        }
        return covariance / variance * 3600;
    }

    private static double mean(Stream<Double> figures) {
        return figures.mapToDouble(Double::doubleValue).average().orElse(Double.NaN);
    }

    private static double timed(LoadResult.Distribution times, double micros) {
        return times.count() == 0 ? Double.NaN : micros / 1000;
    }

    private static double some(double figure) {
        return figure == 0 ? Double.NaN : figure;
    }

    private static double found(@Nullable Double figure) {
        return figure == null ? Double.NaN : figure;
    }
}
