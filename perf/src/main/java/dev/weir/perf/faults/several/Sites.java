package dev.weir.perf.faults.several;

import dev.weir.perf.faults.site.Campaign;
import dev.weir.perf.faults.site.Database;
import dev.weir.perf.faults.site.Network;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Where runs take place: several of them at one site, one after the other, each with accounts of its own, as a cluster lives on after
 * what has happened to it. A site at which something was not kept is left as it is, and so is one that was sabotaged.
 */
final class Sites implements AutoCloseable {

    private static final int RUNS_OF_A_SITE = 12;

    /** Nodes are started so often that to compile them well takes more of a small machine than they ever give back. */
    private static final List<String> FLAGS = List.of("-XX:TieredStopAtLevel=1");

    private final Campaign campaign;
    private final Network network;
    private final Database database;
    private final int nodes;
    private Path directory;
    private @Nullable ClusterSite site;
    private int sites;
    private int runs;

    Sites(Campaign campaign, Network network, Database database, int nodes) {
        this.campaign = campaign;
        this.network = network;
        this.database = database;
        this.nodes = nodes;
        this.directory = campaign.work();
    }

    /** For the next run. Its nodes may have to be started. */
    ClusterSite next() throws IOException, SQLException {
        if (runs >= RUNS_OF_A_SITE || (campaign.sabotage() != null && runs > 0)) {
            close();
        }
        ClusterSite there = site;
        if (there == null) {
            database.renew();
            directory = campaign.directory(sites++);
            runs = 0;
            there = new ClusterSite(new ClusterSite.Parts(
                    campaign.home(), directory, database, network, nodes, Quotas.MODELS, FLAGS, campaign.sabotage()));
            site = there;
        }
        runs++;
        return there;
    }

    /** What the last site has. */
    Path directory() {
        return directory;
    }

    /** There are no further runs at this site, and what it has stays. */
    void leave() throws IOException {
        if (site != null) {
            site.close();
            site = null;
        }
    }

    @Override
    public void close() throws IOException {
        boolean isOfUse = site == null || campaign.sabotage() != null;
        leave();
        if (!isOfUse) {
            Campaign.delete(directory);
        }
    }
}
