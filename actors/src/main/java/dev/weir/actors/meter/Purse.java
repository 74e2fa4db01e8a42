package dev.weir.actors.meter;

import dev.weir.config.KeySettings;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * What a meter may give out of its memory: its slices of its own limits, the open holds, and what it knows is durable.
 *
 * <p>Arithmetic without a clock, a thread or a store: its owner asks for the {@linkplain #plan next row}, writes it, and
 * says {@link #written}. At most one plan is out at a time. Not thread-safe.
 */
final class Purse {

    private static final int REMEMBERED_SETTLEMENTS = 4096;

    private final MeterSettings common;
    private MeterState durable;
    private boolean claimed;
    private List<OwnSlice> owns = List.of();
    private final Map<HoldId, Hold> holds = new HashMap<>();
    private final Set<HoldId> settledOfOldEpochs = new LinkedHashSet<>();
    private long slots;
    private long spentNanoUsd;

    /** @param row as loaded: nothing is admitted before a plan, which claims it, is written */
    Purse(MeterState row, long ledgerNanoUsd, MeterSettings common) {
        this.common = common;
        this.durable = row;
        this.spentNanoUsd = Math.max(row.spentNanoUsd(), ledgerNanoUsd - row.spentBefore());
        adopt(row.claimed(common.host()));
        if (row.clean()) {
            row.holds().stream().filter(hold -> common.isDoorAlive(hold.id())).forEach(this::reopen);
        }
    }

    /** The purse of a row that its owner has just created, and so owns. */
    static Purse ofCreated(MeterState row, MeterSettings common) {
        Purse purse = new Purse(row, row.spentBefore(), common);
        purse.claimed = true;
        return purse;
    }

    private void reopen(Hold hold) {
        holds.put(hold.id(), hold);
        slots += hold.need().slots();
        for (Hold.Piece piece : hold.pieces()) {
            for (OwnSlice own : owns) {
                if (own.id().equals(piece.limit()) && own.gen() == piece.gen()) {
                    own.reopen(piece.amount());
                }
            }
        }
    }

    MeterState durable() {
        return durable;
    }

    boolean isClaimed() {
        return claimed;
    }

    boolean hasOpenHolds() {
        return !holds.isEmpty();
    }

    /**
     * Decides and, if it grants, holds. Empty: the limits have it and the slices do not, so the call has to wait for the
     * store; nothing was held.
     */
    Optional<Decision> reserve(HoldId id, String model, Need need, long now) {
        if (!claimed) {
            return Optional.empty();
        }
        if (holds.containsKey(id)) {
            return Optional.of(granted(id, now));
        }
        Decision refusal = refusedBySettings(model, need, now);
        if (refusal == null) {
            refusal = refusedByLimits(need, now);
        }
        if (refusal != null) {
            return Optional.of(refusal);
        }
        for (OwnSlice own : owns) {
            if (own.fit(own.amount(need), now) == OwnSlice.Fit.SHORT) {
                return Optional.empty();
            }
        }
        hold(id, need, now);
        return Optional.of(granted(id, now));
    }

    private @Nullable Decision refusedBySettings(String model, Need need, long now) {
        KeySettings settings = durable.settings();
        if (settings.blocked()) {
            return new Decision.Blocked();
        }
        Instant expires = settings.expires();
        if (expires != null && now >= expires.toEpochMilli()) {
            return new Decision.Expired(expires);
        }
        if (!model.isEmpty() && !settings.keyType().callsModels()) {
            return new Decision.TypeDenied(settings.keyType());
        }
        if (!ModelAccess.allows(settings.models(), model)) {
            return new Decision.ModelDenied(model, settings.models());
        }
        if (!need.priced() && settings.maxBudget() != null && common.unpriced() == MeterSettings.Unpriced.REJECT) {
            return new Decision.Unpriced(model);
        }
        return null;
    }

    /** Money first: of several limits that are short, the one that is told is the one that waiting helps least. */
    private @Nullable Decision refusedByLimits(Need need, long now) {
        for (int i = owns.size() - 1; i >= 0; i--) {
            OwnSlice own = owns.get(i);
            long amount = own.amount(need);
            if (own.fit(amount, now) == OwnSlice.Fit.EXCEEDED) {
                return new Decision.Exceeded(own.refusal(now), amount, standings(now));
            }
        }
        Long parallel = durable.settings().maxParallelRequests();
        if (parallel != null && need.slots() > parallel - slots) {
            return new Decision.Exceeded(slotsStanding(parallel), need.slots(), standings(now));
        }
        return null;
    }

    private void hold(HoldId id, Need need, long now) {
        List<Hold.Piece> pieces = new ArrayList<>(owns.size());
        for (OwnSlice own : owns) {
            long amount = own.amount(need);
            if (amount > 0) {
                own.debit(amount, now);
                pieces.add(new Hold.Piece(own.id(), own.gen(), amount));
            }
        }
        slots += need.slots();
        if (!need.equals(Need.NONE)) {
            holds.put(id, new Hold(id, need, pieces));
        }
    }

    private Decision granted(HoldId id, long now) {
        return new Decision.Granted(id, durable.epoch(), durable.settings(), spentNanoUsd, standings(now));
    }

    /** A call that waits needs these limits raised: whoever comes later and needs one of them waits behind it. */
    void queue(Need need, long now) {
        for (OwnSlice own : owns) {
            if (own.fit(own.amount(need), now) == OwnSlice.Fit.SHORT) {
                own.queue(true);
            }
        }
    }

    /** The queue is looked at again from its head. */
    void unqueue() {
        for (OwnSlice own : owns) {
            own.queue(false);
        }
    }

    /**
     * Ends a hold: what it did not use is free at once.
     *
     * @param held what the door says was held, for a hold of an older epoch
     * @param began whether an upstream attempt began; if not, everything comes back
     * @return whether the acknowledgement has to wait until a plan made from now on is durable
     */
    boolean settle(HoldId id, long epoch, Need held, Need used, boolean began) {
        Hold hold = holds.remove(id);
        if (hold == null) {
            return settleOldEpoch(id, epoch, held, used, began);
        }
        if (epoch < durable.epoch()) {
            remember(id);
        }
        slots -= hold.need().slots();
        spentNanoUsd += began ? used.nanoUsd() : 0;
        boolean owes = false;
        for (OwnSlice own : owns) {
            long had = own.amount(hold.need());
            long took = began ? charged(own, had, used) : 0;
            if (hold.has(own.id(), own.gen())) {
                own.release(had, Math.max(0, had - took));
            }
            own.charge(Math.max(0, took - had));
            owes |= own.owesStore();
        }
        return owes;
    }

    /** A request is a request however many attempts and tokens it took. */
    private static long charged(OwnSlice own, long had, Need used) {
        return own.id().unit() == LimitId.Unit.REQUESTS ? had : own.amount(used);
    }

    /** What an owner that crashed had held is charged whole already: only what goes beyond is still to be charged. */
    private boolean settleOldEpoch(HoldId id, long epoch, Need held, Need used, boolean began) {
        boolean ofThisKey = epoch >= durable.born() && epoch < durable.epoch();
        if (!began || !ofThisKey || !remember(id)) {
            return false;
        }
        spentNanoUsd += used.nanoUsd();
        boolean owes = false;
        for (OwnSlice own : owns) {
            long had = own.amount(held);
            own.charge(Math.max(0, charged(own, had, used) - had));
            owes |= own.owesStore();
        }
        return owes;
    }

    private boolean remember(HoldId id) {
        if (settledOfOldEpochs.size() >= REMEMBERED_SETTLEMENTS) {
            settledOfOldEpochs.remove(settledOfOldEpochs.iterator().next());
        }
        return settledOfOldEpochs.add(id);
    }

    /** A slice runs out of room while its limit still has some. */
    boolean isLow(long now) {
        for (OwnSlice own : owns) {
            if (own.isLow(now)) {
                return true;
            }
        }
        return false;
    }

    /**
     * The row to write next, if there is anything to tell the store.
     *
     * @param change what an operator wants
     * @param waiting the needs of calls that wait for room
     */
    Optional<MeterState> plan(UnaryOperator<MeterState> change, Collection<Need> waiting, long now, long nonce) {
        MeterState base = claimed ? durable : durable.claimed(common.host());
        MeterState changed = change.apply(base);
        Map<LimitId, OwnSlice> known = owns.stream().collect(Collectors.toMap(OwnSlice::id, Function.identity()));
        Map<LimitId, LimitState> states =
                changed.limits().stream().collect(Collectors.toMap(LimitState::id, Function.identity()));
        List<LimitState> planned = new ArrayList<>();
        for (LimitRule rule : LimitRule.of(changed.settings())) {
            LimitState state = states.get(rule.id());
            if (state != null) {
                OwnSlice own = known.get(rule.id());
                planned.add(own == null ? state : own.plan(state, rule, wanted(own, waiting, rule.cap()), now));
            }
        }
        MeterState next = changed.withLimits(planned, durable.spentNanoUsd());
        return next.equals(durable)
                ? Optional.empty()
                : Optional.of(next.withLimits(planned, spentNanoUsd).next(nonce));
    }

    private static long wanted(OwnSlice own, Collection<Need> waiting, long cap) {
        long sum = 0;
        for (Need need : waiting) {
            long amount = own.amount(need);
            if (amount <= cap - sum) {
                sum += amount;
            }
        }
        return sum;
    }

    /** A plan is durable: its raises may be used. */
    void written(MeterState row) {
        durable = row;
        claimed = true;
        if (row.tombstone()) {
            holds.clear();
            slots = 0;
        }
        adopt(row);
    }

    private void adopt(MeterState row) {
        Map<LimitId, OwnSlice> known = owns.stream().collect(Collectors.toMap(OwnSlice::id, Function.identity()));
        Map<LimitId, LimitState> states =
                row.limits().stream().collect(Collectors.toMap(LimitState::id, Function.identity()));
        List<OwnSlice> next = new ArrayList<>();
        for (LimitRule rule : LimitRule.of(row.settings())) {
            LimitState state = states.get(rule.id());
            if (state == null) {
                continue;
            }
            OwnSlice own = known.get(rule.id());
            if (own == null) {
                own = new OwnSlice(rule, state, common.zone());
            } else {
                own.written(rule, state);
            }
            next.add(own);
        }
        owns = List.copyOf(next);
    }

    /** The store refused a plan whole: it is as if it had never been made. */
    void abandoned() {
        owns.forEach(OwnSlice::abandoned);
    }

    /** The last row of this owner: exact figures, and the open holds with them. */
    MeterState leaving(long nonce) {
        return durable.left(owns.stream().map(OwnSlice::exact).toList(), List.copyOf(holds.values()), spentNanoUsd)
                .next(nonce);
    }

    /** What is spent, and what open holds may still spend. */
    long spentOrHeld() {
        return spentNanoUsd + heldNanoUsd();
    }

    private long heldNanoUsd() {
        return holds.values().stream().mapToLong(hold -> hold.need().nanoUsd()).sum();
    }

    KeyView view(long now) {
        return new KeyView(
                durable.id(),
                durable.settings(),
                durable.version(),
                spentNanoUsd,
                heldNanoUsd(),
                holds.size(),
                standings(now));
    }

    List<Standing> standings(long now) {
        List<Standing> standings = new ArrayList<>(owns.size() + 1);
        for (OwnSlice own : owns) {
            standings.add(own.standing(now));
        }
        Long parallel = durable.settings().maxParallelRequests();
        if (parallel != null) {
            standings.add(slotsStanding(parallel));
        }
        return standings;
    }

    private Standing slotsStanding(long limit) {
        return new Standing(
                Standing.Scope.API_KEY, Standing.LimitKind.MAX_PARALLEL_REQUESTS, limit, slots, slots, null);
    }
}
