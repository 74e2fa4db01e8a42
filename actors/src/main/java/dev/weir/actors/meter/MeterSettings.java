package dev.weir.actors.meter;

import java.time.Duration;
import java.time.ZoneId;
import java.util.function.LongPredicate;

/**
 * What all meters of a node have in common.
 *
 * @param host the node's incarnation
 * @param zone in which days, weeks and months end
 * @param unpriced what a money limit does with a call whose price is not known
 * @param idle after how long without a message and without open holds a meter leaves the memory
 * @param overage how far calls that already run may go beyond a limit, in thousandths of it; 0 cuts them at the limit
 * @param endUsers how many of a group may be in their windows
 * @param atWork whether the node of an incarnation may still be at work
 */
public record MeterSettings(
        long host, ZoneId zone, Unpriced unpriced, Duration idle, int overage, int endUsers, LongPredicate atWork) {

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

    /** Of a node alone: those of former starts are gone. */
    public MeterSettings(long host, ZoneId zone, Unpriced unpriced, Duration idle, int overage, int endUsers) {
        this(host, zone, unpriced, idle, overage, endUsers, incarnation -> incarnation == host);
    }

    /** How far beyond {@code cap} a call that already runs may take a limit. */
    long overage(long cap) {
        return cap / 1000 * overage + cap % 1000 * overage / 1000;
    }

    /** Whether the door that made a hold can still settle it; what others held stays charged. */
    boolean isDoorAlive(HoldId hold) {
        return atWork.test(hold.incarnation());
    }

    /** The same for what a node holds of accounts. What is no node's is not asked about. */
    boolean isHolderAlive(String holder) {
        return !LimitState.isNode(holder) || atWork.test(LimitState.incarnation(holder));
    }
}
