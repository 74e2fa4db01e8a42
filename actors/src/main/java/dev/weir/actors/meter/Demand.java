package dev.weir.actors.meter;

/** How fast a slice is used, and so how much more of it is worth reserving ahead. */
final class Demand {

    private static final double WINDOW_MILLIS = 10_000;
    private static final int NEEDS_AHEAD = 8;
    private static final int SECONDS_AHEAD = 3;

    private final int mostAhead;
    private long lastNeed;
    private double perSecond;
    private long at;

    /** @param mostAhead one of so many parts of a limit, so that a node that dies takes little of it along */
    Demand(int mostAhead) {
        this.mostAhead = mostAhead;
    }

    void asked(long need) {
        lastNeed = need;
    }

    void used(long need, long now) {
        perSecond = perSecond(now) + need * (1000 / WINDOW_MILLIS);
        at = now;
    }

    private double perSecond(long now) {
        return perSecond == 0 || now <= at ? perSecond : perSecond * Math.exp(-(double) (now - at) / WINDOW_MILLIS);
    }

    /** Eight needs, or three seconds of use if that is more; a part of the limit at most, but one need. */
    long ahead(long cap, long now) {
        long byNeed = lastNeed > Long.MAX_VALUE / NEEDS_AHEAD ? Long.MAX_VALUE : lastNeed * NEEDS_AHEAD;
        long wanted = Math.max(byNeed, (long) Math.min((double) Long.MAX_VALUE, SECONDS_AHEAD * perSecond(now)));
        return Math.min(wanted, Math.max(lastNeed, cap / mostAhead));
    }

    /** Of {@code free}, never more than half. */
    long ahead(long cap, long free, long now) {
        return Math.min(free / 2, ahead(cap, now));
    }

    /** Whether so little is left of what was reserved ahead that more should be: less than a quarter. */
    boolean isLow(long headroom, long cap, long free, long now) {
        return headroom < Math.ceilDiv(ahead(cap, free, now), 4);
    }
}
