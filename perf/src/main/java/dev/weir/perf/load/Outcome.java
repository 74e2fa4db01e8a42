package dev.weir.perf.load;

/** How a call ended for its client. */
public enum Outcome {
    /** Whole and right. */
    OK,
    /** No connection. */
    CONNECT,
    /** No end within the time allowed. */
    TIMEOUT,
    /** A status other than 200. */
    STATUS,
    /** The connection or the stream ended before the answer did. */
    TRUNCATED,
    /** A wrong token, a wrong order, a broken message, JSON or event. */
    CORRUPTED,
    /** Usage is absent or disagrees with what was delivered. */
    WRONG_USAGE
}
