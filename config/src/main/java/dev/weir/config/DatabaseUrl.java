package dev.weir.config;

import java.net.URI;
import java.net.URISyntaxException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Where a PostgreSQL database is: {@code postgresql://user[:password]@host[:port]/db[?sslmode=]}, what is special in it
 * percent-encoded.
 *
 * @param sslMode the driver's word for how much TLS is asked for; null leaves it to the driver
 */
public record DatabaseUrl(
        String host,
        int port,
        String database,
        String user,
        @Nullable Secret password,
        @Nullable String sslMode) {

    private static final int USUAL_PORT = 5432;
    private static final Set<String> SCHEMES = Set.of("postgresql", "postgres");
    private static final Set<String> SSL_MODES =
            Set.of("disable", "allow", "prefer", "require", "verify-ca", "verify-full");

    /** What an error may show of a text that has a password in it. */
    public static final String EXPECTED = "postgresql://user[:password]@host[:port]/db[?sslmode=require]";

    /** @throws IllegalArgumentException which shows nothing of {@code text} */
    public static DatabaseUrl parse(String text) {
        URI uri;
        try {
            uri = new URI(text);
        } catch (URISyntaxException malformed) {
            throw new IllegalArgumentException("not a URL");
        }
        String userInfo = uri.getRawUserInfo();
        String path = uri.getRawPath();
        if (uri.getScheme() == null || !SCHEMES.contains(uri.getScheme())) {
            throw new IllegalArgumentException("not a URL that begins with postgresql://");
        }
        if (uri.getHost() == null || userInfo == null || path == null || path.length() < 2) {
            throw new IllegalArgumentException("a URL without user, host or database");
        }
        int colon = userInfo.indexOf(':');
        String password = colon < 0 ? "" : decoded(userInfo.substring(colon + 1));
        return new DatabaseUrl(
                uri.getHost(),
                uri.getPort() < 0 ? USUAL_PORT : uri.getPort(),
                decoded(path.substring(1)),
                decoded(colon < 0 ? userInfo : userInfo.substring(0, colon)),
                password.isBlank() ? null : new Secret(password),
                sslMode(uri.getRawQuery()));
    }

    private static @Nullable String sslMode(@Nullable String query) {
        String mode = null;
        for (String parameter : query == null ? new String[0] : query.split("&")) {
            if (!parameter.startsWith("sslmode=") || !SSL_MODES.contains(parameter.substring("sslmode=".length()))) {
                throw new IllegalArgumentException("a URL with a parameter that is none of sslmode=" + SSL_MODES);
            }
            mode = parameter.substring("sslmode=".length());
        }
        return mode;
    }

    private static String decoded(String text) {
        return URLDecoder.decode(text.replace("+", "%2B"), StandardCharsets.UTF_8);
    }

    /** At {@code value}, or null and a problem; neither text nor problem shows it. */
    static @Nullable DatabaseUrl read(Value value) {
        Secret secret = Credentials.read(value);
        if (secret == null) {
            return null;
        }
        try {
            return parse(secret.reveal());
        } catch (IllegalArgumentException malformed) {
            value.reading().problem(value.path(), "(hidden)", EXPECTED);
            return null;
        }
    }

    /** Without the password. */
    @Override
    public String toString() {
        return "postgresql://" + user + "@" + host + ":" + port + "/" + database;
    }
}
