package dev.weir.config;

import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Weir's own settings, a record per component; meaning, unit and default of each are in {@code reference.conf}.
 *
 * @param loops event loops, 0 for one per core
 * @param tls null for plain HTTP
 * @param global what holds for all keys together
 */
public record WeirSettings(
        int loops,
        Server server,
        @Nullable Tls tls,
        Upstream upstream,
        Admission admission,
        Meters meters,
        Shutdown shutdown,
        Storage storage,
        Cors cors,
        Management management,
        AccessLog accessLog,
        Metrics metrics,
        Cluster cluster,
        Limits global,
        List<DeclaredKey> keys) {

    private static final int MAX_PORT = 65_535;

    public WeirSettings {
        keys = List.copyOf(keys);
    }

    /** The defaults, with nothing declared. */
    public static WeirSettings defaults() {
        return SettingsReader.defaults();
    }

    /** The same settings on another address, for {@code --host} and {@code --port}. */
    public WeirSettings withServer(String host, int port) {
        return with(server.at(host, port), storage);
    }

    /** The same settings with another data directory, for {@code --data}. */
    public WeirSettings withData(Path data) {
        return with(server, storage.in(data));
    }

    /** The same settings at another place among the nodes. */
    public WeirSettings withCluster(Cluster other) {
        return new WeirSettings(
                loops,
                server,
                tls,
                upstream,
                admission,
                meters,
                shutdown,
                storage,
                cors,
                management,
                accessLog,
                metrics,
                other,
                global,
                keys);
    }

    WeirSettings withStorage(Storage other) {
        return with(server, other);
    }

    WeirSettings withGlobal(Limits other) {
        return new WeirSettings(
                loops,
                server,
                tls,
                upstream,
                admission,
                meters,
                shutdown,
                storage,
                cors,
                management,
                accessLog,
                metrics,
                cluster,
                other,
                keys);
    }

    WeirSettings withMaxBody(int bytes) {
        return with(server.withMaxBody(bytes), storage);
    }

    private WeirSettings with(Server otherServer, Storage otherStorage) {
        return new WeirSettings(
                loops,
                otherServer,
                tls,
                upstream,
                admission,
                meters,
                shutdown,
                otherStorage,
                cors,
                management,
                accessLog,
                metrics,
                cluster,
                global,
                keys);
    }

    /**
     * The door for clients.
     *
     * @param keepAliveComments the gap between comments on a silent stream; null for none
     * @param keepAliveBeforeContent whether a comment may be what a client gets first
     */
    public record Server(
            String host,
            int port,
            int maxBody,
            int maxJsonDepth,
            int maxHeaderBytes,
            int maxHeaders,
            Duration headTimeout,
            Duration bodyTimeout,
            Duration idleTimeout,
            @Nullable Duration keepAliveComments,
            boolean keepAliveBeforeContent) {

        public Server {
            if (port < 0 || port > MAX_PORT) {
                throw new IllegalArgumentException("weir.server.port: " + port + " (expected: 0 to " + MAX_PORT + ")");
            }
        }

        Server at(String otherHost, int otherPort) {
            return new Server(
                    otherHost,
                    otherPort,
                    maxBody,
                    maxJsonDepth,
                    maxHeaderBytes,
                    maxHeaders,
                    headTimeout,
                    bodyTimeout,
                    idleTimeout,
                    keepAliveComments,
                    keepAliveBeforeContent);
        }

        Server withMaxBody(int bytes) {
            return new Server(
                    host,
                    port,
                    bytes,
                    maxJsonDepth,
                    maxHeaderBytes,
                    maxHeaders,
                    headTimeout,
                    bodyTimeout,
                    idleTimeout,
                    keepAliveComments,
                    keepAliveBeforeContent);
        }
    }

    /** The certificate chain and private key towards clients, PEM files that exist. */
    public record Tls(Path certificate, Path key) {}

    /**
     * The way to providers.
     *
     * @param totalTimeout the whole call; null for no bound
     * @param proxy an HTTP proxy, not resolved; null for none
     * @param ca certificates trusted besides the JDK's, a PEM file; null for none
     */
    public record Upstream(
            int maxConnections,
            int maxQueue,
            Duration queueTimeout,
            Duration connectTimeout,
            Duration keepAlive,
            Duration firstContentTimeout,
            Duration idleTimeout,
            @Nullable Duration totalTimeout,
            int maxResponse,
            int maxEvent,
            @Nullable InetSocketAddress proxy,
            @Nullable Path ca,
            boolean attemptHeader) {}

    /** Waiting for a meter's answer. */
    public record Admission(Duration timeout) {}

    /**
     * Meters: what is held without better knowledge, and how long a quiet one stays in memory.
     *
     * @param overage how far a call that runs may go beyond a limit, in percent of it; 0 where it is cut at the limit
     * @param endUsers how many end users, whom a key or an account limits one by one, may be in their windows
     */
    public record Meters(
            long defaultOutput,
            Reservation reservation,
            OnExhausted onExhausted,
            int overage,
            Unpriced unpriced,
            Duration passivateAfter,
            int endUsers) {}

    /** What a stream holds before it begins. */
    public enum Reservation {
        /** What its model's streams usually come to; more is held as it goes on. */
        EXPECTED,
        /** The most that it may come to. */
        MAX
    }

    /** What happens to a stream for which a limit has no more. */
    public enum OnExhausted {
        /** It goes on, as far as the overage. */
        FINISH,
        /** It ends there, with an error. */
        CUT
    }

    /** What happens to a call of a model without a price. */
    public enum Unpriced {
        /** {@link #REJECT} where a budget is in the chain, else {@link #ALLOW_AND_FLAG}. */
        AUTO,
        REJECT,
        ALLOW_AND_FLAG
    }

    /**
     * The way out.
     *
     * @param notice how long calls are still taken after the node has said that it is not ready, where there are others
     * @param deadline how long running calls get to end
     */
    public record Shutdown(Duration notice, Duration deadline) {}

    /**
     * The store and the attempt journal.
     *
     * @param data the directory of the journal, and of the embedded store
     * @param database a PostgreSQL in place of the embedded store; null for none
     * @param retention how long rows of the ledger are kept; null for ever
     */
    public record Storage(
            Path data,
            long journalBytes,
            @Nullable DatabaseUrl database,
            @Nullable Duration retention) {

        Storage in(Path directory) {
            return new Storage(directory, journalBytes, database, retention);
        }

        Storage at(DatabaseUrl other) {
            return new Storage(data, journalBytes, other, retention);
        }

        Storage keeping(Duration time) {
            return new Storage(data, journalBytes, database, time);
        }
    }

    /** The origins whose pages may call, {@code *} for all. */
    public record Cors(List<String> allowedOrigins) {
        public Cors {
            allowedOrigins = List.copyOf(allowedOrigins);
        }
    }

    /**
     * A port of its own for health and metrics.
     *
     * @param port null where they share the server's
     * @param tls null for plain HTTP
     */
    public record Management(
            @Nullable Integer port, String host, @Nullable Tls tls) {}

    /** Whether there are metrics. */
    public record Metrics(boolean enabled) {}

    /**
     * Nodes among themselves.
     *
     * @param advertise by what name others reach this one
     * @param seeds where others may be met, as {@code host:port}
     * @param tls null for plain TCP
     */
    public record Cluster(
            String host,
            int port,
            String advertise,
            List<String> seeds,
            @Nullable NodeTls tls) {

        public Cluster {
            seeds = List.copyOf(seeds);
        }

        /** For {@code --cluster-host}, {@code --cluster-port} and {@code --seed}; null and empty change nothing. */
        public Cluster at(@Nullable String otherHost, @Nullable Integer otherPort, List<String> otherSeeds) {
            return new Cluster(
                    otherHost == null ? host : otherHost,
                    otherPort == null ? port : otherPort,
                    otherHost == null || !advertise.equals(host) ? advertise : otherHost,
                    otherSeeds.isEmpty() ? seeds : otherSeeds,
                    tls);
        }
    }

    /** The certificate chain and key of a node, and who signs those of all, PEM files that exist. */
    public record NodeTls(Path certificate, Path key, Path ca) {}
}
