package dev.weir.perf.faults.alone;

import dev.weir.perf.faults.site.Campaign;
import dev.weir.perf.faults.site.Database;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Run after run of a gateway by itself. */
public final class FaultRuns {

    private FaultRuns() {}

    /**
     * @param stores in turn: embedded, postgres
     * @return whether everything was kept
     */
    public static boolean of(Campaign campaign, List<String> stores)
            throws IOException, InterruptedException, SQLException {
        List<FaultRun.Result> results = new ArrayList<>();
        try (Database database = stores.contains("postgres") ? Database.start(campaign.work()) : null) {
            for (int run = 0; run < campaign.runs(); run++) {
                Database used = stores.get(run % stores.size()).equals("postgres") ? database : null;
                if (used != null) {
                    used.renew();
                }
                Path directory = campaign.directory(run);
                FaultRun.Result result = new FaultRun(
                                campaign.home(),
                                directory,
                                used,
                                campaign.seed() + run,
                                campaign.allowed(),
                                campaign.sabotage())
                        .run();
                results.add(result);
                campaign.write(FaultReport.of(results, campaign.command()));
                campaign.say().println(line(result));
                if (!result.isClean()) {
                    result.findings().details().forEach(detail -> campaign.say().println("    " + detail));
                    campaign.say()
                            .println("    " + (result.broken() == null ? "" : result.broken()) + " see " + directory);
                } else {
                    Campaign.delete(directory);
                }
                campaign.say().flush();
            }
        }
        campaign.say().println(FaultReport.summary(results));
        return results.stream().allMatch(FaultRun.Result::isClean);
    }

    private static String line(FaultRun.Result result) {
        return String.format(
                Locale.ROOT,
                "seed %d %-8s %-40s %5d calls, %4d admitted, %3d left, recovered in %.1f s: %s",
                result.seed(),
                result.postgres() ? "postgres" : "embedded",
                result.faults(),
                result.calls(),
                result.admitted(),
                result.unused(),
                result.recoverySeconds(),
                result.isClean() ? "kept" : "NOT KEPT");
    }
}
