package dev.weir.streams.pool;

import java.net.InetSocketAddress;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * The bounds of one deployment's connections.
 *
 * @param maxConnections open at once, over all loops
 * @param maxQueue calls that may wait for one
 * @param queueTimeout how long each may
 * @param connectTimeout for the whole way to a usable connection: name, TCP, proxy and TLS
 * @param keepAlive how long an unused connection is trusted; shorter than what upstreams keep theirs
 * @param proxy an HTTP proxy to reach the upstream through, by CONNECT
 */
public record PoolSettings(
        int maxConnections,
        int maxQueue,
        Duration queueTimeout,
        Duration connectTimeout,
        Duration keepAlive,
        @Nullable InetSocketAddress proxy) {

    public PoolSettings {
        if (maxConnections < 1 || maxQueue < 0) {
            throw new IllegalArgumentException("max_connections: " + maxConnections + " (expected: >= 1), max_queue: "
                    + maxQueue + " (expected: >= 0)");
        }
    }
}
