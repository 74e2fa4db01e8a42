package dev.weir.cluster.meters;

import com.typesafe.config.Config;
import dev.weir.actors.meter.MeterSettings;
import dev.weir.cluster.nodes.Membership;
import dev.weir.config.AccountId;
import java.time.Duration;
import java.time.ZoneId;
import java.util.List;

/**
 * What an operator may say of a node's meters.
 *
 * @param version of the program, for the record of starts
 * @param zone in which days, weeks and months of budgets end
 * @param unpriced what a money limit does with a call whose price is not known
 * @param idle after how long without a call a meter leaves the memory
 * @param overage how far calls that run may go beyond a limit, in thousandths of it
 * @param endUsers how many end users, whom a key or an account limits one by one, may be in their windows
 * @param seeds where other nodes may be met, as {@code host:port}
 */
public record NodeSettings(
        String version,
        ZoneId zone,
        MeterSettings.Unpriced unpriced,
        Duration idle,
        int overage,
        int endUsers,
        List<String> seeds) {

    public NodeSettings {
        seeds = List.copyOf(seeds);
    }

    MeterSettings meters(Membership membership) {
        return new MeterSettings(
                membership.incarnation(), zone, unpriced, idle, overage, perGroup(), membership.nodes());
    }

    /** Names do not spread evenly: of all groups together there is room for a quarter more than for all end users. */
    private int perGroup() {
        return Math.ceilDiv(endUsers + endUsers / 4, AccountId.GROUPS);
    }

    /** The engine's bounds of time and number, from {@code weir.cluster}. */
    record Bounds(
            Duration adminTimeout,
            Duration adminTimeoutEverywhere,
            Duration settleTimeout,
            int mostUnsettled,
            Duration settleAtStop,
            Duration coordinateAtStop,
            Duration startTimeout,
            String meterDispatcher) {

        static Bounds of(Config config) {
            Config weir = config.getConfig("weir.cluster");
            return new Bounds(
                    weir.getDuration("admin-timeout"),
                    weir.getDuration("admin-timeout-everywhere"),
                    weir.getDuration("settle-timeout"),
                    weir.getInt("most-unsettled"),
                    weir.getDuration("settle-at-stop"),
                    weir.getDuration("coordinate-at-stop"),
                    weir.getDuration("start-timeout"),
                    weir.getString("meter-dispatcher"));
        }
    }
}
