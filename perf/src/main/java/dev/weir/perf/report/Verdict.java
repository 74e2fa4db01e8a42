package dev.weir.perf.report;

import dev.weir.perf.run.Round;
import dev.weir.perf.run.Run;
import dev.weir.perf.run.Scenario;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** A target held against a run. */
record Verdict(boolean met, String text) {

    /**
     * A figure that a target is about.
     *
     * @param value NaN when it was not measured
     * @param told with what it was computed from
     */
    record Figure(double value, String told) {}

    /** One verdict for each point that the target is about. */
    static List<Verdict> on(Scenario.Target target, Run run) {
        List<Verdict> verdicts = new ArrayList<>();
        for (Scenario.Workload point : run.scenario().points()) {
            if (target.point() == null || target.point().equals(point.name())) {
                verdicts.add(on(target, run, point.name()));
            }
        }
        return verdicts.isEmpty()
                ? List.of(new Verdict(false, "no point '" + target.point() + "': not measured"))
                : verdicts;
    }

    private static Verdict on(Scenario.Target target, Run run, String point) {
        String what = target.subject() + ", " + point + ": " + title(target);
        Figure figure = figure(target, run, point);
        if (Double.isNaN(figure.value())) {
            boolean control = target.compares() && Double.isNaN(controlled(target, run, point));
            return new Verdict(control && !measured(target, run, point).isEmpty(), what + ": not measured");
        }
        boolean met = within(figure.value(), target.atLeast(), target.atMost());
        return new Verdict(met, what + " = " + figure.told() + ", must be " + bound(target.atLeast(), target.atMost()));
    }

    /** What the target's measure is called, with what it is held against. */
    static String title(Scenario.Target target) {
        String title = Measure.named(target.measure()).title();
        if (target.against() != null) {
            return title + " / " + target.against();
        }
        if (target.above() != null) {
            return title + " - " + target.above();
        }
        return target.againstPoint() == null ? title : title + " / " + target.againstPoint();
    }

    /** The figure at a point. */
    static Figure figure(Scenario.Target target, Run run, String point) {
        Measure measure = Measure.named(target.measure());
        List<Round> own = measured(target, run, point);
        double figure = measure.of(own);
        if (!target.compares()) {
            return new Figure(figure, measure.told(own));
        }
        double control = controlled(target, run, point);
        double value = target.above() == null ? figure / control : figure - control;
        String sign = target.above() == null ? " / " : " - ";
        return new Figure(
                value,
                String.format(Locale.ROOT, "%.3f (%s%s%s)", value, measure.told(figure), sign, measure.told(control)));
    }

    static boolean within(double figure, @Nullable Double atLeast, @Nullable Double atMost) {
        return (atLeast == null || figure >= atLeast) && (atMost == null || figure <= atMost);
    }

    static String bound(@Nullable Double atLeast, @Nullable Double atMost) {
        String least = atLeast == null ? "" : ">= " + number(atLeast);
        String most = atMost == null ? "" : "<= " + number(atMost);
        return least + (least.isEmpty() || most.isEmpty() ? "" : " and ") + most;
    }

    private static String number(double figure) {
        return figure == Math.rint(figure) ? Long.toString((long) figure) : Double.toString(figure);
    }

    private static List<Round> measured(Scenario.Target target, Run run, String point) {
        return run.of(target.subject(), point);
    }

    private static double controlled(Scenario.Target target, Run run, String point) {
        Measure measure = Measure.named(target.measure());
        if (target.againstPoint() != null) {
            return measure.of(run.of(target.subject(), target.againstPoint()));
        }
        String control = target.against() == null ? String.valueOf(target.above()) : target.against();
        return measure.of(run.of(control, point));
    }
}
