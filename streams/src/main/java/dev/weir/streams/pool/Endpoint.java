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
        boolean plain = base.getRawQuery() == null && base.getRawFragment() == null && base.getRawUserInfo() == null;
        boolean reachable = base.getPort() != 0 && base.getPort() <= 65_535;
        if (host == null || (!tls && !scheme.equals("http")) || !plain || !reachable) {
            throw new IllegalArgumentException(
                    "api_base: " + withoutUser(base) + " (expected: http(s)://host[:port][/path])");
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

    /** A password in an address does not belong into a message. */
    private static String withoutUser(URI base) {
        String text = base.toString();
        return base.getRawUserInfo() == null ? text : text.replace(base.getRawUserInfo() + "@", "");
    }

    /** The value of a {@code Host} header. */
    public String authority() {
        String name = host.indexOf(':') >= 0 ? "[" + host + "]" : host;
        return port == (tls ? 443 : 80) ? name : name + ":" + port;
    }
}
