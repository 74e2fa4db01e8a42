package dev.weir.streams.pool;

import java.net.URI;
import java.util.Locale;

/**
 * Where a deployment answers.
 *
 * @param basePath what stands before an API's own path; no slash at its end
 */
public record Endpoint(String host, int port, boolean tls, String basePath) {

    /** @throws IllegalArgumentException for anything but an absolute http or https address with a host */
    public static Endpoint of(URI base) {
        String scheme = base.getScheme() == null ? "" : base.getScheme().toLowerCase(Locale.ROOT);
        boolean tls = scheme.equals("https");
        String host = base.getHost();
        if (host == null || (!tls && !scheme.equals("http")) || base.getRawQuery() != null) {
            throw new IllegalArgumentException("api_base: " + base + " (expected: http(s)://host[:port][/path])");
        }
        if (host.startsWith("[")) {
            host = host.substring(1, host.length() - 1);
        }
        String path = base.getRawPath() == null ? "" : base.getRawPath();
        while (path.endsWith("/")) {
            path = path.substring(0, path.length() - 1);
        }
        int port = base.getPort() >= 0 ? base.getPort() : tls ? 443 : 80;
        return new Endpoint(host, port, tls, path);
    }

    /** The value of a {@code Host} header. */
    public String authority() {
        String name = host.indexOf(':') >= 0 ? "[" + host + "]" : host;
        return port == (tls ? 443 : 80) ? name : name + ":" + port;
    }
}
