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
 * @param former what each holder was known to have used beyond its slice in the generation before
 */
public record LimitState(
        LimitId id,
        long gen,
        long start,
        long end,
        long carried,
        long base,
        Map<String, Slice> slices,
        Map<String, Long> former) {

    /** The holder that is the meter itself. */
    public static final String SELF = "self";

    /** Where the overs of holders that are gone are kept together. */
    private static final String GONE = "gone";

    private static final String NODE = "n";

    /** The holder that is a node. */
    public static String holder(long incarnation) {
        return NODE + incarnation;
    }

    static boolean isNode(String holder) {
        return holder.startsWith(NODE);
    }

    static long incarnation(String holder) {
        return Long.parseLong(holder, NODE.length(), holder.length(), 10);
    }

    public LimitState {
        slices = Map.copyOf(slices);
        former = Map.copyOf(former);
        if (gen < 0 || carried < 0 || base < 0) {
            throw new IllegalArgumentException(
                    id + ": gen " + gen + ", carried " + carried + ", base " + base + " (expected: each >= 0)");
        }
    }

    /** A limit that nobody has used: its window opens with the first need. */
    static LimitState unopened(LimitId id) {
        return new LimitState(id, 0, 0, 0, 0, 0, Map.of(), Map.of());
    }

    /** A limit without windows, of which {@code base} is used already. */
    static LimitState forEver(LimitId id, long now, long base) {
        return new LimitState(id, 1, now, LimitRule.NEVER, 0, base, Map.of(), Map.of());
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
        return of(SELF);
    }

    Slice of(String holder) {
        return slices.getOrDefault(holder, Slice.NONE);
    }

    LimitState with(String holder, Slice slice) {
        Map<String, Slice> next = new HashMap<>(slices);
        next.put(holder, slice);
        return new LimitState(id, gen, start, end, carried, base, next, former);
    }

    LimitState withFormer(String holder, long over) {
        Map<String, Long> next = new HashMap<>(former);
        next.put(holder, over);
        return new LimitState(id, gen, start, end, carried, base, slices, next);
    }

    LimitState raised(String holder, long amount) {
        Slice slice = of(holder);
        return with(holder, new Slice(slice.granted() + amount, slice.returned(), slice.over()));
    }

    LimitState lowered(long amount) {
        Slice self = self();
        return with(SELF, new Slice(self.granted(), self.returned() + amount, self.over()));
    }

    LimitState withOver(long over) {
        Slice self = self();
        return self.over() == over ? this : with(SELF, new Slice(self.granted(), self.returned(), over));
    }

    /** The meter's own slice cut to what is used of it. */
    LimitState exact(long used) {
        return lowered(self().piece() - used);
    }

    /** After an unclean end: the whole piece counts as used. The over stays over, or a debt would be forgiven. */
    LimitState folded() {
        Slice self = self();
        return new LimitState(id, gen, start, end, carried, base + self.piece(), slices, former)
                .with(SELF, new Slice(0, 0, self.over()));
    }

    /** A holder that is gone has used its piece, and freed its slots. */
    LimitState folded(String holder) {
        Slice slice = slices.get(holder);
        if (slice == null) {
            return this;
        }
        Map<String, Slice> left = new HashMap<>(slices);
        left.remove(holder);
        Map<String, Long> formerLeft = new HashMap<>(former);
        formerLeft.remove(holder);
        if (slice.beyond() > 0) {
            Slice gone = of(GONE);
            left.put(GONE, new Slice(gone.granted(), gone.returned(), gone.over() + slice.beyond()));
        }
        long used = id.kind() == LimitId.Kind.SLOTS ? 0 : Math.max(0, slice.piece());
        return new LimitState(id, gen, start, end, carried, base + used, left, formerLeft);
    }

    /** A new generation at once, with {@code used} of it gone: what an operator resets. */
    LimitState reset(LimitRule rule, long now, ZoneId zone, long used) {
        return new LimitState(id, gen + 1, now, rule.windowEnd(now, zone), 0, used, Map.of(), overs());
    }

    private Map<String, Long> overs() {
        Map<String, Long> overs = new HashMap<>();
        slices.forEach((holder, slice) -> {
            if (!holder.equals(SELF) && !holder.equals(GONE)) {
                overs.put(holder, slice.over());
            }
        });
        return overs;
    }

    /** The next generation, opened now. Old pieces die with theirs; a debt above the limit is carried. */
    LimitState rolled(LimitRule rule, long now, ZoneId zone) {
        long over = carried;
        for (Slice slice : slices.values()) {
            over += slice.beyond();
        }
        long owed = Math.min(over, Math.max(0, committed() - rule.cap(now)));
        long left = rule.owedAfterSkipped(owed, end, now, zone);
        return new LimitState(id, gen + 1, now, rule.windowEnd(now, zone), left, 0, Map.of(), overs());
    }
}
