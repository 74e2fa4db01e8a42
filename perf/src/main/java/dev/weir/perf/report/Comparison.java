package dev.weir.perf.report;

import dev.weir.perf.run.Round;
import dev.weir.perf.run.Run;
import dev.weir.perf.run.Scenario.Workload;
import java.util.List;
import java.util.Locale;

/**
 * Two runs of one scenario side by side. A difference is called one only when the ranges of the rounds do not overlap: these are
 * figures of two times, and a machine changes between them. Where both runs measured the control, ratios to it say more.
 */
public final class Comparison {
    private final Run before;
    private final Run after;

    public Comparison(Run before, Run after) {
        this.before = before;
        this.after = after;
    }

    public String markdown() {
        StringBuilder text = new StringBuilder("# ")
                .append(before.scenario().name())
                .append(": ")
                .append(before.at())
                .append(" (")
                .append(before.commit())
                .append(") and ")
                .append(after.at())
                .append(" (")
                .append(after.commit())
                .append(
                        ")\n\n| point | subject | figure | before | after | ratio | |\n|---|---|---|---|---|---|---|\n");
        for (Workload point : after.scenario().points()) {
            for (String subject : after.subjects()) {
                for (Measure measure : Measure.values()) {
                    row(point.name(), subject, measure, text);
                }
            }
        }
        return text.toString();
    }

    private void row(String point, String subject, Measure measure, StringBuilder text) {
        List<Round> old = before.of(subject, point);
        List<Round> now = after.of(subject, point);
        double from = measure.of(old);
        double to = measure.of(now);
        if (Double.isNaN(from) || Double.isNaN(to)) {
            return;
        }
        text.append(String.format(
                Locale.ROOT,
                "| %s | %s | %s | %s | %s | %s | %s |%n",
                point,
                subject,
                measure.title(),
                measure.told(old),
                measure.told(now),
                from == 0 ? "" : String.format(Locale.ROOT, "%.2f", to / from),
                judged(measure, old, now)));
    }

    private static String judged(Measure measure, List<Round> old, List<Round> now) {
        double[] before = measure.range(old);
        double[] after = measure.range(now);
        if (after[0] > before[1]) {
            return measure.isBetterWhenMore() ? "better" : "worse";
        }
        if (after[1] < before[0]) {
            return measure.isBetterWhenMore() ? "worse" : "better";
        }
        return "";
    }
}
