package dev.weir.perf.faults.alone;

import dev.weir.perf.faults.site.Fault;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/** What the runs have shown, as a page. */
public final class FaultReport {

    private FaultReport() {}

    public static String of(List<FaultRun.Result> results, String command) {
        StringBuilder page = new StringBuilder("# Faults, 1 node\n\n"
                + "`" + command + "`\n\n"
                + "Load on six keys of two teams and four end users, which wants more than their limits; what happens and when is the seed's to say."
                + " The judge reads what the mock witnessed, what clients were told and the ledger, and nothing else."
                + " Every tenth seed has no fault: there each limit is used to its end.\n\n");
        page.append(summary(results))
                .append(
                        "\n\n| seed | store | faults | calls | admitted | over-admitted | unmetered | duplicated | wrong"
                                + " | left of 400 requests | recovery |\n|---|---|---|---|---|---|---|---|---|---|---|\n");
        for (FaultRun.Result each : results) {
            page.append(String.format(
                    Locale.ROOT,
                    "| %d | %s | %s | %d | %d | %d | %d | %d | %d | %d | %.1f s |%s%n",
                    each.seed(),
                    each.postgres() ? "postgres" : "embedded",
                    each.faults().isEmpty()
                            ? "none"
                            : each.faults().stream()
                                    .map(fault -> fault.name().toLowerCase(Locale.ROOT))
                                    .collect(Collectors.joining(" ")),
                    each.calls(),
                    each.admitted(),
                    each.findings().overAdmitted(),
                    each.findings().unmetered(),
                    each.findings().duplicated(),
                    each.findings().wrong(),
                    each.unused(),
                    each.recoverySeconds(),
                    each.broken() == null ? "" : " broken: " + each.broken()));
        }
        return page.toString();
    }

    public static String summary(List<FaultRun.Result> results) {
        Map<Fault, Integer> faults = FaultRun.count(results);
        return String.format(
                Locale.ROOT,
                "%d runs, %d faults (%s): over-admitted %d, unmetered %d, duplicated %d, wrong %d, broken runs %d;"
                        + " at most %d of 400 requests left unused, worst recovery %.1f s.",
                results.size(),
                faults.values().stream().mapToInt(Integer::intValue).sum(),
                faults.entrySet().stream()
                        .map(each -> each.getKey().name().toLowerCase(Locale.ROOT) + " " + each.getValue())
                        .collect(Collectors.joining(", ")),
                results.stream()
                        .mapToLong(each -> each.findings().overAdmitted())
                        .sum(),
                results.stream().mapToLong(each -> each.findings().unmetered()).sum(),
                results.stream().mapToLong(each -> each.findings().duplicated()).sum(),
                results.stream().mapToLong(each -> each.findings().wrong()).sum(),
                results.stream().filter(each -> each.broken() != null).count(),
                results.stream().mapToLong(FaultRun.Result::unused).max().orElse(0),
                results.stream()
                        .mapToDouble(FaultRun.Result::recoverySeconds)
                        .max()
                        .orElse(0));
    }
}
