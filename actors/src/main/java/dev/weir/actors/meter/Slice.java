package dev.weir.actors.meter;

/**
 * One holder's part of a limit in one generation. The counters only grow, so that a message that comes late, twice or
 * not at all does no harm: merging is taking the larger.
 *
 * @param granted what the holder may use
 * @param returned what it gave back of that
 * @param over what it used beyond
 */
public record Slice(long granted, long returned, long over) {

    static final Slice NONE = new Slice(0, 0, 0);

    public Slice {
        if (returned < 0 || returned > granted) {
            throw new IllegalArgumentException("returned: " + returned + " (expected: 0 to " + granted + ")");
        }
        if (over < 0) {
            throw new IllegalArgumentException("over: " + over + " (expected: >= 0)");
        }
    }

    /** What the holder may use now. */
    long piece() {
        return granted - returned;
    }

    /** What of the limit is committed to the holder. */
    long committed() {
        return piece() + over;
    }
}
