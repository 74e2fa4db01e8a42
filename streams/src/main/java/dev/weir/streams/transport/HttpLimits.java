package dev.weir.streams.transport;

import java.time.Duration;

/**
 * What a client may cost before it is known.
 *
 * @param headerBytes of a request line and its headers together
 * @param headers how many header lines
 * @param headTimeout from a request's first byte to the end of its headers
 * @param idleTimeout of a connection on which no call runs and no byte moves
 */
public record HttpLimits(int headerBytes, int headers, Duration headTimeout, Duration idleTimeout) {

    public HttpLimits {
        if (headerBytes < 256 || headers < 1) {
            throw new IllegalArgumentException("max_header_bytes: " + headerBytes + " (expected: >= 256), max_headers: "
                    + headers + " (expected: >= 1)");
        }
    }
}
