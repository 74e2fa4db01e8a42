package dev.weir.perf.faults.several;

import dev.weir.perf.faults.site.Fault;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Predicate;
import java.util.function.ToLongFunction;
import java.util.stream.Collectors;
import java.util.stream.DoubleStream;

/** What the runs have shown, as a page. */
final class ClusterReport {

    private ClusterReport() {}

    static String of(List<ClusterRun.Result> results, int nodes, String command) {
        StringBuilder page = new StringBuilder("# Faults, " + nodes + " nodes\n\n"
                + "`" + command + "`\n\n"
                + "Load at " + nodes
                + " doors, each in a network of its own, on keys of four teams, of an organization above two of"
                + " them and of four end users, which wants more than their limits; what happens and when is the seed's to say."
                + " The judge reads what the mock witnessed, what clients were told and the ledger, and nothing else."
                + " Every tenth seed has no fault: there each limit is used to its end."
                + " The load goes on until each limit is used up. Faults are counted that were seen to have an effect. Recovery is"
                + " the longest time for which one of " + Quotas.PROBED_KEYS
                + " keys, half of them below a team and an organization, was not answered behind an event.\n\n");
        page.append(summary(results))
                .append("\n\n")
                .append(byFault(results))
                .append("\n| seed | faults | calls | admitted | over-admitted | unmetered | duplicated | wrong"
                        + " | used, least and mean | recovery | restarts | messages a call |\n"
                        + "|---|---|---|---|---|---|---|---|---|---|---|---|\n");
        results.forEach(each -> page.append(line(each)));
        return page.toString();
    }

    private static String line(ClusterRun.Result result) {
        return String.format(
                Locale.ROOT,
                "| %d | %s | %d | %d | %d | %d | %d | %d | %s | %s | %d | %s |%s%n",
                result.seed(),
                result.plan(),
                result.calls(),
                result.admitted(),
                result.findings().overAdmitted(),
                result.findings().unmetered(),
                result.findings().duplicated(),
                result.findings().wrong(),
                shares(result),
                recoveries(result),
                result.restarts(),
                Double.isNaN(result.messagesACall()) ? "" : String.format(Locale.ROOT, "%.2f", result.messagesACall()),
                result.broken() == null ? "" : " broken: " + result.broken());
    }

    static String shares(ClusterRun.Result result) {
        if (result.shares().isEmpty()) {
            return "-";
        }
        Quotas.Share least = result.shares().stream()
                .min((one, other) -> Double.compare(one.used(), other.used()))
                .orElseThrow();
        return String.format(
                Locale.ROOT,
                "%.1f%% (%s), %.1f%%",
                100 * least.used(),
                least.name(),
                100 * used(List.of(result)).average().orElse(0));
    }

    static String recoveries(ClusterRun.Result result) {
        return result.recoveries().isEmpty()
                ? "-"
                : result.recoveries().stream()
                        .map(each -> seconds(each.seconds()))
                        .collect(Collectors.joining(", "));
    }

    private static DoubleStream used(List<ClusterRun.Result> results) {
        return results.stream().flatMap(each -> each.shares().stream()).mapToDouble(Quotas.Share::used);
    }

    static String summary(List<ClusterRun.Result> results) {
        Map<Fault, Integer> faults = new EnumMap<>(Fault.class);
        results.forEach(result -> result.happened().forEach(fault -> faults.merge(fault, 1, Integer::sum)));
        double[] recoveries = recoveries(results, fault -> true);
        return String.format(
                Locale.ROOT,
                "%d runs, %d faults (%s): over-admitted %d, unmetered %d, duplicated %d, wrong %d, broken runs %d;"
                        + " used at least %.1f%%, on average %.1f%%; recovered in at most %s, in the median %s;"
                        + " %d nodes ended by themselves and were started again.",
                results.size(),
                faults.values().stream().mapToInt(Integer::intValue).sum(),
                faults.entrySet().stream()
                        .map(each -> each.getKey().name().toLowerCase(Locale.ROOT) + " " + each.getValue())
                        .collect(Collectors.joining(", ")),
                sum(results, each -> each.findings().overAdmitted()),
                sum(results, each -> each.findings().unmetered()),
                sum(results, each -> each.findings().duplicated()),
                sum(results, each -> each.findings().wrong()),
                results.stream().filter(each -> each.broken() != null).count(),
                100 * used(results).min().orElse(1),
                100 * used(results).average().orElse(1),
                seconds(recoveries.length == 0 ? 0 : recoveries[recoveries.length - 1]),
                seconds(recoveries.length == 0 ? 0 : recoveries[recoveries.length / 2]),
                sum(results, ClusterRun.Result::restarts));
    }

    /** The seconds of them all, in order. */
    private static double[] recoveries(List<ClusterRun.Result> results, Predicate<Fault> which) {
        return results.stream()
                .flatMap(each -> each.recoveries().stream())
                .filter(each -> which.test(each.fault()))
                .mapToDouble(ClusterRun.Recovery::seconds)
                .sorted()
                .toArray();
    }

    private static String seconds(double seconds) {
        return Double.isInfinite(seconds) ? "never" : String.format(Locale.ROOT, "%.1f s", seconds);
    }

    /** Each kind of fault by itself; where several happened in a run, the time is until the last of them was over. */
    private static String byFault(List<ClusterRun.Result> results) {
        StringBuilder table = new StringBuilder("| fault | times | recovery, median | at most |\n|---|---|---|---|\n");
        for (Fault fault : Fault.values()) {
            double[] recoveries = recoveries(results, fault::equals);
            long times = results.stream()
                    .flatMap(each -> each.happened().stream())
                    .filter(fault::equals)
                    .count();
            if (times > 0) {
                table.append("| ")
                        .append(fault.name().toLowerCase(Locale.ROOT))
                        .append(" | ")
                        .append(times);
                table.append(
                        recoveries.length == 0
                                ? " | | |\n"
                                : " | " + seconds(recoveries[recoveries.length / 2]) + " | "
                                        + seconds(recoveries[recoveries.length - 1]) + " |\n");
            }
        }
        return table.toString();
    }

    private static long sum(List<ClusterRun.Result> results, ToLongFunction<ClusterRun.Result> figure) {
        return results.stream().mapToLong(figure).sum();
    }
}
