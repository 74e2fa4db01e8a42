package dev.weir.config;

import com.typesafe.config.ConfigFactory;
import dev.weir.config.WeirSettings.Unpriced;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Reads the {@code weir:} block, laid over {@code reference.conf}, into settings. */
final class SettingsReader {

    private static final String ROOT = "weir";
    private static final String KEYS = "keys";
    private static final int MAX_PORT = 65_535;
    private static final int MILLION = 1_000_000;

    /** Settings that exist without a default, by the block they stand in. */
    private static final Map<String, Set<String>> WITHOUT_DEFAULT = Map.of(
            "weir.tls", Set.of("certificate", "key"),
            "weir.management.tls", Set.of("certificate", "key"),
            "weir.cluster", Set.of("advertise"),
            "weir.cluster.tls", Set.of("certificate", "key", "ca"),
            "weir.upstream", Set.of("ca"),
            "weir.storage", Set.of("url"),
            "weir.global", LimitFields.NAMES);

    private SettingsReader() {}

    /** A block of {@code reference.conf}. */
    static Map<String, Object> reference(String block) {
        return ConfigFactory.parseResources(SettingsReader.class, "/reference.conf")
                .withOnlyPath(block)
                .resolve()
                .getConfig(block)
                .root()
                .unwrapped();
    }

    static WeirSettings defaults() {
        Reading reading = Reading.ofFile(Map.of(), Map.of());
        WeirSettings settings = read(new Value(reading, ROOT, Map.of()), List.of());
        if (!reading.problems().isEmpty()) {
            throw new InvalidConfig(reading.problems());
        }
        return settings;
    }

    /** The settings of a {@code weir:} block; {@code keys} were read from it before. */
    static WeirSettings read(Value block, List<DeclaredKey> keys) {
        Value weir = new Value(block.reading(), ROOT, laidOver(reference(ROOT), block));
        refuseOnePortForTwo(weir.at("server").at("port"), weir.at("management").at("port"));
        return new WeirSettings(
                (int) weir.at("loops").integer(0, 1024),
                server(weir.at("server")),
                tls(weir.at("tls")),
                upstream(weir.at("upstream")),
                new WeirSettings.Admission(weir.at("admission").at("timeout").duration()),
                meters(weir.at("meters")),
                new WeirSettings.Shutdown(
                        notice(weir.at("shutdown").at("notice")),
                        weir.at("shutdown").at("deadline").duration()),
                storage(weir.at("storage")),
                new WeirSettings.Cors(origins(weir.at("cors").at("allowed_origins"))),
                new WeirSettings.Management(
                        portOrOff(weir.at("management").at("port")),
                        weir.at("management").at("host").text(),
                        tls(weir.at("management").at("tls"))),
                accessLog(weir.at("access_log").at("target")),
                new WeirSettings.Metrics(weir.at("metrics").at("enabled").flag()),
                cluster(weir.at("cluster")),
                LimitFields.patched(Limits.NONE, weir.at("global")),
                keys);
    }

    /** The reference with what the file says in its place; a key that the reference lacks is a problem. */
    private static Map<String, Object> laidOver(Map<String, Object> reference, Value block) {
        Map<String, Object> merged = new LinkedHashMap<>(reference);
        Set<String> known = new TreeSet<>(reference.keySet());
        known.addAll(WITHOUT_DEFAULT.getOrDefault(block.path(), Set.of()));
        for (String key : block.keys()) {
            Value value = block.at(key);
            if (!known.contains(key)) {
                block.reading().problem(value.path(), "unknown key", Nearest.expectation(key, known));
            } else if (reference.get(key) instanceof Map<?, ?> inner) {
                merged.put(key, laidOver(Value.block(inner), value));
            } else if (value.isAbsent() && !key.equals(KEYS)) {
                value.problem("a value, or the key left out");
            } else {
                merged.put(key, value.raw());
            }
        }
        return merged;
    }

    private static void refuseOnePortForTwo(Value server, Value management) {
        long port = management.isOff() ? 0 : management.integer(0, MAX_PORT);
        if (port != 0 && port == server.integer(0, MAX_PORT)) {
            management.problem("a port other than weir.server.port");
        }
    }

    private static WeirSettings.Server server(Value server) {
        return new WeirSettings.Server(
                server.at("host").text(),
                (int) server.at("port").integer(0, MAX_PORT),
                size(server.at("max_body"), 1_000),
                (int) server.at("max_json_depth").integer(1, 1_000),
                size(server.at("max_header_bytes"), 1_000),
                (int) server.at("max_headers").integer(8, 10_000),
                server.at("head_timeout").duration(),
                server.at("body_timeout").duration(),
                server.at("idle_timeout").duration(),
                server.at("keep_alive_comments").durationOrOff(),
                server.at("keep_alive_before_content").flag());
    }

    private static WeirSettings.@Nullable Tls tls(Value tls) {
        Path certificate = existingFile(tls.at("certificate"));
        Path key = existingFile(tls.at("key"));
        if (tls.at("certificate").isAbsent() != tls.at("key").isAbsent()) {
            tls.reading().problem(tls.path(), "certificate or key alone", "both or neither");
        }
        return certificate == null || key == null ? null : new WeirSettings.Tls(certificate, key);
    }

    private static WeirSettings.Upstream upstream(Value upstream) {
        return new WeirSettings.Upstream(
                (int) upstream.at("max_connections").integer(1, MILLION),
                (int) upstream.at("max_queue").integer(0, MILLION),
                upstream.at("queue_timeout").duration(),
                upstream.at("connect_timeout").duration(),
                upstream.at("keep_alive").duration(),
                upstream.at("first_content_timeout").duration(),
                upstream.at("idle_timeout").duration(),
                upstream.at("total_timeout").durationOrOff(),
                size(upstream.at("max_response"), 1_000),
                size(upstream.at("max_event"), 1_000),
                proxy(upstream.at("proxy")),
                existingFile(upstream.at("ca")),
                upstream.at("attempt_header").flag());
    }

    private static WeirSettings.Meters meters(Value meters) {
        return new WeirSettings.Meters(
                meters.at("default_output").integer(1, MILLION),
                meters.at("reservation").oneOf(WeirSettings.Reservation.class),
                meters.at("on_exhausted").oneOf(WeirSettings.OnExhausted.class),
                (int) meters.at("overage_percent").integer(0, 100),
                meters.at("unpriced").oneOf(Unpriced.class),
                meters.at("passivate_after").duration(),
                (int) meters.at("end_users").integer(AccountId.GROUPS, 10 * MILLION));
    }

    private static WeirSettings.Storage storage(Value storage) {
        Value url = storage.at("url");
        return new WeirSettings.Storage(
                path(storage.at("data")),
                storage.at("journal_bytes").bytes(1_000_000, Long.MAX_VALUE),
                url.isAbsent() ? null : DatabaseUrl.read(url),
                storage.at("ledger_retention").durationOrOff());
    }

    private static Duration notice(Value notice) {
        Duration time = notice.durationOrOff();
        return time == null ? Duration.ZERO : time;
    }

    private static WeirSettings.Cluster cluster(Value cluster) {
        String host = cluster.at("host").text();
        Value advertise = cluster.at("advertise");
        if (!advertise.isAbsent() && !HostAndPort.isOne(advertise.text() + ":0")) {
            advertise.problem("a host name or an address, an IPv6 one in brackets");
        }
        List<String> seeds = new ArrayList<>();
        for (Value seed : cluster.at("seeds").items()) {
            String text = seed.text();
            if (!HostAndPort.isOne(text)) {
                seed.problem("host:port");
            }
            seeds.add(text);
        }
        return new WeirSettings.Cluster(
                host,
                (int) cluster.at("port").integer(0, MAX_PORT),
                advertise.isAbsent() ? host : advertise.text(),
                seeds,
                nodeTls(cluster.at("tls")));
    }

    private static WeirSettings.@Nullable NodeTls nodeTls(Value tls) {
        Path certificate = existingFile(tls.at("certificate"));
        Path key = existingFile(tls.at("key"));
        Path ca = existingFile(tls.at("ca"));
        long said = Stream.of("certificate", "key", "ca")
                .filter(name -> !tls.at(name).isAbsent())
                .count();
        if (said != 0 && said != 3) {
            tls.reading().problem(tls.path(), "certificate, key and ca are not all there", "all or none of them");
        }
        return certificate == null || key == null || ca == null ? null : new WeirSettings.NodeTls(certificate, key, ca);
    }

    private static AccessLog accessLog(Value target) {
        if (target.isOff()) {
            return AccessLog.Stream.OFF;
        }
        return switch (target.text()) {
            case "stdout" -> AccessLog.Stream.STDOUT;
            case "stderr" -> AccessLog.Stream.STDERR;
            default -> new AccessLog.ToFile(path(target));
        };
    }

    private static List<String> origins(Value list) {
        List<String> origins = new ArrayList<>();
        for (Value item : list.items()) {
            String origin = item.text();
            if (!origin.equals("*") && !isOrigin(origin)) {
                item.problem("an origin like https://chat.example.com, or *");
            }
            origins.add(origin);
        }
        return origins;
    }

    private static boolean isOrigin(String text) {
        try {
            URI uri = new URI(text);
            return uri.getHost() != null && text.equals(uri.getScheme() + "://" + uri.getAuthority());
        } catch (URISyntaxException e) {
            return false;
        }
    }

    private static @Nullable Integer portOrOff(Value port) {
        return port.isOff() ? null : (Integer) (int) port.integer(0, MAX_PORT);
    }

    private static @Nullable InetSocketAddress proxy(Value proxy) {
        if (proxy.isOff()) {
            return null;
        }
        String text = proxy.text();
        if (HostAndPort.isOne(text)) {
            int colon = text.lastIndexOf(':');
            return InetSocketAddress.createUnresolved(
                    text.substring(0, colon), Integer.parseInt(text.substring(colon + 1)));
        }
        proxy.reading().problem(proxy.path(), "not a host and port", "host:port, without a user, or off");
        return null;
    }

    private static int size(Value value, int min) {
        return (int) value.bytes(min, Integer.MAX_VALUE);
    }

    private static Path path(Value value) {
        try {
            return Path.of(value.text());
        } catch (java.nio.file.InvalidPathException e) {
            value.problem("a path");
            return Path.of("");
        }
    }

    private static @Nullable Path existingFile(Value value) {
        if (value.isAbsent()) {
            return null;
        }
        Path path = path(value);
        if (!Files.isReadable(path) || Files.isDirectory(path)) {
            value.problem("a file that exists and can be read");
        }
        return path;
    }
}
