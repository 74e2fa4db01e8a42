package dev.weir.perf.run;

import java.util.List;
import java.util.Locale;
import java.util.Map;

/** A target held against the rounds. */
record Verdict(boolean met, String text) {

    static Verdict on(Scenario.Target target, Map<String, List<Round>> rounds) {
        Measure measure = Measure.named(target.measure());
        double figure = measure.of(rounds.getOrDefault(target.subject(), List.of()));
        String what = target.subject() + ": " + measure.title();
        if (!rounds.containsKey(target.subject()) || Double.isNaN(figure)) {
            return new Verdict(false, what + " was not measured");
        }
        if (target.against() == null) {
            return bounded(target, what, figure, measure.told(figure));
        }
        double baseline = measure.of(rounds.getOrDefault(target.against(), List.of()));
        if (!rounds.containsKey(target.against()) || Double.isNaN(baseline)) {
            return new Verdict(true, what + " has no " + target.against() + " to be compared with: not judged");
        }
        double ratio = figure / baseline;
        return bounded(
                target,
                what + " / " + target.against(),
                ratio,
                String.format(Locale.ROOT, "%.3f (%s / %s)", ratio, measure.told(figure), measure.told(baseline)));
    }

    private static Verdict bounded(Scenario.Target target, String what, double figure, String told) {
        StringBuilder text = new StringBuilder(what).append(" = ").append(told);
        boolean met = true;
        if (target.atLeast() != null) {
            met &= figure >= target.atLeast();
            text.append(", must be >= ").append(target.atLeast());
        }
        if (target.atMost() != null) {
            met &= figure <= target.atMost();
            text.append(", must be <= ").append(target.atMost());
        }
        return new Verdict(met, text.toString());
    }
}
