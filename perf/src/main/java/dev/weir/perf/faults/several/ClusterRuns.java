package dev.weir.perf.faults.several;

import dev.weir.perf.faults.site.Campaign;
import dev.weir.perf.faults.site.Database;
import dev.weir.perf.faults.site.Fault;
import dev.weir.perf.faults.site.Network;
import dev.weir.perf.sabotage.Sabotage;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Run after run of several gateways over one PostgreSQL. */
public final class ClusterRuns {

    private ClusterRuns() {}

    /** What happens is the seed's to say. */
    public static boolean random(Campaign campaign, int nodes) throws IOException, InterruptedException, SQLException {
        return of(campaign, nodes, (seed, allowed) -> Plan.of(seed, allowed, nodes));
    }

    /** Several faults in little time. */
    public static boolean shortly(Campaign campaign, int nodes) throws IOException, InterruptedException, SQLException {
        return of(campaign, nodes, (seed, allowed) -> Plan.shortly(seed, allowed, nodes));
    }

    /** What shows best that Weir is broken. */
    public static boolean against(Sabotage sabotage, Campaign campaign, int nodes)
            throws IOException, InterruptedException, SQLException {
        return of(campaign, nodes, (seed, allowed) -> Plan.against(sabotage));
    }

    private interface Planner {
        Plan plan(long seed, List<Fault> allowed);
    }

    /** Whether everything was kept. */
    private static boolean of(Campaign campaign, int nodes, Planner planner)
            throws IOException, InterruptedException, SQLException {
        List<Fault> allowed = new ArrayList<>(
                campaign.allowed().stream().filter(Fault::happensToSeveral).toList());
        List<ClusterRun.Result> results = new ArrayList<>();
        try (Network network = Network.orLoopback(nodes, campaign.say());
                Database database = Database.start(campaign.work());
                Sites sites = new Sites(campaign, network, database, nodes)) {
            allowed.removeIf(fault -> fault.parts() && !network.canBeParted());
            for (int run = 0; run < campaign.runs(); run++) {
                long seed = campaign.seed() + run;
                Plan plan = planner.plan(seed, allowed);
                ClusterRun.Result result = new ClusterRun(sites.next(), seed, plan).run();
                results.add(result);
                campaign.write(ClusterReport.of(results, nodes, campaign.command()));
                say(campaign, result, sites.directory());
                if (!result.isClean()) {
                    sites.leave();
                }
            }
        }
        campaign.say().println(ClusterReport.summary(results));
        if (campaign.sabotage() != null) {
            campaign.say()
                    .println("The judge saw the damage in "
                            + results.stream()
                                    .filter(ClusterRun.Result::isSeenBroken)
                                    .count() + " of "
                            + results.size() + " runs.");
            return results.stream().noneMatch(ClusterRun.Result::isSeenBroken);
        }
        return results.stream().allMatch(ClusterRun.Result::isClean);
    }

    private static void say(Campaign campaign, ClusterRun.Result result, Path directory) {
        campaign.say()
                .printf(
                        Locale.ROOT,
                        "seed %d %s: %d calls, %d admitted, used %s, recovered in %s, %d restarts%s: %s%n",
                        result.seed(),
                        result.plan(),
                        result.calls(),
                        result.admitted(),
                        ClusterReport.shares(result),
                        ClusterReport.recoveries(result),
                        result.restarts(),
                        Double.isNaN(result.messagesACall())
                                ? ""
                                : String.format(Locale.ROOT, ", %.2f messages a call", result.messagesACall()),
                        verdict(result));
        if (!result.isClean() || campaign.sabotage() != null) {
            result.findings().details().forEach(detail -> campaign.say().println("    " + detail));
            campaign.say()
                    .println("    " + (result.broken() == null ? "" : result.broken() + ", ") + "see " + directory);
        }
        campaign.say().flush();
    }

    private static String verdict(ClusterRun.Result result) {
        String unkept = result.broken() == null ? "NOT KEPT" : "BROKEN";
        return result.isClean() ? "kept" : unkept;
    }
}
