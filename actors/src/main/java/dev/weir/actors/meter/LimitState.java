package dev.weir.actors.meter;

import java.time.ZoneId;
import java.util.HashMap;
import java.util.Map;

/**
 * What the store knows of one limit: a window and what of it is committed to whom.
 *
 * @param gen counts windows, never decreases; 0 is before the first
 * @param start of the window, in epoch milliseconds
 * @param end of the window, in epoch milliseconds; {@link Long#MAX_VALUE} is never
 * @param carried debt of former windows
 * @param base what holders that are gone were charged
 * @param slices by holder
 */
public record LimitState(
        LimitId id, long gen, long start, long end, long carried, long base, Map<String, Slice> slices) {

    /** The holder that is the meter itself. */
    public static final String SELF = "self";

    public LimitState {
        slices = Map.copyOf(slices);
        if (gen < 0 || carried < 0 || base < 0) {
            throw new IllegalArgumentException(
                    id + ": gen " + gen + ", carried " + carried + ", base " + base + " (expected: each >= 0)");
        }
    }

    /** A limit that nobody has used: its window opens with the first need. */
    static LimitState unopened(LimitId id) {
        return new LimitState(id, 0, 0, 0, 0, 0, Map.of());
    }

    /** A limit without windows, of which {@code base} is used already. */
    static LimitState forEver(LimitId id, long now, long base) {
        return new LimitState(id, 1, now, LimitRule.NEVER, 0, base, Map.of());
    }

    /** Whether the window is open. A clock that stepped back before its start changes nothing: windows never go back. */
    boolean isOpen(long now) {
        return now < end;
    }

    /** {@code carried + base + sum(granted - returned + over)}: never above the limit, save for overage. */
    public long committed() {
        long sum = carried + base;
        for (Slice slice : slices.values()) {
            sum += slice.committed();
        }
        return sum;
    }

    /** What is committed to others than the meter itself. */
    long committedElsewhere() {
        return committed() - self().committed();
    }

    Slice self() {
        return slices.getOrDefault(SELF, Slice.NONE);
    }

    LimitState withSelf(Slice slice) {
        Map<String, Slice> next = new HashMap<>(slices);
        next.put(SELF, slice);
        return new LimitState(id, gen, start, end, carried, base, next);
    }

    LimitState raised(long amount) {
        Slice self = self();
        return withSelf(new Slice(self.granted() + amount, self.returned(), self.over()));
    }

    LimitState lowered(long amount) {
        Slice self = self();
        return withSelf(new Slice(self.granted(), self.returned() + amount, self.over()));
    }

    LimitState withOver(long over) {
        Slice self = self();
        return self.over() == over ? this : withSelf(new Slice(self.granted(), self.returned(), over));
    }

    /** The meter's own slice cut to what is used of it. */
    LimitState exact(long used) {
        return lowered(self().piece() - used);
    }

    /** After an unclean end: the whole piece counts as used. The over stays over, or a debt would be forgiven. */
    LimitState folded() {
        Slice self = self();
        return new LimitState(id, gen, start, end, carried, base + self.piece(), slices)
                .withSelf(new Slice(0, 0, self.over()));
    }

    /** The next generation, opened now. Old pieces die with theirs; a debt above the limit is carried. */
    LimitState rolled(LimitRule rule, long now, ZoneId zone) {
        long over = carried;
        for (Slice slice : slices.values()) {
            over += slice.over();
        }
        long owed = Math.min(over, Math.max(0, committed() - rule.cap()));
        long left = rule.owedAfterSkipped(owed, end, now, zone);
        return new LimitState(id, gen + 1, now, rule.windowEnd(now, zone), left, 0, Map.of());
    }
}
