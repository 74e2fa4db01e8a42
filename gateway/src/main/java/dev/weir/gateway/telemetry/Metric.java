package dev.weir.gateway.telemetry;

/** What Weir counts, with the labels of each; labels come from closed sets, never from what a client typed. */
public enum Metric {
    CALLS("weir.calls", "Calls that ended, by outcome", "group", "outcome"),
    REFUSALS("weir.refusals", "Requests that were refused, by kind", "kind"),
    TOKENS("weir.tokens", "Tokens metered, by direction", "group", "direction"),
    SPEND("weir.spend.nanousd", "Spend in nano-dollars", "group"),
    ATTEMPTS("weir.attempts", "Attempts that ended, by deployment and outcome", "deployment", "outcome"),
    IN_FLIGHT("weir.calls.in.flight", "Calls that run now"),
    CONNECTIONS("weir.connections", "Client connections that are open now"),
    CALL_SECONDS("weir.call.duration", "From a call's head to its last byte, in seconds", "group"),
    FIRST_CONTENT_SECONDS("weir.first.content", "From an attempt's begin to its first content, in seconds", "group"),
    PERMITS_IN_USE("weir.pool.in.use", "Upstream connections in use", "deployment"),
    POOL_WAITING("weir.pool.waiting", "Calls that wait for an upstream connection", "deployment"),
    UNSETTLED("weir.meters.unsettled", "Settlements that no meter has acknowledged yet"),
    ACCESS_LOG_LOST("weir.access.log.lost", "Access lines dropped because the log could not keep up"),
    JOURNAL_USED("weir.journal.used.bytes", "Bytes of the attempt journal that are not shipped yet"),
    ACCOUNT_MESSAGES(
            "weir.account.messages", "Messages from this node to the meters of accounts, each of which has one answer"),
    MEMBERS("weir.cluster.members", "Members of the cluster as this node sees them, by state", "state"),
    AUTHORITY("weir.cluster.authority", "1 while this node may let calls begin"),
    SHARDS("weir.cluster.shards", "Shards of meters on this node"),
    METERS("weir.cluster.meters", "Meters in this node's memory"),
    DEGRADED("weir.degraded", "1 while a degraded mode holds", "mode");

    private final String metricName;
    private final String description;
    private final String[] labels;

    Metric(String metricName, String description, String... labels) {
        this.metricName = metricName;
        this.description = description;
        this.labels = labels;
    }

    public String metricName() {
        return metricName;
    }

    String description() {
        return description;
    }

    String label(int index) {
        return labels[index];
    }

    int labelCount() {
        return labels.length;
    }
}
