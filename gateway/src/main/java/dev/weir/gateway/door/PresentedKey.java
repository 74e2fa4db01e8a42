package dev.weir.gateway.door;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import org.apache.pekko.http.javadsl.model.HttpHeader;
import org.apache.pekko.http.javadsl.model.HttpRequest;
import org.jspecify.annotations.Nullable;

/** The key that a client shows, and the hash by which everything behind the door knows it. */
public final class PresentedKey {

    private static final String BEARER = "bearer ";
    private static final int LONGEST = 1_024;

    private PresentedKey() {}

    /** The hash of the key in {@code Authorization}, {@code api-key}, {@code x-api-key} or {@code x-goog-api-key}; null when there is none. */
    public static @Nullable String hash(HttpRequest request) {
        String other = null;
        for (HttpHeader header : request.getHeaders()) {
            String name = header.lowercaseName();
            if (name.equals("authorization")) {
                String value = header.value();
                if (value.regionMatches(true, 0, BEARER, 0, BEARER.length())) {
                    return hashOrNull(value.substring(BEARER.length()).trim());
                }
            } else if (name.equals("api-key") || name.equals("x-api-key") || name.equals("x-goog-api-key")) {
                other = header.value().trim();
            }
        }
        return other == null ? null : hashOrNull(other);
    }

    private static @Nullable String hashOrNull(String key) {
        return key.isEmpty() || key.length() > LONGEST ? null : hash(key);
    }

    /** SHA-256 in hex. */
    public static String hash(String key) {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(key.getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(digest);
        } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException("every JDK has SHA-256", impossible);
        }
    }
}
