package dev.weir.perf.load;

/** How a call ended for its client. */
public enum Outcome {
    /** Whole and right. */
    OK,
    /** Its client left in the middle, as it was told to. */
    LEFT,
    /** Answered with 429 or 503: a failure, unless the scenario asks for more than there is. */
    REFUSED,
    /** No connection. */
    CONNECT,
    /** No end within the time allowed. */
    TIMEOUT,
    /** Another status than these and 200. */
    STATUS,
    /** The connection or the stream ended before the answer did. */
    TRUNCATED,
    /** A wrong token, a wrong order, a broken message, JSON or event. */
    CORRUPTED,
    /** Usage is absent or disagrees with what was delivered. */
    WRONG_USAGE
}
