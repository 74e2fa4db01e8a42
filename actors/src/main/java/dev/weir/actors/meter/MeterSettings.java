package dev.weir.actors.meter;

import java.time.Duration;
import java.time.ZoneId;

/**
 * What all meters of a node have in common.
 *
 * @param host the node's incarnation
 * @param zone in which days, weeks and months end
 * @param unpriced what a money limit does with a call whose price is not known
 * @param idle after how long without a message and without open holds a meter leaves the memory
 */
public record MeterSettings(long host, ZoneId zone, Unpriced unpriced, Duration idle) {

    /** The policy for calls without a price, where there is a money limit. */
    public enum Unpriced {
        /** Refuse them. */
        REJECT,
        /** Let them pass; they count nothing against money limits. */
        ALLOW
    }

    public MeterSettings {
        if (idle.isNegative() || idle.isZero()) {
            throw new IllegalArgumentException("idle: " + idle + " (expected: > 0)");
        }
    }

    /**
     * Whether the door that made a hold can still settle it. A node alone is the only door there is: those of former
     * starts are gone, and what they held stays charged.
     */
    boolean isDoorAlive(HoldId hold) {
        return hold.incarnation() == host;
    }
}
