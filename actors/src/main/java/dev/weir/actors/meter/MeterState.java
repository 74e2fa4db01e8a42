package dev.weir.actors.meter;

import dev.weir.config.KeySettings;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * A meter as the store has it: one row. It does its own arithmetic and knows no clock.
 *
 * @param id the key's SHA-256 in hex
 * @param version of the settings; 1 when created
 * @param tombstone the key was deleted; a row never goes away
 * @param rev of the row: the store takes revision r + 1 only over r
 * @param nonce of the write that made this revision, so that a writer can recognise its own
 * @param epoch counts owners
 * @param born the epoch of this key's creation: settlements of an older one are those of a deleted namesake
 * @param host the node incarnation that owns the meter, or owned it last
 * @param clean the owner left by itself: figures are exact and the open holds are with them
 * @param spentNanoUsd spent in this key's life, as far as known when written
 * @param spentBefore what the ledger has of deleted namesakes
 * @param holds open ones, if clean
 */
public record MeterState(
        String id,
        KeySettings settings,
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
        List<Hold> holds) {

    public MeterState {
        limits = List.copyOf(limits);
        holds = List.copyOf(holds);
    }

    /** The first row of a key that never was. */
    static MeterState created(String id, KeySettings settings, long host, long now) {
        return new MeterState(id, settings, 1, false, 0, 0, 1, 1, host, false, 0, 0, limits(settings, now), List.of());
    }

    /** The same key after its deletion: a new life in a new epoch, which knows nothing of the old one's holds. */
    MeterState recreated(KeySettings next, long newHost, long now, long ledgerNanoUsd) {
        return new MeterState(
                id,
                next,
                version + 1,
                false,
                rev,
                nonce,
                epoch + 1,
                epoch + 1,
                newHost,
                false,
                0,
                ledgerNanoUsd,
                limits(next, now),
                List.of());
    }

    private static List<LimitState> limits(KeySettings settings, long now) {
        return LimitRule.of(settings).stream()
                .map(rule ->
                        rule.period() == null ? LimitState.forEver(rule.id(), now, 0) : LimitState.unopened(rule.id()))
                .toList();
    }

    /** Taken over by an owner on {@code newHost}: after an unclean end, all that was granted counts as used. */
    MeterState claimed(long newHost) {
        List<LimitState> taken =
                clean ? limits : limits.stream().map(LimitState::folded).toList();
        return new MeterState(
                id,
                settings,
                version,
                tombstone,
                rev,
                nonce,
                epoch + 1,
                born,
                newHost,
                false,
                spentNanoUsd,
                spentBefore,
                taken,
                List.of());
    }

    /**
     * Other settings. A limit that stays keeps its figures; a new budget without windows starts with what was spent,
     * as it is about the key's whole life.
     */
    MeterState withSettings(KeySettings next, long now, long spentOrHeld) {
        Map<LimitId, LimitState> known = limits.stream().collect(Collectors.toMap(LimitState::id, Function.identity()));
        List<LimitState> kept = new ArrayList<>();
        for (LimitRule rule : LimitRule.of(next)) {
            LimitState state = known.get(rule.id());
            if (state == null && rule.period() == null) {
                state = LimitState.forEver(rule.id(), now, spentOrHeld);
            } else if (state == null) {
                state = LimitState.unopened(rule.id());
            }
            kept.add(state);
        }
        return new MeterState(
                id,
                next,
                version + 1,
                tombstone,
                rev,
                nonce,
                epoch,
                born,
                host,
                clean,
                spentNanoUsd,
                spentBefore,
                kept,
                holds);
    }

    MeterState withBlocked(boolean blocked) {
        KeySettings s = settings;
        KeySettings next = new KeySettings(
                s.alias(),
                s.models(),
                s.userId(),
                s.teamId(),
                s.maxBudget(),
                s.budgetDuration(),
                s.rpmLimit(),
                s.tpmLimit(),
                s.maxParallelRequests(),
                s.expires(),
                s.keyType(),
                s.metadata(),
                s.tags(),
                blocked);
        return withSettings(next, 0, 0);
    }

    MeterState deleted() {
        return new MeterState(
                id,
                settings,
                version + 1,
                true,
                rev,
                nonce,
                epoch,
                born,
                host,
                clean,
                spentNanoUsd,
                spentBefore,
                List.of(),
                List.of());
    }

    MeterState withLimits(List<LimitState> next, long spent) {
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
                spent,
                spentBefore,
                next,
                holds);
    }

    /** The last word of an owner that leaves. */
    MeterState left(List<LimitState> exact, List<Hold> open, long spent) {
        return new MeterState(
                id, settings, version, tombstone, rev, nonce, epoch, born, host, true, spent, spentBefore, exact, open);
    }

    /** The revision after this one, as it is to be written. */
    MeterState next(long newNonce) {
        return new MeterState(
                id,
                settings,
                version,
                tombstone,
                rev + 1,
                newNonce,
                epoch,
                born,
                host,
                clean,
                spentNanoUsd,
                spentBefore,
                limits,
                holds);
    }
}
