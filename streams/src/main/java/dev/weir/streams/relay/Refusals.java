package dev.weir.streams.relay;

import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;

/** Tells from a provider's status whose fault a refusal is. */
final class Refusals {

    private static final int LONGEST_WAIT = 24 * 3600;

    private Refusals() {}

    static Failure classify(int status, HttpHeaders headers) {
        Failure.Kind kind = switch (status) {
            case 401, 403 -> Failure.Kind.UPSTREAM_AUTH;
            case 429 -> Failure.Kind.UPSTREAM_LIMIT;
            case 408 -> Failure.Kind.UPSTREAM_ERROR;
            default -> status >= 500 ? Failure.Kind.UPSTREAM_ERROR : Failure.Kind.UPSTREAM_REFUSED;
        };
        return new Failure(kind, "the provider answered " + status, retryAfter(headers));
    }

    /** Seconds only: a date would need both clocks to agree. */
    private static int retryAfter(HttpHeaders headers) {
        String value = headers.get(HttpHeaderNames.RETRY_AFTER);
        if (value == null || value.isEmpty() || value.length() > 6) {
            return 0;
        }
        for (int i = 0; i < value.length(); i++) {
            if (value.charAt(i) < '0' || value.charAt(i) > '9') {
                return 0;
            }
        }
        return Math.min(Integer.parseInt(value), LONGEST_WAIT);
    }
}
