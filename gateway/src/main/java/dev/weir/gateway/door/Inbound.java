package dev.weir.gateway.door;

import dev.weir.streams.transport.ClientConnection;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import org.apache.pekko.http.javadsl.model.HttpHeader;
import org.apache.pekko.http.javadsl.model.HttpRequest;
import org.jspecify.annotations.Nullable;

/**
 * A request that has come in.
 *
 * @param path of the URI, rendered once
 * @param requestId the client's label for it, or one of ours; never an identity
 * @param dispatcher of the connection's loop
 */
public record Inbound(
        HttpRequest request,
        String path,
        ClientConnection connection,
        String dispatcher,
        String requestId,
        long startedMillis,
        long startedNanos) {

    private static final int LONGEST_LABEL = 128;

    static Inbound of(HttpRequest request, ClientConnection connection, String dispatcher) {
        String label = label(request);
        return new Inbound(
                request,
                request.getUri().path(),
                connection,
                dispatcher,
                label == null ? made() : label,
                System.currentTimeMillis(),
                System.nanoTime());
    }

    private static @Nullable String label(HttpRequest request) {
        for (HttpHeader header : request.getHeaders()) {
            String name = header.lowercaseName();
            if (name.equals("x-request-id") || name.equals("x-litellm-call-id")) {
                String value = header.value();
                return isPlain(value) ? value : null;
            }
        }
        return null;
    }

    private static boolean isPlain(String value) {
        return !value.isEmpty()
                && value.length() <= LONGEST_LABEL
                && value.chars().allMatch(c -> c > ' ' && c < 0x7f && c != '"' && c != '\\');
    }

    /** Begins with the time, so that the ledger's index of names grows at its end and not everywhere at once. */
    private static String made() {
        long random = ThreadLocalRandom.current().nextLong();
        return "req_" + Long.toHexString(System.currentTimeMillis()) + Long.toHexString(random | Long.MIN_VALUE);
    }

    /** The path as logs show it. */
    public String shownPath() {
        return Redaction.of(path);
    }

    public String method() {
        return request.method().name();
    }

    /**
     * A header's value.
     *
     * @param name in lower case
     */
    public Optional<String> header(String name) {
        for (HttpHeader header : request.getHeaders()) {
            if (header.lowercaseName().equals(name)) {
                return Optional.of(header.value());
            }
        }
        return Optional.empty();
    }

    public Optional<String> query(String name) {
        return request.getUri().query().get(name);
    }
}
