package dev.weir.perf.faults.scripts;

import dev.weir.perf.faults.several.ClusterSite;
import dev.weir.perf.faults.site.Campaign;
import dev.weir.perf.faults.site.Database;
import dev.weir.perf.faults.site.FakeClock;
import dev.weir.perf.faults.site.Network;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** The scripts by their names. */
public final class NamedRuns {

    private static final Map<String, Script> SCRIPTS = new TreeMap<>(Map.of(
            "team-flood", new TeamFlood(),
            "recall", new Recall(),
            "remote-admission", new RemoteAdmission(),
            "door-and-owner-die", new DoorAndOwnerDie(),
            "paused-owner", new PausedOwner(),
            "slots-over-takeover", new SlotsOverTakeover(),
            "rebalance-storm", new RebalanceStorm(),
            "rolling-restart", new RollingRestart(),
            "window-edge", new WindowEdge()));

    private NamedRuns() {}

    public static List<String> names() {
        return List.copyOf(SCRIPTS.keySet());
    }

    /** @return whether everything was kept */
    public static boolean of(Campaign campaign, int nodes, String name)
            throws IOException, InterruptedException, SQLException {
        Script script = SCRIPTS.get(name);
        if (script == null) {
            throw new IllegalArgumentException("--run: " + name + " (expected: one of " + names() + ")");
        }
        if (!script.clocks().isEmpty() && !FakeClock.isThere()) {
            throw new IOException(name + " needs libfaketime (Debian's package is faketime)");
        }
        Path directory = campaign.directory(0);
        try (Network network = Network.orLoopback(nodes, campaign.say());
                Database database = Database.start(campaign.work())) {
            database.renew();
            ClusterSite site = new ClusterSite(new ClusterSite.Parts(
                    campaign.home(),
                    directory,
                    database,
                    network,
                    nodes,
                    script.models(),
                    List.of(),
                    campaign.sabotage()));
            try (Stage stage = new Stage(site)) {
                site.start(script.clocks());
                String seen = script.play(stage);
                return told(campaign, name, seen, stage, directory);
            }
        }
    }

    private static boolean told(Campaign campaign, String name, String seen, Stage stage, Path directory)
            throws IOException {
        boolean kept = stage.judge().findings().isClean();
        String line =
                name + ": " + seen + "; " + stage.site().restarts() + " restarts: " + (kept ? "kept" : "NOT KEPT");
        campaign.say().println(line);
        stage.judge().findings().details().forEach(detail -> campaign.say().println("    " + detail));
        if (!kept) {
            campaign.say().println("    see " + directory);
        }
        campaign.write("# " + name + "\n\n`" + campaign.command() + "`\n\n" + line + "\n\n"
                + String.join("\n", stage.judge().findings().details()) + "\n");
        return kept;
    }
}
