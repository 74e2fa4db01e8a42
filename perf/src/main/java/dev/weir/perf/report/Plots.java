package dev.weir.perf.report;

import dev.weir.perf.load.LoadResult;
import dev.weir.perf.run.Round;
import dev.weir.perf.run.Run;
import dev.weir.perf.run.Sample;
import dev.weir.perf.run.Scenario.Workload;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;

/** The plots of a run by their file names. */
final class Plots {
    private static final List<String> USUAL = List.of("weir", "nginx", "direct");

    private static final int OTHERS = 4;

    private final Run run;
    private final Map<String, Plot> plots = new LinkedHashMap<>();

    private Plots(Run run) {
        this.run = run;
    }

    static Map<String, Plot> of(Run run) {
        Plots drawn = new Plots(run);
        if (run.scenario().points().size() > 1) {
            drawn.overPoints();
        }
        drawn.distributions();
        drawn.overTime();
        drawn.plots.values().removeIf(Plot::isEmpty);
        return drawn.plots;
    }

    private void overPoints() {
        over("throughput", "Throughput", "calls/s", Measure.THROUGHPUT);
        over("latency-p50", "Latency, p50", "ms", Measure.P50_MS);
        over("latency-p99", "Latency, p99", "ms", Measure.P99_MS);
        over("first-token-p50", "Time to first token, p50", "ms", Measure.FIRST_TOKEN_P50_MS);
        over("first-token-p99", "Time to first token, p99", "ms", Measure.FIRST_TOKEN_P99_MS);
        over("gap-p99", "Gap between tokens, p99", "ms", Measure.GAP_P99_MS);
        over("cpu", "CPU a call", "us", Measure.CPU_MICROS);
        over("memory", "Resident memory", "MB", Measure.RESIDENT_MB);
    }

    private void over(String file, String title, String unit, Measure measure) {
        List<Workload> points = run.scenario().points();
        double[] xs = points.stream().mapToDouble(axis()).toArray();
        boolean numeric = Arrays.stream(xs).distinct().count() == xs.length;
        List<Plot.Tick> ticks = new ArrayList<>();
        for (int i = 0; i < xs.length; i++) {
            xs[i] = numeric ? xs[i] : i;
            ticks.add(new Plot.Tick(
                    xs[i],
                    numeric
                            ? String.format(Locale.ROOT, "%,.0f", xs[i])
                            : points.get(i).name()));
        }
        Plot plot = new Plot(title, numeric ? axisTitle() : "", unit, ticks);
        for (String subject : run.subjects()) {
            plot.line(
                    subject,
                    colour(subject),
                    xs,
                    points.stream()
                            .mapToDouble(point -> measure.of(run.of(subject, point.name())))
                            .toArray());
        }
        plots.put(file, plot);
    }

    private ToDoubleFunction<Workload> axis() {
        List<Workload> points = run.scenario().points();
        if (points.stream().allMatch(point -> point.offered().isPresent())) {
            return point -> point.offered().orElse(0.0);
        }
        boolean sizes = points.stream().map(Workload::promptBytes).distinct().count() > 1;
        return sizes ? Workload::promptBytes : Workload::users;
    }

    private String axisTitle() {
        List<Workload> points = run.scenario().points();
        if (points.stream().allMatch(point -> point.offered().isPresent())) {
            return "calls offered a second";
        }
        boolean sizes = points.stream().map(Workload::promptBytes).distinct().count() > 1;
        return sizes ? "bytes of the prompt" : "virtual users";
    }

    private void distributions() {
        distribution("latency-distribution", "Latency", LoadResult::latency);
        distribution("first-token-distribution", "Time to first token", LoadResult::firstToken);
        distribution("gap-distribution", "Gap between tokens", LoadResult::gap);
    }

    /** Of the last point, in the round in the middle by its 99th percentile; the axis is logarithmic towards the tail. */
    private void distribution(String file, String title, Function<LoadResult, LoadResult.Distribution> which) {
        String point = run.scenario().points().getLast().name();
        List<Double> percentiles = LoadResult.Distribution.PERCENTILES;
        double[] xs = percentiles.stream()
                .mapToDouble(percentile -> -Math.log10(Math.max(1 - percentile / 100, 5e-5)))
                .toArray();
        List<Plot.Tick> ticks = List.of(
                new Plot.Tick(0, "0"),
                new Plot.Tick(-Math.log10(0.5), "50"),
                new Plot.Tick(1, "90"),
                new Plot.Tick(2, "99"),
                new Plot.Tick(3, "99.9"),
                new Plot.Tick(4, "99.99 %"));
        Plot plot = new Plot(title + " at " + point, "percentile", "ms", ticks);
        for (String subject : run.subjects()) {
            List<LoadResult.Distribution> all = run.of(subject, point).stream()
                    .map(round -> which.apply(round.load()))
                    .filter(times -> times.count() > 0)
                    .sorted((one, two) -> Double.compare(one.p99(), two.p99()))
                    .toList();
            if (!all.isEmpty()) {
                double[] curve = all.get(all.size() / 2).curve().stream()
                        .mapToDouble(micros -> micros / 1000)
                        .toArray();
                plot.line(subject, colour(subject), xs, curve);
            }
        }
        plots.put(file, plot);
    }

    private void overTime() {
        String point = run.scenario().points().getLast().name();
        Plot cpu = new Plot(
                "CPU at " + point + ", first round", "seconds since the start of the load", "cores", List.of());
        Plot memory = new Plot(
                "Resident memory at " + point + ", first round",
                "seconds since the start of the load",
                "MB",
                List.of());
        Plot calls = new Plot(
                "Calls at " + point + ", first round", "seconds since the start of the load", "calls/s", List.of());
        Plot tail =
                new Plot("p99 at " + point + ", first round", "seconds since the start of the load", "ms", List.of());
        for (String subject : run.subjects()) {
            List<Round> rounds = run.of(subject, point);
            if (!rounds.isEmpty()) {
                Round first = rounds.getFirst();
                samples(cpu, subject, first, Sample::subject);
                samples(memory, subject, first, Sample::residentMb);
                seconds(calls, subject, first, second -> (double) second.ok());
                seconds(tail, subject, first, second -> second.ok() == 0 ? Double.NaN : second.p99() / 1000);
            }
        }
        plots.put("cpu-over-time", cpu);
        plots.put("memory-over-time", memory);
        plots.put("calls-over-time", calls);
        plots.put("p99-over-time", tail);
    }

    private static void samples(Plot plot, String subject, Round round, ToDoubleFunction<Sample> figure) {
        double[] ys = round.samples().stream().mapToDouble(figure).toArray();
        if (Arrays.stream(ys).anyMatch(y -> y > 0)) {
            plot.line(
                    subject,
                    colour(subject),
                    round.samples().stream().mapToDouble(Sample::second).toArray(),
                    ys);
        }
    }

    private static void seconds(Plot plot, String subject, Round round, ToDoubleFunction<LoadResult.Second> figure) {
        List<LoadResult.Second> seconds = round.load().seconds();
        double[] xs = new double[seconds.size()];
        for (int i = 0; i < xs.length; i++) {
            xs[i] = i + 1;
        }
        plot.line(
                subject,
                colour(subject),
                xs,
                seconds.stream().mapToDouble(figure).toArray());
    }

    /** The usual subjects have the same colour everywhere. */
    private static int colour(String subject) {
        int usual = USUAL.indexOf(subject.replace("-tls", ""));
        return usual >= 0 ? usual : USUAL.size() + Math.floorMod(subject.hashCode(), OTHERS);
    }
}
