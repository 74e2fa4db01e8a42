package dev.weir.streams.pool;

/**
 * Why an exchange gave no whole answer.
 *
 * @param detail for the log; never sent to a client
 */
public record UpstreamFailure(Kind kind, String detail) {

    /** What happened. */
    public enum Kind {
        /** Every connection is in use and the queue is full. */
        QUEUE_FULL,
        /** No connection came free in time. */
        QUEUE_TIMEOUT,
        /** No connection could be made: refused, unroutable, name or TLS not accepted. */
        UNREACHABLE,
        /** The connection ended before the answer's headers. */
        BROKE_BEFORE_ANSWER,
        /** The connection ended inside the answer's body. */
        BROKE_IN_ANSWER,
        /** What came is not HTTP/1.1. */
        MALFORMED,
        /** The pool is closing. */
        CLOSING
    }
}
