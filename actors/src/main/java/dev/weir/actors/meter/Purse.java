package dev.weir.actors.meter;

import dev.weir.config.AccountId;
import dev.weir.config.KeySettings;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.apache.pekko.actor.typed.ActorRef;
import org.jspecify.annotations.Nullable;

/**
 * What a key's meter may give out: its slices of its own limits, this node's shares of the accounts above it, the open
 * holds, and what it knows is durable.
 *
 * <p>Arithmetic without a clock, a thread or a store: its owner asks for the {@linkplain #plan next row}, writes it, and
 * says {@link #written}. At most one plan is out at a time. Not thread-safe.
 */
final class Purse {

    /** Longer than a node may act without having been heard of. */
    private static final long SHORT_MILLIS = 12_000;

    private final MeterSettings common;
    private final Chain chain;
    private MeterState durable;
    private boolean claimed;
    private final long former;
    private final long before;

    private final OwnSlices owns;
    private final Set<Portion> queued = new HashSet<>();
    private final Map<HoldId, Hold> holds = new HashMap<>();
    private OldHolds oldHolds;
    private Debt debt = Debt.NONE;
    private long slots;
    private long spentNanoUsd;

    /**
     * @param row as loaded: nothing is admitted before a plan, which claims it, is written
     * @param watcher is told when shares move that it waits for
     */
    Purse(MeterState row, long ledgerNanoUsd, MeterSettings common, Shares shares, ActorRef<Meter.Command> watcher) {
        this(row, row.host(), ledgerNanoUsd, common, shares, watcher);
    }

    /** @param former {@linkplain MeterState#former who} has had it, if that one did not leave it */
    Purse(
            MeterState row,
            long former,
            long ledgerNanoUsd,
            MeterSettings common,
            Shares shares,
            ActorRef<Meter.Command> watcher) {
        MeterState claim = row.claimed(common, former);
        this.common = common;
        this.chain = new Chain(shares, watcher);
        this.durable = row;
        this.oldHolds = new OldHolds(claim.past().knownSince(), row.past());
        this.spentNanoUsd = Math.max(row.spentNanoUsd(), ledgerNanoUsd - row.spentBefore());
        this.former = former;
        this.before = row.host();
        this.owns = new OwnSlices(common);
        owns.adopt(claim);
        if (row.clean()) {
            row.holds().forEach(this::inherit);
            endGone();
        }
    }

    /** The purse of a row that its owner has just created, and so owns. */
    static Purse ofCreated(MeterState row, MeterSettings common, Shares shares, ActorRef<Meter.Command> watcher) {
        Purse purse = new Purse(row, row.spentBefore(), common, shares, watcher);
        purse.claimed = true;
        purse.oldHolds = new OldHolds(row.past().knownSince(), row.past());
        return purse;
    }

    private void inherit(Hold hold) {
        chain.take(hold, before, common.host());
        holds.put(hold.id(), hold.with(List.of()));
        slots += hold.need().slots();
        owns.reopen(hold.pieces());
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

    boolean isOpen(HoldId hold) {
        return holds.containsKey(hold);
    }

    KeySettings settings() {
        return (KeySettings) durable.settings();
    }

    // Admission.

    /**
     * Decides and, if it grants, holds. Empty: the limits may have it and what is here does not, so the call has to wait
     * for the store or for an account's meter; nothing was held.
     */
    Optional<Decision> reserve(Ask ask, long now) {
        if (!claimed) {
            return Optional.empty();
        }
        if (ask.topUp() > 0) {
            return topUp(ask, now);
        }
        if (!durable.opens(ask.hash(), now)) {
            return Optional.of(new Decision.UnknownKey());
        }
        Decision refusal = verdict().bySettings(ask, now);
        if (refusal != null) {
            return Optional.of(refusal);
        }
        if (isContested(ask, now)) {
            return Optional.empty();
        }
        List<Share> above = chain.lockedFor(durable, ask.endUser());
        if (above == null) {
            return Optional.empty();
        }
        try {
            return chain.isKnown(above) ? reserve(ask, above, now) : Optional.empty();
        } finally {
            Chain.unlock(above);
        }
    }

    /**
     * An owner before this one did not leave by itself, and there are limits that rest on nobody else's being at work: slots,
     * as long as nobody has said which of its calls still run, and windows that open and end before it has to stop.
     */
    private boolean isContested(Ask ask, long now) {
        if (durable.former().isEmpty() || ask.need().equals(Need.NONE)) {
            return false;
        }
        boolean slotsUnknown = durable.settings().limits().maxParallelRequests() != null
                && !durable.former().stream().allMatch(common.nodes()::isReleased);
        return slotsUnknown
                || (hasShortWindows(now) && !durable.former().stream().allMatch(common.nodes()::isGone));
    }

    private boolean hasShortWindows(long now) {
        return LimitRule.of(durable.settings()).stream()
                .anyMatch(rule -> rule.period() != null && rule.windowEnd(now, common.zone()) - now < SHORT_MILLIS);
    }

    private Optional<Decision> reserve(Ask ask, List<Share> above, long now) {
        if (holds.containsKey(ask.hold())) {
            return Optional.of(granted(ask, above, now));
        }
        Decision refusal = verdict().byAccounts(ask, above);
        if (refusal == null) {
            refusal = refusedByLimits(ask, above, now);
        }
        if (refusal != null) {
            return Optional.of(refusal);
        }
        if (isShort(ask, above, now)) {
            return Optional.empty();
        }
        hold(ask, null, above, now);
        return Optional.of(granted(ask, above, now));
    }

    /** A call that runs asks for more: of what it is charged to already, and beyond a limit where that is allowed. */
    private Optional<Decision> topUp(Ask ask, long now) {
        Hold hold = holds.get(ask.hold());
        if (hold != null && hold.topUps() >= ask.topUp()) {
            return Optional.of(granted(ask));
        }
        if (hold == null && oldHolds.isOver(ask.hold(), ask.epoch(), durable.born())) {
            return Optional.of(new Decision.Unavailable("the call is over"));
        }
        boolean switches = hold == null || !hold.model().equals(ask.model());
        Decision refusal = switches ? verdict().bySettings(ask, now) : null;
        if (refusal != null) {
            return Optional.of(refusal);
        }
        List<Share> above = hold == null ? chain.lockedFor(durable, ask.endUser()) : chain.lockedOf(hold);
        if (above == null) {
            return Optional.empty();
        }
        try {
            return chain.isKnown(above) ? topUp(ask, hold, switches, above, now) : Optional.empty();
        } finally {
            Chain.unlock(above);
        }
    }

    private Optional<Decision> topUp(Ask ask, @Nullable Hold hold, boolean switches, List<Share> above, long now) {
        Decision refusal = switches ? verdict().byAccounts(ask, above) : null;
        if (refusal == null) {
            refusal = refusedByLimits(ask, above, now);
        }
        if (refusal != null) {
            return Optional.of(refusal);
        }
        if (isShort(ask, above, now)) {
            return Optional.empty();
        }
        hold(ask, hold, above, now);
        return Optional.of(granted(ask, above, now));
    }

    /** The answer to a top-up that has been granted. */
    Decision granted(Ask ask) {
        return new Decision.Granted(
                ask.hold(),
                durable.epoch(),
                durable.id(),
                settings(),
                settings().organizationId(),
                spentNanoUsd,
                List.of());
    }

    /** What has to be durable before the last decision may be told. */
    Debt takeDebt() {
        Debt taken = debt;
        debt = Debt.NONE;
        return taken;
    }

    private boolean isShort(Ask ask, List<Share> above, long now) {
        for (OwnSlice own : owns.all()) {
            if (isShort(own, ask, now)) {
                return true;
            }
        }
        for (Share share : above) {
            Ask of = verdict().of(share, ask);
            for (ShareSlice slice : share.slices(ask)) {
                if (isShort(slice, of, now)) {
                    return true;
                }
            }
        }
        return false;
    }

    /** It does not have what the call needs, or calls that came before wait for it. */
    private boolean isShort(Portion portion, Ask ask, long now) {
        return ask.amount(portion) > 0
                && ((ask.topUp() == 0 && queued.contains(portion)) || ask.fit(portion, now) == Portion.Fit.SHORT);
    }

    private Verdict verdict() {
        return new Verdict(settings(), common);
    }

    private @Nullable Decision refusedByLimits(Ask ask, List<Share> above, long now) {
        Portion worst = verdict().worst(ask, owns.all(), above, now);
        if (worst != null) {
            AccountId crowd = worst.crowd(now);
            if (crowd != null) {
                return Verdict.crowded(crowd);
            }
            return new Decision.Exceeded(worst.refusal(now), ask.amount(worst), standings(ask, above, now));
        }
        Long parallel = durable.settings().limits().maxParallelRequests();
        return parallel != null && ask.need().slots() > parallel - slots
                ? new Decision.Exceeded(slotsStanding(parallel), ask.need().slots(), standings(ask, above, now))
                : null;
    }

    private void hold(Ask ask, @Nullable Hold before, List<Share> above, long now) {
        if (ask.need().equals(Need.NONE)) {
            return;
        }
        List<Hold.Piece> pieces = owns.take(ask, now);
        boolean beyond = false;
        for (Hold.Piece piece : pieces) {
            beyond |= piece.beyond();
        }
        List<AccountId> accounts = new ArrayList<>(above.size());
        for (Share share : above) {
            chain.hold(share, verdict().of(share, ask), now);
            accounts.add(share.id());
        }
        slots += ask.need().slots();
        holds.put(
                ask.hold(),
                before == null
                        ? new Hold(ask.hold(), ask.model(), ask.need(), accounts, pieces, ask.topUp())
                        : before.toppedUp(ask, pieces));
        // Of accounts it is durable already: their meters give nothing beyond that is not.
        debt = beyond ? new Debt(true, Map.of()) : Debt.NONE;
    }

    private Decision granted(Ask ask, List<Share> above, long now) {
        return new Decision.Granted(
                ask.hold(),
                durable.epoch(),
                durable.id(),
                settings(),
                Chain.organization(above, settings()),
                spentNanoUsd,
                standings(ask, above, now),
                ask.model().isEmpty() ? verdict().models(above) : List.of());
    }

    // Waiting.

    /** A call that waits needs some of these limits raised: whoever comes later and needs one of them waits behind it. */
    void queue(Ask ask, long now) {
        for (OwnSlice own : owns.all()) {
            if (isShort(own, ask, now)) {
                queued.add(own);
            }
        }
        Hold hold = holds.get(ask.hold());
        List<Share> above = hold == null ? chain.lockedFor(durable, ask.endUser()) : chain.lockedOf(hold);
        if (above == null) {
            return;
        }
        List<Share> asked = new ArrayList<>(1);
        try {
            for (Share share : above) {
                Ask of = verdict().of(share, ask);
                boolean isShort = false;
                for (ShareSlice slice : share.slices(ask)) {
                    if (isShort(slice, of, now)) {
                        queued.add(slice);
                        isShort = true;
                    }
                }
                if (isShort) {
                    chain.await(share, of, now);
                    asked.add(share);
                }
            }
        } finally {
            Chain.unlock(above);
        }
        chain.awaits(ask.hold(), asked);
    }

    /** The call waits no longer. */
    void forget(HoldId hold) {
        chain.awaits(hold, List.of());
    }

    /** The queue is looked at again from its head. */
    void unqueue() {
        queued.clear();
    }

    // Settling.

    /**
     * Ends a hold: what it did not use is free at once.
     *
     * @param model for a hold that was lost, as {@code endUser} and what was {@code held}
     * @param began whether an upstream attempt began; if not, everything comes back
     * @return what has to be durable before it is acknowledged; empty, and nothing has happened, when it is not known yet whom it
     *     is charged to
     */
    Optional<Debt> settle(
            HoldId id, long epoch, String model, @Nullable String endUser, Need held, Need used, boolean began) {
        Hold hold = holds.remove(id);
        if (hold == null) {
            return settleOldEpoch(id, epoch, model, endUser, held, used, began);
        }
        boolean ofCrashed = epoch < durable.epoch() && oldHolds.settle(id);
        Need charged = ofCrashed ? held.less(hold.need()) : Need.NONE;
        slots -= hold.need().slots();
        spentNanoUsd += began ? used.nanoUsd() : 0;
        boolean owes = owns.settle(hold, charged, used, began);
        return Optional.of(new Debt(owes, chain.settle(hold, charged, used, began)));
    }

    /**
     * A call that an owner before this one admitted still runs, says its door. What it holds is charged already; its slots are
     * known from now on, also where the call asked for more before its door said so.
     *
     * @return what has to be durable before it is acknowledged; empty when it is not known yet whom it is charged to
     */
    Optional<Debt> reopen(HoldId id, long epoch, String model, @Nullable String endUser, long heldSlots) {
        Hold known = holds.get(id);
        long unknown = heldSlots - (known == null ? 0 : known.need().slots());
        if (known != null && unknown <= 0) {
            return Optional.of(new Debt(false, chain.unsaid(known)));
        }
        if (known == null && oldHolds.isOver(id, epoch, durable.born())) {
            return Optional.of(Debt.NONE);
        }
        List<Share> above = chain.lockedFor(durable, endUser);
        if (above == null) {
            return Optional.empty();
        }
        try {
            if (!chain.isKnown(above)) {
                return Optional.empty();
            }
            List<AccountId> accounts = above.stream().map(Share::id).toList();
            Need more = new Need(0, 0, 0, unknown, true);
            Hold hold =
                    known == null ? new Hold(id, model, more, accounts, List.of(), 0) : known.reopened(more, accounts);
            holds.put(id, hold);
            slots += unknown;
            return Optional.of(new Debt(false, chain.reopen(hold, above, verdict(), endUser, before)));
        } finally {
            Chain.unlock(above);
        }
    }

    /** Charges whole what calls hold whose door is gone. */
    void endGone() {
        List<Hold> gone = holds.values().stream()
                .filter(hold -> !common.isDoorAlive(hold.id()))
                .toList();
        for (Hold hold : gone) {
            settle(hold.id(), durable.epoch(), hold.model(), null, hold.need(), hold.need(), true);
            spentNanoUsd -= isInLedger(hold) ? 0 : hold.need().nanoUsd();
            oldHolds.orphan(hold.id());
        }
    }

    /** Nobody will hear how its calls end: accounts are charged all that they hold. */
    void giveUp() {
        holds.values().forEach(hold -> chain.settle(hold, Need.NONE, hold.need(), true));
        holds.clear();
    }

    private boolean isInLedger(Hold hold) {
        KeySettings key = settings();
        return common.nodes()
                .lost(new Lost(
                        hold.id(),
                        durable.id(),
                        hold.model(),
                        hold.need().tokens(),
                        hold.need().nanoUsd(),
                        key.userId(),
                        key.teamId(),
                        key.organizationId()));
    }

    /** What an owner that crashed had held is charged whole already: only what goes beyond is still to be charged. */
    private Optional<Debt> settleOldEpoch(
            HoldId id, long epoch, String model, @Nullable String endUser, Need held, Need used, boolean began) {
        if (oldHolds.isOver(id, epoch, durable.born())) {
            return Optional.of(Debt.NONE);
        }
        Ask lost = new Ask(id, "", model, held, endUser, 0, epoch, true);
        return chain.settleUnknown(durable, verdict(), lost, used, began).map(marks -> {
            oldHolds.settle(id);
            spentNanoUsd += began ? used.nanoUsd() : 0;
            return new Debt(owns.charge(lost, used, began), marks);
        });
    }

    // The row.

    /** A slice runs out of room while its limit still has some. */
    boolean isLow(long now) {
        return owns.isLow(now);
    }

    /**
     * The row to write next, if there is anything to tell the store.
     *
     * @param change what an operator wants
     * @param waiting calls that wait for room
     */
    Optional<MeterState> plan(UnaryOperator<MeterState> change, Collection<Ask> waiting, long now, long nonce) {
        MeterState base = claimed ? durable : durable.claimed(common, former);
        MeterState changed = change.apply(base);
        List<LimitState> planned = owns.plan(changed, waiting, now);
        MeterState next = changed.withLimits(planned, durable.spentNanoUsd());
        return next.equals(durable)
                ? Optional.empty()
                : Optional.of(next.withLimits(planned, spentNanoUsd).next(nonce));
    }

    /** A plan is durable: its raises may be used. */
    void written(MeterState row) {
        durable = row;
        claimed = true;
        chain.changed();
        owns.adopt(row);
    }

    /** The store refused a plan whole: it is as if it had never been made. */
    void abandoned() {
        owns.abandoned();
    }

    /** The last row of this owner: exact figures, and the open holds with them. */
    MeterState leaving(long nonce) {
        List<Hold> open =
                holds.values().stream().map(hold -> hold.with(chain.part(hold))).toList();
        return durable.left(owns.exact(), open, oldHolds.known(), spentNanoUsd).next(nonce);
    }

    // What it shows.

    long spent() {
        return spentNanoUsd;
    }

    private long heldNanoUsd() {
        return holds.values().stream().mapToLong(hold -> hold.need().nanoUsd()).sum();
    }

    MeterView view(long now) {
        return new MeterView(
                durable.id(),
                durable.settings(),
                durable.version(),
                spentNanoUsd,
                heldNanoUsd(),
                holds.size(),
                standings(now));
    }

    /** Whether every account above has said how its limits stand. */
    boolean isWholeChainKnown() {
        List<Share> above = chain.lockedFor(durable, null);
        if (above == null) {
            return false;
        }
        try {
            return chain.isKnown(above);
        } finally {
            Chain.unlock(above);
        }
    }

    List<Standing> standings(long now) {
        List<Share> above = chain.lockedFor(durable, null);
        if (above == null) {
            return standings(null, List.of(), now);
        }
        try {
            return standings(null, above, now);
        } finally {
            Chain.unlock(above);
        }
    }

    private List<Standing> standings(@Nullable Ask ask, List<Share> above, long now) {
        List<Standing> standings = new ArrayList<>(owns.all().size() + 1);
        for (OwnSlice own : owns.all()) {
            standings.add(own.standing(now));
        }
        Long parallel = durable.settings().limits().maxParallelRequests();
        if (parallel != null) {
            standings.add(slotsStanding(parallel));
        }
        for (Share share : above) {
            for (ShareSlice slice : (ask == null ? share.slices() : share.slices(ask))) {
                standings.add(slice.standing(now));
            }
        }
        return standings;
    }

    private Standing slotsStanding(long limit) {
        return new Standing(Standing.Scope.API_KEY, null, LimitId.SLOTS, limit, slots, slots, null);
    }
}
