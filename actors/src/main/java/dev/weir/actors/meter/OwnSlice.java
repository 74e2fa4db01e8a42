package dev.weir.actors.meter;

import java.time.Instant;
import java.time.ZoneId;
import org.jspecify.annotations.Nullable;

/**
 * The meter's slice of one of its own limits, as its memory has it: a durable ceiling, and what is used below it.
 *
 * <p>The store knows the ceiling, the memory knows the use. A crash therefore loses the unused part of the slice and
 * nothing else. A raise counts when it is durable; a lowering counts from when it is planned.
 */
final class OwnSlice {

    /** What a need meets. */
    enum Fit {
        YES,
        /** The limit has it; this slice does not, or not yet. */
        SHORT,
        EXCEEDED
    }

    private static final double DEMAND_WINDOW_MILLIS = 10_000;
    private static final int NEEDS_AHEAD = 8;
    private static final int SECONDS_AHEAD = 3;

    private final ZoneId zone;
    private LimitRule rule;
    private LimitState state;
    private @Nullable Instant end;
    private long elsewhere;
    private long ceiling;
    private long used;
    private long held;
    private long over;
    private long overPlanned;
    private long lastNeed;
    private double demandPerSecond;
    private long demandAt;
    private boolean queued;

    /** A slice all of which is used, until a write says more. */
    OwnSlice(LimitRule rule, LimitState state, ZoneId zone) {
        this.rule = rule;
        this.zone = zone;
        this.state = state;
        this.end = end(state);
        this.elsewhere = state.committedElsewhere();
        this.used = state.self().piece();
        this.over = state.self().over();
        this.overPlanned = over;
        this.ceiling = used;
    }

    private static @Nullable Instant end(LimitState state) {
        return state.end() == LimitRule.NEVER ? null : Instant.ofEpochMilli(state.end());
    }

    LimitId id() {
        return rule.id();
    }

    long gen() {
        return state.gen();
    }

    long amount(Need need) {
        return rule.id().unit().of(need);
    }

    /** Used and held; of a window that is over, the debt that the next one starts with. */
    long committed(long now) {
        return state.isOpen(now)
                ? elsewhere + over + used
                : exact().rolled(rule, now, zone).carried();
    }

    /** Whether {@code need} fits now. Refusal comes first: it is about what is used, not about what is in reach. */
    Fit fit(long need, long now) {
        if (need == 0) {
            return Fit.YES;
        }
        lastNeed = need;
        if (need > rule.cap() - committed(now)) {
            return Fit.EXCEEDED;
        }
        return state.isOpen(now) && !queued && need <= headroom() ? Fit.YES : Fit.SHORT;
    }

    private long headroom() {
        return ceiling - used;
    }

    /** Calls that came before wait for this limit: later ones queue up behind them. */
    void queue(boolean waiting) {
        queued = waiting;
    }

    void debit(long need, long now) {
        used += need;
        held += need;
        demandPerSecond = demandPerSecond(now) + need * (1000 / DEMAND_WINDOW_MILLIS);
        demandAt = now;
    }

    private double demandPerSecond(long now) {
        return demandPerSecond == 0 || now <= demandAt
                ? demandPerSecond
                : demandPerSecond * Math.exp(-(double) (now - demandAt) / DEMAND_WINDOW_MILLIS);
    }

    /** A hold of this generation is open again after a clean change of owner. */
    void reopen(long amount) {
        held += amount;
    }

    /** A hold of this generation ended and {@code unused} of it is free again. */
    void release(long amount, long unused) {
        held -= amount;
        used -= unused;
    }

    /** Charges use beyond a hold: from the slice where it has room, over where it has not. */
    void charge(long excess) {
        long inside = Math.min(excess, headroom());
        used += inside;
        over += excess - inside;
    }

    /** There is over that no store knows. */
    boolean owesStore() {
        return over != overPlanned;
    }

    /** Room is running out and the limit has more: worth a write before somebody has to wait. */
    boolean isLow(long now) {
        long free = rule.cap() - elsewhere - over - ceiling;
        return free > 0 && state.isOpen(now) && headroom() < ahead(free, now) / 2;
    }

    /** How much more than asked for is worth reserving: never more than half of what is left. */
    private long ahead(long free, long now) {
        long byNeed = lastNeed > free / NEEDS_AHEAD ? free : lastNeed * NEEDS_AHEAD;
        long byDemand = (long) Math.min((double) free, SECONDS_AHEAD * demandPerSecond(now));
        return Math.min(free / 2, Math.max(byNeed, byDemand));
    }

    /**
     * What the store should know next of this limit.
     *
     * @param known what it knows, after changes that an operator made
     * @param next the rule from then on
     * @param wanted the sum of the needs that wait
     */
    LimitState plan(LimitState known, LimitRule next, long wanted, long now) {
        overPlanned = over;
        LimitState plan = known.withOver(over);
        boolean fresh = wanted > 0 && !plan.isOpen(now);
        if (fresh) {
            plan = plan.exact(used).rolled(next, now, zone);
        }
        if (!plan.isOpen(now)) {
            return plan;
        }
        long room = plan.self().piece() - (fresh ? 0 : used);
        long free = next.cap() - plan.committed();
        if (free < 0) {
            long back = Math.min(room, -free);
            ceiling -= fresh ? 0 : back;
            return back == 0 ? plan : plan.lowered(back);
        }
        long missing = Math.min(free, Math.max(0, wanted - room));
        boolean raise = missing > 0 || isLow(now);
        long step = raise ? missing + ahead(free - missing, now) : 0;
        return step == 0 ? plan : plan.raised(step);
    }

    /** The plan is durable. */
    void written(LimitRule next, LimitState durable) {
        if (durable.gen() != state.gen()) {
            used = 0;
            held = 0;
            over -= overPlanned;
            overPlanned = 0;
        }
        rule = next;
        state = durable;
        end = end(durable);
        elsewhere = durable.committedElsewhere();
        ceiling = durable.self().piece();
    }

    /** The plan was refused whole by the store. */
    void abandoned() {
        overPlanned = state.self().over();
        ceiling = state.self().piece();
    }

    /** The slice cut to its use, for a write that is this owner's last. */
    LimitState exact() {
        return state.withOver(over).exact(used);
    }

    Standing standing(long now) {
        boolean open = state.isOpen(now);
        return new Standing(
                Standing.Scope.API_KEY,
                rule.id().unit().kind(),
                rule.cap(),
                committed(now),
                open ? held : 0,
                open ? end : null);
    }

    /** The same for a refusal: a window that is not open says when it would end. */
    Standing refusal(long now) {
        Standing standing = standing(now);
        @Nullable Instant reset = standing.reset();
        if (reset != null || rule.period() == null) {
            return standing;
        }
        return new Standing(
                standing.scope(),
                standing.kind(),
                standing.limit(),
                standing.committed(),
                standing.held(),
                Instant.ofEpochMilli(rule.windowEnd(now, zone)));
    }
}
