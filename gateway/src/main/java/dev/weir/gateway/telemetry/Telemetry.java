package dev.weir.gateway.telemetry;

import com.typesafe.config.Config;
import dev.weir.actors.meter.Outcome;
import dev.weir.cluster.meters.NodeView;
import dev.weir.gateway.door.Refusal;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import kamon.Kamon;
import kamon.metric.Counter;
import kamon.metric.Gauge;
import kamon.metric.Histogram;
import kamon.metric.MeasurementUnit;
import kamon.module.Module.Registration;
import kamon.prometheus.PrometheusReporter;
import kamon.tag.TagSet;
import org.jspecify.annotations.Nullable;

/**
 * Weir's own metrics, without an agent. Series are looked up once and kept: a look-up by tags costs five times an
 * increment.
 */
public final class Telemetry implements AutoCloseable {

    private static final String REPORTER = "weir-prometheus";

    private final PrometheusReporter reporter;
    private final Registration registration;
    private final Map<Refusal.Kind, Counter> refusals = new EnumMap<>(Refusal.Kind.class);
    private final Map<String, Group> groups = new ConcurrentHashMap<>();
    private final Map<String, Deployment> deployments = new ConcurrentHashMap<>();
    private final Map<String, Gauge> degraded = new ConcurrentHashMap<>();
    private final Gauge inFlight = gauge(Metric.IN_FLIGHT);
    private final Gauge connections = gauge(Metric.CONNECTIONS);
    private final Gauge unsettled = gauge(Metric.UNSETTLED);
    private final Gauge journalUsed = gauge(Metric.JOURNAL_USED);
    private final Counter accessLogLost = counter(Metric.ACCESS_LOG_LOST);
    private final Counter accountMessages = counter(Metric.ACCOUNT_MESSAGES);
    private final Gauge reachable = gauge(Metric.MEMBERS, "reachable");
    private final Gauge unreachable = gauge(Metric.MEMBERS, "unreachable");
    private final Gauge authority = gauge(Metric.AUTHORITY);
    private final Gauge shards = gauge(Metric.SHARDS);
    private final Gauge meters = gauge(Metric.METERS);
    private long messages;

    private Telemetry(PrometheusReporter reporter, Registration registration) {
        this.reporter = reporter;
        this.registration = registration;
        for (Refusal.Kind kind : Refusal.Kind.values()) {
            refusals.put(kind, counter(Metric.REFUSALS, kind.name().toLowerCase(Locale.ROOT)));
        }
    }

    /** @param enabled false leaves every series in place and reports none */
    public static Telemetry start(Config config, boolean enabled) {
        if (enabled) {
            Kamon.initWithoutAttaching(config);
        }
        PrometheusReporter reporter = PrometheusReporter.create();
        return new Telemetry(reporter, Kamon.addReporter(REPORTER, reporter));
    }

    /** What a scrape gets: the figures of the last tick. */
    public String scrape() {
        return reporter.scrapeData();
    }

    public void refused(Refusal.Kind kind) {
        Counter counter = refusals.get(kind);
        if (counter != null) {
            counter.increment();
        }
    }

    /** The series of a model group; keep it. */
    public Group group(String name) {
        return groups.computeIfAbsent(name, Group::new);
    }

    /** The series of a deployment; keep it. */
    public Deployment deployment(String id) {
        return deployments.computeIfAbsent(id, Deployment::new);
    }

    public void inFlight(int calls) {
        inFlight.update(calls);
    }

    public void connections(int open) {
        connections.update(open);
    }

    public void unsettled(long settlements) {
        unsettled.update((double) settlements);
    }

    public void journalUsed(long bytes) {
        journalUsed.update((double) bytes);
    }

    /** How the node sees itself and the others; called by one thread. */
    public void node(NodeView view) {
        increment(accountMessages, view.messages() - messages);
        messages = view.messages();
        reachable.update(view.members().size() - (double) view.unreachable());
        unreachable.update((double) view.unreachable());
        authority.update(view.mayDecide() ? 1 : 0);
        shards.update(view.shards());
        meters.update(view.meters());
    }

    public void accessLineLost() {
        accessLogLost.increment();
    }

    /** A degraded mode begins or ends. */
    public void degraded(String mode, boolean holds) {
        degraded.computeIfAbsent(mode, name -> gauge(Metric.DEGRADED, name)).update(holds ? 1 : 0);
    }

    @Override
    public void close() {
        registration.cancel();
    }

    /** The series of one model group. */
    public static final class Group {

        private final Map<Outcome, Counter> calls;
        private final Counter input;
        private final Counter output;
        private final Counter spend;
        private final Histogram duration;
        private final Histogram firstContent;

        Group(String name) {
            this.calls = byOutcome(outcome -> counter(Metric.CALLS, name, outcome.label()));
            this.input = counter(Metric.TOKENS, name, "input");
            this.output = counter(Metric.TOKENS, name, "output");
            this.spend = counter(Metric.SPEND, name);
            this.duration = seconds(Metric.CALL_SECONDS, name);
            this.firstContent = seconds(Metric.FIRST_CONTENT_SECONDS, name);
        }

        public void ended(Outcome outcome, long inputTokens, long outputTokens, long nanoUsd, long nanos) {
            increment(calls.get(outcome), 1);
            increment(input, inputTokens);
            increment(output, outputTokens);
            increment(spend, nanoUsd);
            duration.record(nanos);
        }

        public void firstContent(long nanos) {
            firstContent.record(nanos);
        }
    }

    /** The series of one deployment. */
    public static final class Deployment {

        private final Map<Outcome, Counter> attempts;
        private final Gauge inUse;
        private final Gauge waiting;

        Deployment(String id) {
            this.attempts = byOutcome(outcome -> counter(Metric.ATTEMPTS, id, outcome.label()));
            this.inUse = gauge(Metric.PERMITS_IN_USE, id);
            this.waiting = gauge(Metric.POOL_WAITING, id);
        }

        public void attemptEnded(Outcome outcome) {
            increment(attempts.get(outcome), 1);
        }

        public void pool(int inUseNow, int waitingNow) {
            inUse.update(inUseNow);
            waiting.update(waitingNow);
        }
    }

    private static Map<Outcome, Counter> byOutcome(Function<Outcome, Counter> series) {
        Map<Outcome, Counter> all = new EnumMap<>(Outcome.class);
        Arrays.stream(Outcome.values()).forEach(outcome -> all.put(outcome, series.apply(outcome)));
        return all;
    }

    private static void increment(@Nullable Counter counter, long by) {
        if (counter != null && by > 0) {
            counter.increment(by);
        }
    }

    private static Counter counter(Metric metric, String... values) {
        return Kamon.counter(metric.metricName(), metric.description()).withTags(tags(metric, values));
    }

    private static Gauge gauge(Metric metric, String... values) {
        return Kamon.gauge(metric.metricName(), metric.description()).withTags(tags(metric, values));
    }

    private static Histogram seconds(Metric metric, String... values) {
        return Kamon.histogram(
                        metric.metricName(),
                        metric.description(),
                        MeasurementUnit.time().nanoseconds())
                .withTags(tags(metric, values));
    }

    private static TagSet tags(Metric metric, String... values) {
        TagSet tags = TagSet.Empty();
        for (int i = 0; i < metric.labelCount(); i++) {
            tags = tags.withTag(metric.label(i), values[i]);
        }
        return tags;
    }
}
