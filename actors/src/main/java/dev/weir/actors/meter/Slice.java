package dev.weir.actors.meter;

/**
 * One holder's part of a limit in one generation. The counters only grow, so that a message that comes late, twice or
 * not at all does no harm: merging is taking the larger.
 *
 * @param granted what the holder may use
 * @param returned what it gave back, of that and of what it was let go beyond
 * @param over what it used beyond, or was let
 * @param in what came to it from other holders, with the calls that hold it
 * @param out what went to other holders
 */
public record Slice(long granted, long returned, long over, long in, long out) {

    static final Slice NONE = new Slice(0, 0, 0);

    public Slice {
        if (over < 0 || in < 0 || out < 0) {
            throw new IllegalArgumentException(
                    "over " + over + ", in " + in + ", out " + out + " (expected: each >= 0)");
        }
        if (returned < 0 || returned > granted + in + over) {
            throw new IllegalArgumentException(
                    "returned: " + returned + " (expected: 0 to " + (granted + in + over) + ")");
        }
    }

    public Slice(long granted, long returned, long over) {
        this(granted, returned, over, 0, 0);
    }

    Slice granting(long more) {
        return new Slice(granted + more, returned, over, in, out);
    }

    Slice returning(long total) {
        return new Slice(granted, total, over, in, out);
    }

    Slice going(long totalBeyond) {
        return new Slice(granted, returned, totalBeyond, in, out);
    }

    Slice taking(long more) {
        return new Slice(granted, returned, over, in + more, out);
    }

    Slice giving(long more) {
        return new Slice(granted, returned, over, in, out + more);
    }

    /**
     * What the holder may use now; negative where more was given back, of what it was let go beyond, or went to others before it
     * was known to have come.
     */
    long piece() {
        return granted + in - returned - out;
    }

    /** What the holder used beyond, without what it gave back of that. */
    long beyond() {
        return over + Math.min(0, granted + in - returned);
    }

    /** What of the limit is committed to the holder. */
    long committed() {
        return piece() + over;
    }
}
