package dev.weir.config;

import java.net.URI;
import java.net.URISyntaxException;

/** An address like {@code db.example.com:5432}. */
public final class HostAndPort {

    private static final int MAX_PORT = 65_535;

    private HostAndPort() {}

    public static boolean isOne(String text) {
        try {
            URI uri = new URI("http://" + text);
            return text.equals(uri.getHost() + ":" + uri.getPort()) && uri.getPort() >= 0 && uri.getPort() <= MAX_PORT;
        } catch (URISyntaxException e) {
            return false;
        }
    }
}
