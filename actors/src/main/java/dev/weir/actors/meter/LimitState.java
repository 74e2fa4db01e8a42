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
 * @param former by {@code holder@generation}, what a holder was known to have used beyond its slice in one that is over, and that it
 *     may speak of still; without a generation, as former rows have it, of the one before
 * @param moved by {@code from>to}, what the second has taken over from the first, so that it is taken over once
 */
public record LimitState(
        LimitId id,
        long gen,
        long start,
        long end,
        long carried,
        long base,
        Map<String, Slice> slices,
        Map<String, Long> former,
        Map<String, Long> moved) {

    /** The holder that is the meter itself. */
    public static final String SELF = "self";

    /** Where the overs of holders that are gone are kept together, and what more went from them than is known to have come. */
    private static final String GONE = "gone";

    private static final String NODE = "n";
    private static final String TO = ">";
    private static final String OF_GEN = "@";

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
        moved = Map.copyOf(moved);
        if (gen < 0 || carried < 0 || base < 0) {
            throw new IllegalArgumentException(
                    id + ": gen " + gen + ", carried " + carried + ", base " + base + " (expected: each >= 0)");
        }
    }

    public LimitState(
            LimitId id,
            long gen,
            long start,
            long end,
            long carried,
            long base,
            Map<String, Slice> slices,
            Map<String, Long> former) {
        this(id, gen, start, end, carried, base, slices, former, Map.of());
    }

    /** A limit that nobody has used: its window opens with the first need. */
    static LimitState unopened(LimitId id) {
        return new LimitState(id, 0, 0, 0, 0, 0, Map.of(), Map.of());
    }

    /** A limit without windows, of which {@code base} is used already. */
    static LimitState forEver(LimitId id, long now, long base) {
        return new LimitState(id, 1, now, LimitRule.NEVER, 0, base, Map.of(), Map.of());
    }

    /**
     * A limit that may have been there before, and was taken away or forgotten.
     *
     * @param gen later than all that it had then
     * @param hasWindows the first opens with the first need
     */
    static LimitState begun(LimitId id, long gen, boolean hasWindows, long now, long base) {
        return new LimitState(id, gen, now, hasWindows ? 0 : LimitRule.NEVER, 0, base, Map.of(), Map.of());
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
        return new LimitState(id, gen, start, end, carried, base, next, former, moved);
    }

    /** What a holder is known to have used beyond its slice in a generation that is over. */
    long formerOver(String holder, long ofGen) {
        Long before = ofGen == gen - 1 ? former.get(holder) : null;
        return former.getOrDefault(holder + OF_GEN + ofGen, before == null ? 0L : before);
    }

    LimitState withFormer(String holder, long ofGen, long over) {
        Map<String, Long> next = new HashMap<>(former);
        next.put(holder + OF_GEN + ofGen, over);
        return withFormer(next);
    }

    private LimitState withFormer(Map<String, Long> next) {
        return new LimitState(id, gen, start, end, carried, base, slices, next, moved);
    }

    /** A holder speaks of a generation: of those before it says nothing any more. */
    LimitState heard(String holder, long ofGen) {
        if (former.isEmpty()) {
            return this;
        }
        Map<String, Long> left = new HashMap<>(former);
        boolean less = left.keySet().removeIf(each -> isOf(holder, each) && genOf(each) < ofGen);
        return less ? withFormer(left) : this;
    }

    private static boolean isOf(String holder, String former) {
        return former.equals(holder) || former.startsWith(holder + OF_GEN);
    }

    private long genOf(String former) {
        int at = former.indexOf(OF_GEN);
        return at < 0 ? gen - 1 : Long.parseLong(former, at + 1, former.length(), 10);
    }

    LimitState raised(String holder, long amount) {
        return with(holder, of(holder).granting(amount));
    }

    LimitState lowered(long amount) {
        return with(SELF, self().returning(self().returned() + amount));
    }

    LimitState withOver(long over) {
        Slice self = self();
        return self.over() == over ? this : with(SELF, self.going(over));
    }

    /** The meter's own slice cut to what is used of it. */
    LimitState exact(long used) {
        return lowered(self().piece() - used);
    }

    /** After an unclean end: the whole piece counts as used. The over stays over, or a debt would be forgiven. */
    LimitState folded() {
        Slice self = self();
        long inside = Math.max(0, self.piece());
        return new LimitState(id, gen, start, end, carried, base + inside, slices, former, moved)
                .with(SELF, new Slice(0, 0, self.committed() - inside));
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
        formerLeft.keySet().removeIf(each -> isOf(holder, each));
        boolean isOfWindow = id.kind() != LimitId.Kind.SLOTS;
        long inside = Math.max(0, slice.piece());
        long beyond = slice.committed() - inside; // negative where more went to others than is known to have come
        if (isOfWindow && beyond != 0) {
            Slice gone = of(GONE);
            left.put(GONE, beyond > 0 ? gone.going(gone.over() + beyond) : gone.giving(-beyond));
        }
        Map<String, Long> movedLeft = new HashMap<>(moved);
        movedLeft.keySet().removeIf(pair -> pair.endsWith(TO + holder)); // it says no more
        long used = isOfWindow ? inside : 0;
        return new LimitState(id, gen, start, end, carried, base + used, left, formerLeft, movedLeft);
    }

    /**
     * A call's hold has come from one holder to another: of what is committed nothing changes.
     *
     * @param total of all that has come that way in this generation; what was known before is not taken again
     * @param gone the first one is: what it had is all that there was, and in the end is where everything of it is
     */
    LimitState moved(String from, String to, long total, boolean gone) {
        long more = total - moved.getOrDefault(from + TO + to, 0L);
        if (more <= 0) {
            return this;
        }
        LimitState next = with(to, of(to).taking(more));
        long left = base;
        if (!gone) {
            next = next.with(from, next.of(from).giving(more)); // which it may not have said yet that it has
        } else if (slices.containsKey(from)) {
            next = next.with(from, next.of(from).giving(Math.clamp(next.of(from).committed(), 0, more)));
        } else if (id.kind() != LimitId.Kind.SLOTS) {
            left = Math.max(0, base - more);
        }
        Map<String, Long> known = new HashMap<>(moved);
        known.put(from + TO + to, total);
        return new LimitState(id, gen, start, end, carried, left, next.slices, former, known);
    }

    /** What a node has taken over in this generation, by the node that it came from. */
    Map<Long, Long> movedTo(long node) {
        Map<Long, Long> taken = new HashMap<>();
        moved.forEach((pair, total) -> {
            int end = pair.indexOf(TO);
            if (pair.endsWith(TO + holder(node))) {
                taken.put(incarnation(pair.substring(0, end)), total);
            }
        });
        return taken;
    }

    /** A new generation at once, with {@code used} of it gone: what an operator resets. */
    LimitState reset(LimitRule rule, long now, ZoneId zone, long used) {
        return new LimitState(id, gen + 1, now, rule.windowEnd(now, zone), 0, used, Map.of(), overs());
    }

    /** What is known of overs when this generation is over. */
    private Map<String, Long> overs() {
        Map<String, Long> overs = new HashMap<>();
        former.forEach((each, over) -> overs.put(each.contains(OF_GEN) ? each : each + OF_GEN + (gen - 1), over));
        slices.forEach((holder, slice) -> {
            if (!holder.equals(SELF) && !holder.equals(GONE) && slice.over() > 0) {
                overs.put(holder + OF_GEN + gen, slice.over());
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
