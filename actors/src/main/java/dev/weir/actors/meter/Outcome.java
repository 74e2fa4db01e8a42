package dev.weir.actors.meter;

import java.util.Locale;

/** How an attempt ended: exactly one per attempt, whatever happened. */
public enum Outcome {
    /** The upstream's answer reached its own end. */
    COMPLETED,
    /** The client left first. */
    CLIENT_CANCELLED,
    /** The upstream refused or broke. One that could not be reached at all was not attempted: no byte left. */
    UPSTREAM_FAILED,
    /** A deadline of ours ended it. */
    TIMED_OUT,
    /** The node was shutting down and its deadline ended it. */
    DRAINED,
    /** A limit had nothing left for the rest of it. */
    CUT,
    /** The node died; what was held is charged. */
    LOST;

    /** The name that rows, logs and metrics carry. */
    public String label() {
        return name().toLowerCase(Locale.ROOT);
    }
}
