package dev.weir.streams.mock;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * How a mock upstream is started.
 *
 * @param host the address to bind, a loopback one unless you know better
 * @param port 0 for any that is free
 * @param loops event loops, and with them threads
 * @param script what a model name that says nothing does
 * @param keeping what the witness remembers of single requests
 * @param tls certificate and key when it speaks TLS
 */
public record MockSettings(
        String host,
        int port,
        int loops,
        Script script,
        Keeping keeping,
        @Nullable Tls tls) {
    public MockSettings {
        if (port < 0 || port > 65_535) {
            throw new IllegalArgumentException("port: " + port + " (expected: 0 to 65535)");
        }
        if (loops < 1) {
            throw new IllegalArgumentException("loops: " + loops + " (expected: >= 1)");
        }
    }

    /**
     * What is kept of single requests; the sums count all of them.
     *
     * @param sightings how many, the newest ones
     * @param headers whether with their headers
     * @param bodies whether with their bodies
     */
    public record Keeping(int sightings, boolean headers, boolean bodies) {
        public Keeping {
            if (sightings < 0) {
                throw new IllegalArgumentException("sightings: " + sightings + " (expected: >= 0)");
            }
        }
    }

    /** PEM files of a certificate chain and its PKCS#8 key. */
    public record Tls(Path certificate, Path key) {}

    /** For tests: any free loopback port, one loop, immediate answers, the last 10,000 requests with headers and bodies. */
    public static MockSettings forTests() {
        return new MockSettings("127.0.0.1", 0, 1, Script.plain(), new Keeping(10_000, true, true), null);
    }

    public MockSettings withPort(int other) {
        return new MockSettings(host, other, loops, script, keeping, tls);
    }

    public MockSettings withLoops(int other) {
        return new MockSettings(host, port, other, script, keeping, tls);
    }

    /** Other defaults, in the grammar of {@link Script}: {@code latency=60ms;tokens=5}. */
    public MockSettings withScript(String items) {
        return new MockSettings(host, port, loops, Script.of(items, script), keeping, tls);
    }

    public MockSettings withKeeping(Keeping other) {
        return new MockSettings(host, port, loops, script, other, tls);
    }

    public MockSettings withTls(Path certificate, Path key) {
        return new MockSettings(host, port, loops, script, keeping, new Tls(certificate, key));
    }
}
