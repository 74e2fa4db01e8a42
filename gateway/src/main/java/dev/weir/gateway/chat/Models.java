package dev.weir.gateway.chat;

import dev.weir.config.Deployment;
import dev.weir.config.Provider;
import dev.weir.config.Secret;
import dev.weir.config.WeirConfig;
import dev.weir.config.WeirSettings;
import dev.weir.config.price.Price;
import dev.weir.config.price.Usage;
import dev.weir.gateway.telemetry.Telemetry;
import dev.weir.streams.pool.Endpoint;
import dev.weir.streams.pool.HeaderBlock;
import dev.weir.streams.pool.HostNames;
import dev.weir.streams.pool.PoolSettings;
import dev.weir.streams.pool.UpstreamPool;
import dev.weir.streams.relay.Clocks;
import dev.weir.streams.relay.Target;
import dev.weir.streams.transport.EventLoops;
import dev.weir.streams.transport.Tls;
import io.netty.handler.codec.http.DefaultHttpHeaders;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.ssl.SslContext;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The models that this gateway serves, with the deployments of each: a snapshot that a call reads and nobody changes. */
public final class Models implements AutoCloseable {

    /**
     * The deployments of one public name.
     *
     * @param facts per deployment id, for its price
     * @param priced every deployment has a price
     */
    record Group(
            String name,
            List<Target> targets,
            Map<String, Served> facts,
            boolean priced,
            long maxOutput,
            Telemetry.Group series,
            Experience experience) {

        /** The most that these tokens can cost at any of the deployments, in nano-dollars. */
        public long costBound(long input, long output) {
            Usage usage = Usage.ofText(input, output);
            long most = 0;
            for (Served served : facts.values()) {
                most = Math.max(
                        most, served.price() == null ? 0 : served.price().cost(usage));
            }
            return most;
        }

        public Served served(Target target) {
            Served served = facts.get(target.id());
            if (served == null) {
                throw new IllegalStateException("deployment " + target.id() + " is not of group " + name);
            }
            return served;
        }
    }

    /** What records and metrics need of a deployment. */
    public record Served(@Nullable Price price, Telemetry.Deployment series) {}

    private final Map<String, Group> groups;
    private final List<Target> targets;
    private final Telemetry telemetry;
    private final HostNames names;

    private Models(Map<String, Group> groups, List<Target> targets, Telemetry telemetry, HostNames names) {
        this.groups = groups;
        this.targets = List.copyOf(targets);
        this.telemetry = telemetry;
        this.names = names;
    }

    /** Makes a pool for each deployment; no connection is opened before a call needs it. */
    public static Models of(WeirConfig config, EventLoops loops, Telemetry telemetry) {
        WeirSettings.Upstream upstream = config.weir().upstream();
        HostNames names = new HostNames();
        @Nullable SslContext tls = null;
        Map<String, List<Deployment>> byName = new LinkedHashMap<>();
        for (Deployment deployment : config.deployments()) {
            byName.computeIfAbsent(deployment.modelName(), name -> new ArrayList<>())
                    .add(deployment);
        }
        PoolSettings pool = poolSettings(upstream);
        List<Target> all = new ArrayList<>();
        Map<String, Group> groups = new LinkedHashMap<>();
        for (Map.Entry<String, List<Deployment>> entry : byName.entrySet()) {
            List<Target> targets = new ArrayList<>();
            Map<String, Served> facts = new LinkedHashMap<>();
            boolean priced = true;
            long maxOutput = 0;
            for (Deployment deployment : entry.getValue()) {
                Endpoint endpoint = Endpoint.of(deployment.apiBase());
                if (endpoint.tls() && tls == null) {
                    tls = Tls.client(upstream.ca());
                }
                targets.add(target(deployment, new UpstreamPool(endpoint, pool, loops, tls, names)));
                priced &= deployment.price().isPresent();
                maxOutput = Math.max(maxOutput, deployment.facts().maxOutputTokens());
                facts.put(
                        deployment.id(),
                        new Served(deployment.price().orElse(null), telemetry.deployment(deployment.id())));
            }
            all.addAll(targets);
            groups.put(
                    entry.getKey(),
                    new Group(
                            entry.getKey(),
                            List.copyOf(targets),
                            Map.copyOf(facts),
                            priced,
                            maxOutput,
                            telemetry.group(entry.getKey()),
                            new Experience(config.weir().meters().defaultOutput())));
        }
        return new Models(groups, all, telemetry, names);
    }

    private static PoolSettings poolSettings(WeirSettings.Upstream upstream) {
        InetSocketAddress proxy = upstream.proxy();
        return new PoolSettings(
                upstream.maxConnections(),
                upstream.maxQueue(),
                upstream.queueTimeout(),
                upstream.connectTimeout(),
                upstream.keepAlive(),
                proxy == null ? null : new InetSocketAddress(proxy.getHostString(), proxy.getPort()));
    }

    private static Target target(Deployment deployment, UpstreamPool pool) {
        Provider provider = deployment.provider();
        Deployment.Timeouts timeouts = deployment.timeouts();
        return new Target(
                deployment.id(),
                deployment.modelName(),
                provider.prefix(),
                deployment.upstreamModel(),
                deployment.weight(),
                pool,
                headers(deployment.credential()),
                new Clocks(timeouts.firstContent(), timeouts.idle(), orForEver(timeouts.total())),
                new Clocks(timeouts.streamFirstContent(), timeouts.idle(), orForEver(timeouts.total())),
                provider.includeUsage());
    }

    private static Duration orForEver(@Nullable Duration duration) {
        return duration == null ? Duration.ZERO : duration;
    }

    private static HeaderBlock headers(@Nullable Secret credential) {
        HttpHeaders headers = new DefaultHttpHeaders()
                .set(HttpHeaderNames.CONTENT_TYPE, "application/json")
                .set(HttpHeaderNames.ACCEPT_ENCODING, "identity")
                .set(HttpHeaderNames.USER_AGENT, "weir");
        if (credential != null) {
            headers.set(HttpHeaderNames.AUTHORIZATION, "Bearer " + credential.reveal());
        }
        return HeaderBlock.of(headers);
    }

    public Optional<Group> find(String model) {
        return Optional.ofNullable(groups.get(model));
    }

    public Collection<Group> all() {
        return groups.values();
    }

    /** Tells the pools' figures to the metrics. */
    public void report() {
        for (Target target : targets) {
            telemetry
                    .deployment(target.id())
                    .pool(target.pool().inUse(), target.pool().waiting());
        }
    }

    @Override
    public void close() {
        targets.forEach(target -> target.pool().close());
        names.close();
    }
}
