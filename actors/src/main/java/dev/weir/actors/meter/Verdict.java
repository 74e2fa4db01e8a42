package dev.weir.actors.meter;

import dev.weir.config.AccountId;
import dev.weir.config.AccountSettings;
import dev.weir.config.KeySettings;
import dev.weir.config.Metered;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Why a call may not go on, if it may not: what a key is allowed, what the accounts above it are, and their limits. */
record Verdict(KeySettings key, MeterSettings common) {

    /** Null when the key itself has nothing against the call. */
    @Nullable
    Decision bySettings(Ask ask, long now) {
        if (key.blocked()) {
            return new Decision.Blocked(Standing.Scope.API_KEY, null);
        }
        Instant expires = key.expires();
        if (expires != null && now >= expires.toEpochMilli()) {
            return new Decision.Expired(expires);
        }
        if (!ask.model().isEmpty() && !key.keyType().callsModels()) {
            return new Decision.TypeDenied(key.keyType());
        }
        if (!ModelAccess.allows(key.models(), ask.model())) {
            return new Decision.ModelDenied(Standing.Scope.API_KEY, ask.model(), key.models());
        }
        return isUnpriced(key, ask) ? new Decision.Unpriced(ask.model()) : null;
    }

    private boolean isUnpriced(Metered settings, Ask ask) {
        return !ask.need().priced()
                && settings.limits().isAboutMoney(ask.model())
                && common.unpriced() == MeterSettings.Unpriced.REJECT;
    }

    /** Null when none of the accounts has anything against the call. */
    @Nullable
    Decision byAccounts(Ask ask, List<Share> above) {
        for (Share share : above) {
            Decision refusal = byAccount(ask, share);
            if (refusal != null) {
                return refusal;
            }
        }
        return !ask.model().isEmpty() && lacksTeam(above)
                ? new Decision.ModelDenied(Standing.Scope.TEAM, ask.model(), List.of())
                : null;
    }

    /** The key may use what its team may, and has none. */
    private boolean lacksTeam(List<Share> above) {
        return ModelAccess.isOfTeam(key.models())
                && above.stream().noneMatch(share -> share.id().kind() == AccountId.Kind.TEAM);
    }

    /** The model lists of those above. */
    List<List<String>> models(List<Share> above) {
        List<List<String>> lists = new ArrayList<>();
        for (Share share : above) {
            AccountSettings settings = share.settings();
            if (settings != null && !settings.models().isEmpty()) {
                lists.add(settings.models());
            }
        }
        if (lacksTeam(above)) {
            lists.add(ModelAccess.NOTHING);
        }
        return lists;
    }

    private @Nullable Decision byAccount(Ask ask, Share share) {
        AccountSettings settings = share.settings();
        if (share.isGone()) {
            return new Decision.Blocked(share.scope(), share.id().name());
        }
        if (settings == null || share.trouble() != null) {
            return new Decision.Unavailable("the meter of " + share.id() + " cannot answer");
        }
        if (settings.blocked()) {
            return new Decision.Blocked(share.scope(), share.id().name());
        }
        if (!ModelAccess.allows(settings.models(), ask.model())) {
            return new Decision.ModelDenied(share.scope(), ask.model(), settings.models());
        }
        return isUnpriced(settings, of(share, ask)) ? new Decision.Unpriced(ask.model()) : null;
    }

    /** What of a call an account pays: a team's key uses the team's budget and not its user's. */
    Ask of(Share share, Ask ask) {
        return pays(share.id()) ? ask : ask.withoutMoney();
    }

    boolean pays(AccountId account) {
        return key.teamId() == null || !isOfUser(account);
    }

    private static boolean isOfUser(AccountId id) {
        return id.kind() == AccountId.Kind.USER
                || (id.kind() == AccountId.Kind.END_USERS && id.owner().startsWith(AccountId.Kind.USER.prefix()));
    }

    /**
     * The limit that does not have what the call needs; null when all have it, or may. Money first: of several that are
     * short, the one that is told is the one that waiting helps least.
     */
    @Nullable
    Portion worst(Ask ask, List<OwnSlice> owns, List<Share> above, long now) {
        Portion worst = null;
        for (OwnSlice own : owns) {
            worst = worse(worst, own, ask, now);
        }
        for (Share share : above) {
            Ask of = of(share, ask);
            for (ShareSlice slice : share.slices(ask)) {
                worst = worse(worst, slice, of, now);
            }
        }
        return worst;
    }

    /** The refusal for a limit of end users that has no room for one more. */
    static Decision crowded(AccountId group) {
        String owner = group.owner();
        if (!AccountId.isId(owner)) {
            return new Decision.Crowded(Standing.Scope.API_KEY, null);
        }
        AccountId account = AccountId.parse(owner);
        return new Decision.Crowded(Share.scope(account.kind()), account.name());
    }

    private static @Nullable Portion worse(@Nullable Portion worst, Portion next, Ask ask, long now) {
        if (ask.amount(next) == 0 || ask.fit(next, now) != Portion.Fit.EXCEEDED) {
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
}
