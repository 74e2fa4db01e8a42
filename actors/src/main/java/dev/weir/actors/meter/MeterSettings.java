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
 * @param overage how far calls that already run may go beyond a limit, in thousandths of it; 0 cuts them at the limit
 * @param endUsers how many of a group may be in their windows
 * @param nodes that there are
 */
public record MeterSettings(
        long host, ZoneId zone, Unpriced unpriced, Duration idle, int overage, int endUsers, Nodes nodes) {

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

    /** How far beyond {@code cap} a call that already runs may take a limit. */
    long overage(long cap) {
        return cap / 1000 * overage + cap % 1000 * overage / 1000;
    }

    /** Whether the door that made a hold can still settle it; what others held stays charged. */
    boolean isDoorAlive(HoldId hold) {
        return !nodes.isGone(hold.incarnation());
    }

    /** A limit of which nodes that are gone have nothing: what they had is used, and their slots are free. */
    LimitState withoutGone(LimitState limit) {
        LimitState next = limit;
        for (String holder : limit.slices().keySet()) {
            if (LimitState.isNode(holder)
                    && isOver(LimitState.incarnation(holder), limit.id().kind())) {
                next = next.folded(holder);
            }
        }
        return next;
    }

    /** The slots of a node may be those of calls that other nodes' doors have: they are asked first. */
    private boolean isOver(long incarnation, LimitId.Kind kind) {
        return kind == LimitId.Kind.SLOTS ? nodes.isReleased(incarnation) : nodes.isGone(incarnation);
    }
}
