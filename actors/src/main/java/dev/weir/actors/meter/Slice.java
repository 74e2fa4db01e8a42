package dev.weir.actors.meter;

/**
 * One holder's part of a limit in one generation. The counters only grow, so that a message that comes late, twice or
 * not at all does no harm: merging is taking the larger.
 *
 * @param granted what the holder may use
 * @param returned what it gave back, of that and of what it was let go beyond
 * @param over what it used beyond, or was let
 */
public record Slice(long granted, long returned, long over) {

    static final Slice NONE = new Slice(0, 0, 0);

    public Slice {
        if (over < 0) {
            throw new IllegalArgumentException("over: " + over + " (expected: >= 0)");
        }
        if (returned < 0 || returned > granted + over) {
            throw new IllegalArgumentException("returned: " + returned + " (expected: 0 to " + (granted + over) + ")");
        }
    }

    /** What the holder may use now; negative where more was given back, of what it was let go beyond. */
    long piece() {
        return granted - returned;
    }

    /** What the holder used beyond, without what it gave back of that. */
    long beyond() {
        return over + Math.min(0, piece());
    }

    /** What of the limit is committed to the holder. */
    long committed() {
        return piece() + over;
    }
}
