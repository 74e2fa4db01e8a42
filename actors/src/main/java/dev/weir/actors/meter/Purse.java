package dev.weir.actors.meter;

import dev.weir.config.AccountId;
import dev.weir.config.AccountSettings;
import dev.weir.config.KeySettings;
import dev.weir.config.Metered;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
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

    private static final int REMEMBERED_SETTLEMENTS = 4096;

    private final MeterSettings common;
    private final Shares shares;
    private final ActorRef<Meter.Command> watcher;
    private MeterState durable;
    private boolean claimed;
    private List<OwnSlice> owns = List.of();
    private final Set<Portion> queued = new HashSet<>();
    private final Map<HoldId, Hold> holds = new HashMap<>();
    private final Map<HoldId, List<Share>> awaited = new HashMap<>();
    private final Set<HoldId> settledOfOldEpochs = new LinkedHashSet<>();
    private @Nullable List<Share> above;
    private long aboveVersion = -1;
    private Debt debt = Debt.NONE;
    private long slots;
    private long spentNanoUsd;

    /**
     * @param row as loaded: nothing is admitted before a plan, which claims it, is written
     * @param watcher is told when shares move that it waits for
     */
    Purse(MeterState row, long ledgerNanoUsd, MeterSettings common, Shares shares, ActorRef<Meter.Command> watcher) {
        this.common = common;
        this.shares = shares;
        this.watcher = watcher;
        this.durable = row;
        this.spentNanoUsd = Math.max(row.spentNanoUsd(), ledgerNanoUsd - row.spentBefore());
        adopt(row.claimed(common));
        if (row.clean()) {
            row.holds().stream().filter(hold -> common.isDoorAlive(hold.id())).forEach(this::reopen);
        }
    }

    /** The purse of a row that its owner has just created, and so owns. */
    static Purse ofCreated(MeterState row, MeterSettings common, Shares shares, ActorRef<Meter.Command> watcher) {
        Purse purse = new Purse(row, row.spentBefore(), common, shares, watcher);
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

    KeySettings settings() {
        return (KeySettings) durable.settings();
    }

    // The accounts above.

    /** In the order of their locks; null when it is not known yet which they are. */
    private @Nullable List<Share> above() {
        long version = shares.version();
        if (above == null || aboveVersion != version) {
            above = shares.above(settings(), watcher);
            aboveVersion = version;
        }
        return above;
    }

    private @Nullable List<Share> chain(@Nullable String endUser) {
        List<Share> chain = above();
        if (chain == null || endUser == null || endUser.isEmpty()) {
            return chain;
        }
        Share customer = shares.find(AccountId.customer(endUser));
        if (customer == null) {
            return chain;
        }
        List<Share> longer = new ArrayList<>(chain);
        longer.add(customer);
        longer.sort((one, other) -> one.id().compareTo(other.id()));
        return longer;
    }

    /** The chain with its locks; one that was let go in between is looked up anew. */
    private @Nullable List<Share> lockedFor(@Nullable String endUser) {
        while (true) {
            List<Share> chain = chain(endUser);
            if (chain == null) {
                return null;
            }
            lock(chain);
            boolean whole = true;
            for (Share share : chain) {
                whole &= !share.isLetGo();
            }
            if (whole) {
                return chain;
            }
            unlock(chain);
            above = null;
        }
    }

    private static void lock(List<Share> chain) {
        for (int i = 0; i < chain.size(); i++) {
            chain.get(i).lock();
        }
    }

    private static void unlock(List<Share> chain) {
        for (int i = chain.size() - 1; i >= 0; i--) {
            chain.get(i).unlock();
        }
    }

    /** Holds the chain's locks. True when each account has said what it allows, or that it cannot. */
    private boolean isKnown(List<Share> chain) {
        boolean known = true;
        for (Share share : chain) {
            if (share.settings() == null && share.trouble() == null && !share.isGone()) {
                share.watch(watcher);
                shares.ask(share, 0);
                known = false;
            }
        }
        return known;
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
        Decision refusal = refusedBySettings(ask, now);
        if (refusal != null) {
            return Optional.of(refusal);
        }
        List<Share> chain = lockedFor(ask.endUser());
        if (chain == null) {
            return Optional.empty();
        }
        try {
            return isKnown(chain) ? reserve(ask, chain, now) : Optional.empty();
        } finally {
            unlock(chain);
        }
    }

    private Optional<Decision> reserve(Ask ask, List<Share> chain, long now) {
        if (holds.containsKey(ask.hold())) {
            return Optional.of(granted(ask.hold(), chain, now));
        }
        Decision refusal = refusedByAccounts(ask, chain);
        if (refusal == null) {
            refusal = refusedByLimits(ask, chain, now);
        }
        if (refusal != null) {
            return Optional.of(refusal);
        }
        if (isShort(ask, chain, now)) {
            return Optional.empty();
        }
        hold(ask, null, chain, now);
        return Optional.of(granted(ask.hold(), chain, now));
    }

    /** A call that runs asks for more: of what it is charged to already, and beyond a limit where that is allowed. */
    private Optional<Decision> topUp(Ask ask, long now) {
        Hold hold = holds.get(ask.hold());
        if (hold != null && hold.topUps() >= ask.topUp()) {
            return Optional.of(granted(ask));
        }
        boolean switches = hold == null || !hold.model().equals(ask.model());
        Decision refusal = switches ? refusedBySettings(ask, now) : null;
        if (refusal != null) {
            return Optional.of(refusal);
        }
        List<Share> chain = hold == null ? lockedFor(null) : lockedOf(hold);
        if (chain == null) {
            return Optional.empty();
        }
        try {
            return isKnown(chain) ? topUp(ask, hold, switches, chain, now) : Optional.empty();
        } finally {
            unlock(chain);
        }
    }

    private Optional<Decision> topUp(Ask ask, @Nullable Hold hold, boolean switches, List<Share> chain, long now) {
        Decision refusal = switches ? refusedByAccounts(ask, chain) : null;
        if (refusal == null) {
            refusal = refusedByLimits(ask, chain, now);
        }
        if (refusal != null) {
            return Optional.of(refusal);
        }
        if (isShort(ask, chain, now)) {
            return Optional.empty();
        }
        hold(ask, hold, chain, now);
        return Optional.of(granted(ask.hold(), chain, now));
    }

    /** The shares that a hold is charged to, with their locks. */
    private List<Share> lockedOf(Hold hold) {
        List<Share> chain = new ArrayList<>(hold.accounts().size());
        for (AccountId account : hold.accounts()) {
            Share share = shares.open(account);
            if (share != null) {
                chain.add(share);
            }
        }
        lock(chain);
        return chain;
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

    private static long amount(Portion portion, Ask ask) {
        return portion.id().isAbout(ask.model()) ? portion.id().unit().of(ask.need()) : 0;
    }

    /** What of a call an account pays: a team's key uses the team's budget and not its user's. */
    private Ask ask(Share share, Ask ask) {
        return share.id().kind() == AccountId.Kind.USER && settings().teamId() != null ? ask.withoutMoney() : ask;
    }

    private boolean isShort(Ask ask, List<Share> chain, long now) {
        for (OwnSlice own : owns) {
            if (isShort(own, ask, now)) {
                return true;
            }
        }
        for (Share share : chain) {
            Ask of = ask(share, ask);
            for (ShareSlice slice : share.slices()) {
                if (isShort(slice, of, now)) {
                    return true;
                }
            }
        }
        return false;
    }

    /** It does not have what the call needs, or calls that came before wait for it. */
    private boolean isShort(Portion portion, Ask ask, long now) {
        long amount = amount(portion, ask);
        if (amount == 0) {
            return false;
        }
        return (ask.topUp() == 0 && queued.contains(portion)) || fit(portion, amount, ask, now) == Portion.Fit.SHORT;
    }

    /** A call that runs may go beyond a limit that has no more within. */
    private static Portion.Fit fit(Portion portion, long amount, Ask ask, long now) {
        Portion.Fit within = portion.fit(amount, now);
        return within == Portion.Fit.EXCEEDED && ask.topUp() > 0 ? portion.fitBeyond(amount, now) : within;
    }

    private @Nullable Decision refusedBySettings(Ask ask, long now) {
        KeySettings settings = settings();
        if (settings.blocked()) {
            return new Decision.Blocked(Standing.Scope.API_KEY, null);
        }
        Instant expires = settings.expires();
        if (expires != null && now >= expires.toEpochMilli()) {
            return new Decision.Expired(expires);
        }
        if (!ask.model().isEmpty() && !settings.keyType().callsModels()) {
            return new Decision.TypeDenied(settings.keyType());
        }
        if (!ModelAccess.allows(settings.models(), ask.model())) {
            return new Decision.ModelDenied(Standing.Scope.API_KEY, ask.model(), settings.models());
        }
        return isUnpriced(settings, ask) ? new Decision.Unpriced(ask.model()) : null;
    }

    private boolean isUnpriced(Metered settings, Ask ask) {
        return !ask.need().priced()
                && settings.limits().isAboutMoney(ask.model())
                && common.unpriced() == MeterSettings.Unpriced.REJECT;
    }

    private @Nullable Decision refusedByAccounts(Ask ask, List<Share> chain) {
        boolean inTeam = false;
        for (Share share : chain) {
            AccountSettings settings = share.settings();
            if (share.isGone()) {
                return new Decision.Blocked(share.scope(), share.id().name());
            }
            if (settings == null || share.trouble() != null) {
                return new Decision.Unavailable("the meter of " + share.id() + " cannot answer");
            }
            inTeam |= share.id().kind() == AccountId.Kind.TEAM;
            if (settings.blocked()) {
                return new Decision.Blocked(share.scope(), share.id().name());
            }
            if (!ModelAccess.allows(settings.models(), ask.model())) {
                return new Decision.ModelDenied(share.scope(), ask.model(), settings.models());
            }
            if (isUnpriced(settings, ask(share, ask))) {
                return new Decision.Unpriced(ask.model());
            }
        }
        return !inTeam
                        && !ask.model().isEmpty()
                        && ModelAccess.isOfTeam(settings().models())
                ? new Decision.ModelDenied(Standing.Scope.TEAM, ask.model(), List.of())
                : null;
    }

    /** Money first: of several limits that are short, the one that is told is the one that waiting helps least. */
    private @Nullable Decision refusedByLimits(Ask ask, List<Share> chain, long now) {
        Portion worst = null;
        for (OwnSlice own : owns) {
            worst = worse(worst, own, ask, now);
        }
        for (Share share : chain) {
            Ask of = ask(share, ask);
            for (ShareSlice slice : share.slices()) {
                worst = worse(worst, slice, of, now);
            }
        }
        Long parallel = durable.settings().limits().maxParallelRequests();
        if (worst == null && parallel != null && ask.need().slots() > parallel - slots) {
            return new Decision.Exceeded(slotsStanding(parallel), ask.need().slots(), standings(chain, now));
        }
        return worst == null
                ? null
                : new Decision.Exceeded(worst.refusal(now), amount(worst, ask), standings(chain, now));
    }

    private static @Nullable Portion worse(@Nullable Portion worst, Portion next, Ask ask, long now) {
        long amount = amount(next, ask);
        if (amount == 0 || fit(next, amount, ask, now) != Portion.Fit.EXCEEDED) {
            return worst;
        }
        return worst == null || rank(next) >= rank(worst) ? next : worst;
    }

    private static int rank(Portion portion) {
        return switch (portion.id().unit()) {
            case SLOTS -> 0;
            case REQUESTS -> 1;
            case TOKENS -> 2;
            case NANO_USD -> 3;
        };
    }

    private void hold(Ask ask, @Nullable Hold before, List<Share> chain, long now) {
        if (ask.need().equals(Need.NONE)) {
            return;
        }
        List<Hold.Piece> pieces = new ArrayList<>(owns.size());
        boolean beyond = false;
        for (OwnSlice own : owns) {
            long amount = amount(own, ask);
            if (amount > 0) {
                Hold.Piece piece = Hold.taken(own, amount, now);
                beyond |= piece.beyond();
                pieces.add(piece);
            }
        }
        List<AccountId> accounts = new ArrayList<>(chain.size());
        for (Share share : chain) {
            share.hold(ask(share, ask), now);
            shares.ask(share, now);
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

    private Decision granted(HoldId id, List<Share> chain, long now) {
        return new Decision.Granted(
                id,
                durable.epoch(),
                durable.id(),
                settings(),
                organization(chain),
                spentNanoUsd,
                standings(chain, now));
    }

    private @Nullable String organization(List<Share> chain) {
        for (Share share : chain) {
            if (share.id().kind() == AccountId.Kind.ORGANIZATION) {
                return share.id().name();
            }
        }
        return settings().organizationId();
    }

    // Waiting.

    /** A call that waits needs some of these limits raised: whoever comes later and needs one of them waits behind it. */
    void queue(Ask ask, long now) {
        for (OwnSlice own : owns) {
            if (isShort(own, ask, now)) {
                queued.add(own);
            }
        }
        Hold hold = holds.get(ask.hold());
        List<Share> chain = hold == null ? lockedFor(ask.endUser()) : lockedOf(hold);
        if (chain == null) {
            return;
        }
        List<Share> asked = new ArrayList<>(1);
        try {
            for (Share share : chain) {
                Ask of = ask(share, ask);
                boolean isShort = false;
                for (ShareSlice slice : share.slices()) {
                    if (isShort(slice, of, now)) {
                        queued.add(slice);
                        isShort = true;
                    }
                }
                if (isShort) {
                    share.await(of, watcher);
                    shares.ask(share, now);
                    asked.add(share);
                }
            }
        } finally {
            unlock(chain);
        }
        List<Share> before = asked.isEmpty() ? awaited.remove(ask.hold()) : awaited.put(ask.hold(), asked);
        if (before != null) {
            before.removeAll(asked);
            forget(ask.hold(), before);
        }
    }

    /** The call waits no longer. */
    void forget(HoldId hold) {
        List<Share> asked = awaited.remove(hold);
        if (asked != null) {
            forget(hold, asked);
        }
    }

    private static void forget(HoldId hold, List<Share> asked) {
        lock(asked);
        asked.forEach(share -> share.forget(hold));
        unlock(asked);
    }

    /** The queue is looked at again from its head. */
    void unqueue() {
        queued.clear();
    }

    // Settling.

    /**
     * Ends a hold: what it did not use is free at once.
     *
     * @param held what the door says was held, for a hold of an older epoch
     * @param began whether an upstream attempt began; if not, everything comes back
     * @return what has to be durable before it is acknowledged
     */
    Debt settle(HoldId id, long epoch, Need held, Need used, boolean began) {
        Hold hold = holds.remove(id);
        if (hold == null) {
            return settleOldEpoch(id, epoch, held, used, began);
        }
        boolean ofCrashed = epoch < durable.epoch() && remember(id);
        Need charged = ofCrashed ? held.less(hold.need()) : Need.NONE;
        slots -= hold.need().slots();
        spentNanoUsd += began ? used.nanoUsd() : 0;
        boolean owes = false;
        for (OwnSlice own : owns) {
            Hold.settle(own, hold.model(), hold.pieces(), charged, used, began);
            owes |= own.owesStore();
        }
        Map<Share, Long> marks = Map.of();
        for (AccountId account : hold.accounts()) {
            Share share = shares.open(account);
            if (share == null) {
                continue;
            }
            share.lock();
            try {
                long before = share.charged();
                share.settle(id, used, began);
                if (share.charged() > before) {
                    marks = marks.isEmpty() ? new HashMap<>() : marks;
                    marks.put(share, share.charged());
                    share.watch(watcher);
                    shares.ask(share, 0);
                }
            } finally {
                share.unlock();
            }
        }
        return new Debt(owes, marks);
    }

    /** What an owner that crashed had held is charged whole already: only what goes beyond is still to be charged. */
    private Debt settleOldEpoch(HoldId id, long epoch, Need held, Need used, boolean began) {
        boolean ofThisKey = epoch >= durable.born() && epoch < durable.epoch();
        if (!ofThisKey || !remember(id)) {
            return Debt.NONE;
        }
        spentNanoUsd += began ? used.nanoUsd() : 0;
        boolean owes = false;
        for (OwnSlice own : owns) {
            LimitId.Unit unit = own.id().unit();
            long had = unit.of(held);
            own.charge(began && own.id().model() == null ? Math.max(0, unit.charged(had, used, true) - had) : 0);
            owes |= own.owesStore();
        }
        List<Share> chain = above();
        for (Share share : chain == null ? List.<Share>of() : chain) {
            share.lock();
            try {
                if (!share.settle(id, used, began) && began) {
                    share.charge("", held, used);
                }
                shares.ask(share, 0);
            } finally {
                share.unlock();
            }
        }
        return new Debt(owes, Map.of());
    }

    private boolean remember(HoldId id) {
        if (settledOfOldEpochs.size() >= REMEMBERED_SETTLEMENTS) {
            settledOfOldEpochs.remove(settledOfOldEpochs.iterator().next());
        }
        return settledOfOldEpochs.add(id);
    }

    // The row.

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
     * @param waiting calls that wait for room
     */
    Optional<MeterState> plan(UnaryOperator<MeterState> change, Collection<Ask> waiting, long now, long nonce) {
        MeterState base = claimed ? durable : durable.claimed(common);
        MeterState changed = change.apply(base);
        Map<LimitId, OwnSlice> known = owns.stream().collect(Collectors.toMap(OwnSlice::id, Function.identity()));
        Map<LimitId, LimitState> states =
                changed.limits().stream().collect(Collectors.toMap(LimitState::id, Function.identity()));
        List<LimitState> planned = new ArrayList<>();
        for (LimitRule rule : LimitRule.of(changed.settings())) {
            LimitState state = states.get(rule.id());
            if (state != null) {
                OwnSlice own = known.get(rule.id());
                planned.add(own == null ? state : own.plan(state, rule, wanted(own, waiting, rule.cap(now), now), now));
            }
        }
        MeterState next = changed.withLimits(planned, durable.spentNanoUsd());
        return next.equals(durable)
                ? Optional.empty()
                : Optional.of(next.withLimits(planned, spentNanoUsd).next(nonce));
    }

    private static long wanted(OwnSlice own, Collection<Ask> waiting, long cap, long now) {
        long sum = 0;
        for (Ask ask : waiting) {
            long amount = amount(own, ask);
            if (amount <= cap - sum && own.fit(amount, now) != Portion.Fit.EXCEEDED) {
                sum += amount;
            }
        }
        return sum;
    }

    /** A plan is durable: its raises may be used. */
    void written(MeterState row) {
        durable = row;
        claimed = true;
        above = null;
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
                own = new OwnSlice(rule, state, common);
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

    // What it shows.

    /** What is spent, and what open holds may still spend. */
    long spentOrHeld() {
        return spentNanoUsd + heldNanoUsd();
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
        List<Share> chain = lockedFor(null);
        if (chain == null) {
            return false;
        }
        try {
            return isKnown(chain);
        } finally {
            unlock(chain);
        }
    }

    List<Standing> standings(long now) {
        List<Share> chain = lockedFor(null);
        if (chain == null) {
            return standings(List.of(), now);
        }
        try {
            return standings(chain, now);
        } finally {
            unlock(chain);
        }
    }

    private List<Standing> standings(List<Share> chain, long now) {
        List<Standing> standings = new ArrayList<>(owns.size() + 1);
        for (OwnSlice own : owns) {
            standings.add(own.standing(now));
        }
        Long parallel = durable.settings().limits().maxParallelRequests();
        if (parallel != null) {
            standings.add(slotsStanding(parallel));
        }
        for (Share share : chain) {
            for (ShareSlice slice : share.slices()) {
                standings.add(slice.standing(now));
            }
        }
        return standings;
    }

    private Standing slotsStanding(long limit) {
        return new Standing(Standing.Scope.API_KEY, null, LimitId.SLOTS, limit, slots, slots, null);
    }
}
