package dev.weir.actors.meter;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * The meter's slice of one of its own limits, as its memory has it: a durable ceiling, and what is used below it.
 *
 * <p>The store knows the ceiling, the memory knows the use. A crash therefore loses the unused part of the slice and
 * nothing else. A raise counts when it is durable; a lowering counts from when it is planned.
 */
final class OwnSlice implements Portion {

    /** More of it costs a row that is written more often. */
    private static final int MOST_AHEAD = 100;

    private final MeterSettings common;
    private LimitRule rule;
    private LimitState state;
    private @Nullable Instant end;
    private long elsewhere;
    private long ceiling;
    private long used;
    private long held;
    private long over;
    private long overPlanned;
    private final Demand demand = new Demand(MOST_AHEAD);

    /** A slice all of which is used, until a write says more. */
    OwnSlice(LimitRule rule, LimitState state, MeterSettings common) {
        this.rule = rule;
        this.common = common;
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

    @Override
    public LimitId id() {
        return rule.id();
    }

    @Override
    public long gen() {
        return state.gen();
    }

    long amount(Need need) {
        return rule.id().unit().of(need);
    }

    /** Used and held; of a window that is over, the debt that the next one starts with. */
    long committed(long now) {
        return state.isOpen(now)
                ? elsewhere + over + used
                : exact().rolled(rule, now, common.zone()).carried();
    }

    /** Refusal comes first: it is about what is used, not about what is in reach. */
    @Override
    public Fit fit(long need, long now) {
        if (need == 0) {
            return Fit.YES;
        }
        demand.asked(need);
        if (need > rule.cap(now) - committed(now)) {
            return Fit.EXCEEDED;
        }
        return state.isOpen(now) && need <= headroom() ? Fit.YES : Fit.SHORT;
    }

    @Override
    public Fit fitBeyond(long need, long now) {
        long cap = rule.cap(now);
        return committed(now) + need <= cap + common.overage(cap) ? Fit.YES : Fit.EXCEEDED;
    }

    @Override
    public void debitBeyond(long need) {
        over += need;
    }

    private long headroom() {
        return ceiling - used;
    }

    @Override
    public void debit(long need, long now) {
        used += need;
        held += need;
        demand.used(need, now);
    }

    /** A hold of this generation is open again after a clean change of owner. */
    void reopen(long amount) {
        held += amount;
    }

    @Override
    public void release(long amount, long unused) {
        held -= amount;
        used -= unused;
    }

    @Override
    public void charge(long excess) {
        long inside = Math.min(excess, headroom());
        used += inside;
        over += excess - inside;
    }

    /** There is over that no store knows. */
    boolean owesStore() {
        return over != overPlanned;
    }

    @Override
    public boolean isLow(long now) {
        long free = rule.cap(now) - elsewhere - over - ceiling;
        return free > 0 && state.isOpen(now) && demand.isLow(headroom(), rule.cap(now), free, now);
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
        boolean reset = known.gen() != state.gen();
        LimitState plan = reset ? known : known.withOver(over);
        boolean fresh = reset;
        if (wanted > 0 && !plan.isOpen(now)) {
            plan = (reset ? plan : plan.exact(used)).rolled(next, now, common.zone());
            fresh = true;
        }
        if (!plan.isOpen(now)) {
            return plan;
        }
        long room = plan.self().piece() - (fresh ? 0 : used);
        long free = next.cap(now) - plan.committed();
        if (free < 0) {
            long back = Math.min(room, -free);
            ceiling -= fresh ? 0 : back;
            return back == 0 ? plan : plan.lowered(back);
        }
        long missing = Math.min(free, Math.max(0, wanted - room));
        boolean raise = missing > 0 || isLow(now);
        if (!raise) {
            return plan;
        }
        long left = Math.max(0, room + missing - wanted);
        long step = missing + Math.max(0, demand.ahead(next.cap(now), free - missing, now) - left);
        return step == 0 ? plan : plan.raised(LimitState.SELF, step);
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

    @Override
    public Standing standing(long now) {
        boolean open = state.isOpen(now);
        return new Standing(
                Standing.Scope.API_KEY,
                null,
                rule.id(),
                rule.cap(now),
                committed(now),
                open ? held : 0,
                open ? end : null);
    }

    @Override
    public Standing refusal(long now) {
        Standing standing = standing(now);
        return standing.reset() != null || rule.period() == null
                ? standing
                : standing.until(Instant.ofEpochMilli(rule.windowEnd(now, common.zone())));
    }
}
