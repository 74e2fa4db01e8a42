package dev.weir.actors.meter;

import dev.weir.config.AccountId;
import dev.weir.config.AccountSettings;
import dev.weir.config.Metered;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A meter as the store has it: one row. It does its own arithmetic and knows no clock.
 *
 * @param id of a key the SHA-256 that it was made with, in hex; of an account its {@link dev.weir.config.AccountId}
 * @param version of the settings; 1 when created
 * @param tombstone it was deleted; a row never goes away
 * @param rev of the row: the store takes revision r + 1 only over r
 * @param nonce of the write that made this revision, so that a writer can recognise its own
 * @param epoch counts owners
 * @param born the epoch of this key's creation: settlements of an older one are those of a deleted namesake
 * @param host the node incarnation that owns the meter, or owned it last
 * @param clean the owner left by itself: figures are exact and the open holds are with them
 * @param spentNanoUsd spent in this key's life, as far as known when written
 * @param spentBefore what the ledger has of deleted namesakes
 * @param holds open ones, if clean
 * @param former hosts before this one that did not leave by themselves and may be at work still; below 0 is one that is, and that
 *     says that it does not have this meter any more: only its calls have to be asked for
 * @param request the operator's change that was made last; 0 of none
 * @param past what is known of holds that are not open; of single ones, if clean
 */
public record MeterState(
        String id,
        Metered settings,
        long version,
        boolean tombstone,
        long rev,
        long nonce,
        long epoch,
        long born,
        long host,
        boolean clean,
        long spentNanoUsd,
        long spentBefore,
        List<LimitState> limits,
        List<Hold> holds,
        List<Secret> secrets,
        List<Long> former,
        long request,
        PastHolds past) {

    /** A limit that is set again has later generations than it had before: those of each version are its own, so many bits of them. */
    private static final int GENS_OF_VERSION = 32;

    /**
     * A secret that opens a key, by its SHA-256 in hex.
     *
     * @param until when it stops to, in epoch milliseconds; {@link Long#MAX_VALUE} is never
     */
    public record Secret(String hash, long until) {}

    public MeterState {
        limits = List.copyOf(limits);
        holds = List.copyOf(holds);
        secrets = List.copyOf(secrets);
        former = List.copyOf(former);
    }

    /** Whether {@code hash} opens this key now. Until it is rotated a key has the one secret that names it. */
    boolean opens(String hash, long now) {
        if (secrets.isEmpty()) {
            return hash.equals(id);
        }
        for (Secret secret : secrets) {
            if (secret.hash.equals(hash)) {
                return now < secret.until;
            }
        }
        return false;
    }

    /** The first row of a key that never was. */
    static MeterState created(String id, Metered settings, long host, long now) {
        return new MeterState(
                id,
                settings,
                1,
                false,
                0,
                0,
                1,
                1,
                host,
                false,
                0,
                0,
                limits(settings, now),
                List.of(),
                List.of(),
                List.of(),
                0,
                PastHolds.none(1));
    }

    /**
     * The same key after its deletion: a new life in a new epoch, which knows nothing of the old one's holds.
     *
     * @param hash of the secret that opens it; null where that is its id. A key that was rotated is found by later secrets too
     */
    MeterState recreated(Metered next, @Nullable String hash, long newHost, long now, long ledgerNanoUsd) {
        Draft draft = changed(next);
        draft.tombstone = false;
        draft.epoch++;
        draft.born = draft.epoch;
        draft.past = PastHolds.none(draft.epoch);
        draft.host = newHost;
        draft.clean = false;
        draft.spentNanoUsd = 0;
        draft.spentBefore = ledgerNanoUsd;
        draft.limits = limits(next, now);
        draft.holds = List.of();
        draft.secrets = hash == null ? List.of() : List.of(new Secret(hash, Long.MAX_VALUE));
        return draft.state();
    }

    /** Of a group of end users, limits come with them. */
    private static List<LimitState> limits(Metered settings, long now) {
        if (settings instanceof AccountSettings account && account.kind() == AccountId.Kind.END_USERS) {
            return List.of();
        }
        return LimitRule.of(settings).stream()
                .map(rule ->
                        rule.period() == null ? LimitState.forEver(rule.id(), now, 0) : LimitState.unopened(rule.id()))
                .toList();
    }

    /**
     * Taken over by an owner on this node: after an unclean end, all that was granted counts as used, and so does what
     * nodes that are gone had.
     */
    MeterState claimed(MeterSettings common) {
        return claimed(common, host);
    }

    /** @param by whom its calls are asked for where it was not left: the host, or what stands for one that is at work */
    MeterState claimed(MeterSettings common, long by) {
        Draft draft = new Draft(this);
        draft.epoch++;
        draft.past = PastHolds.none(clean ? past.knownSince() : draft.epoch);
        draft.host = common.host();
        draft.clean = false;
        draft.limits = limits.stream()
                .map(limit -> common.withoutGone(clean ? limit : limit.folded()))
                .toList();
        draft.holds = List.of();
        draft.former = formerly(common, by);
        return draft.state();
    }

    private List<Long> formerly(MeterSettings common, long by) {
        List<Long> hosts = new ArrayList<>(former);
        if (!clean && by != common.host()) {
            hosts.add(by);
        }
        hosts.removeIf(common.nodes()::isReleased);
        return hosts;
    }

    /**
     * Other settings. A limit that stays keeps its figures; a new budget without windows starts with what was spent,
     * as it is about the key's whole life. Calls that run are charged to it when they end.
     */
    MeterState withSettings(Metered next, long now, long spent) {
        Map<LimitId, LimitState> known = limits.stream().collect(Collectors.toMap(LimitState::id, Function.identity()));
        Draft draft = changed(next);
        List<LimitState> kept = new ArrayList<>();
        for (LimitRule rule : LimitRule.of(next)) {
            LimitState state = known.get(rule.id());
            if (state == null) {
                boolean ofAll = rule.period() == null
                        && rule.id().kind() == LimitId.Kind.BUDGET
                        && rule.id().model() == null;
                long gen = draft.version << GENS_OF_VERSION;
                state = LimitState.begun(rule.id(), gen, rule.period() != null, now, ofAll ? spent : 0);
            }
            kept.add(state);
        }
        draft.limits = kept;
        return draft.state();
    }

    /** What limits each of a group of end users; its owner counts the versions. */
    MeterState withPolicy(EndUserPolicy policy) {
        Draft draft = changed(policy.settings());
        draft.version = policy.version();
        return draft.state();
    }

    MeterState withBlocked(boolean blocked) {
        return withSettings(settings.withBlocked(blocked), 0, 0);
    }

    MeterState deleted() {
        Draft draft = changed(settings);
        draft.tombstone = true;
        draft.limits = List.of();
        draft.holds = List.of();
        draft.secrets = List.of();
        return draft.state();
    }

    MeterState withLimits(List<LimitState> next, long spent) {
        Draft draft = new Draft(this);
        draft.limits = next;
        draft.spentNanoUsd = spent;
        return draft.state();
    }

    /** The last word of an owner that leaves. */
    MeterState left(List<LimitState> exact, List<Hold> open, PastHolds over, long spent) {
        Draft draft = new Draft(this);
        draft.clean = true;
        draft.limits = exact;
        draft.holds = open;
        draft.past = over;
        draft.spentNanoUsd = spent;
        return draft.state();
    }

    /** The revision after this one, as it is to be written. */
    MeterState next(long newNonce) {
        Draft draft = new Draft(this);
        draft.rev++;
        draft.nonce = newNonce;
        return draft.state();
    }

    /** Made what it is by an operator's change. */
    MeterState by(long change) {
        Draft draft = new Draft(this);
        draft.request = change;
        return draft.state();
    }

    /** Opened by {@code hash} from now on, and by what opened it before until {@code until}. */
    MeterState rotated(String hash, long now, long until) {
        List<Secret> next = new ArrayList<>();
        next.add(new Secret(hash, Long.MAX_VALUE));
        for (Secret secret : secrets.isEmpty() ? List.of(new Secret(id, Long.MAX_VALUE)) : secrets) {
            // Its hash stays with the key: nobody else gets it, and who shows it is told no, not somebody else's yes.
            next.add(new Secret(secret.hash, Math.min(secret.until, Math.max(now, until))));
        }
        Draft draft = changed(settings);
        draft.secrets = next;
        return draft.state();
    }

    /** Budgets begin anew, with {@code used} of each gone. */
    MeterState reset(long used, long now, ZoneId zone) {
        Map<LimitId, LimitRule> rules =
                LimitRule.of(settings).stream().collect(Collectors.toMap(LimitRule::id, Function.identity()));
        List<LimitState> next = limits.stream()
                .map(limit -> {
                    LimitRule rule = rules.get(limit.id());
                    return rule == null || limit.id().kind() != LimitId.Kind.BUDGET
                            ? limit
                            : limit.reset(rule, now, zone, used);
                })
                .toList();
        Draft draft = changed(settings);
        draft.limits = next;
        return draft.state();
    }

    /** An operator's change: the settings' next version. */
    private Draft changed(Metered next) {
        Draft draft = new Draft(this);
        draft.settings = next;
        draft.version++;
        return draft;
    }

    /** A row that is being changed. */
    private static final class Draft {
        private final String id;
        private Metered settings;
        private long version;
        private boolean tombstone;
        private long rev;
        private long nonce;
        private long epoch;
        private long born;
        private long host;
        private boolean clean;
        private long spentNanoUsd;
        private long spentBefore;
        private List<LimitState> limits;
        private List<Hold> holds;
        private List<Secret> secrets;
        private List<Long> former;
        private long request;
        private PastHolds past;

        Draft(MeterState of) {
            id = of.id;
            settings = of.settings;
            version = of.version;
            tombstone = of.tombstone;
            rev = of.rev;
            nonce = of.nonce;
            epoch = of.epoch;
            born = of.born;
            host = of.host;
            clean = of.clean;
            spentNanoUsd = of.spentNanoUsd;
            spentBefore = of.spentBefore;
            limits = of.limits;
            holds = of.holds;
            secrets = of.secrets;
            former = of.former;
            request = of.request;
            past = of.past;
        }

        MeterState state() {
            return new MeterState(
                    id,
                    settings,
                    version,
                    tombstone,
                    rev,
                    nonce,
                    epoch,
                    born,
                    host,
                    clean,
                    spentNanoUsd,
                    spentBefore,
                    limits,
                    holds,
                    secrets,
                    former,
                    request,
                    past);
        }
    }
}
