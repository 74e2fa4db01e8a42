package dev.weir.config;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What an account is allowed: a user, a team, a member of one, an organization, a customer, everything together, or
 * each of a group of end users.
 *
 * @param alias {@code team_alias}, {@code user_alias}, {@code organization_alias} or {@code alias}; need not be unique
 * @param organizationId of a team
 * @param members of a team, each user once
 */
public record AccountSettings(
        AccountId.Kind kind,
        @Nullable String alias,
        List<String> models,
        @Nullable String organizationId,
        List<Member> members,
        Limits limits,
        Map<String, Object> metadata,
        boolean blocked)
        implements Metered {

    /**
     * A user of a team.
     *
     * @param role {@code admin} or {@code user}; a label
     */
    public record Member(String userId, String role) {}

    public AccountSettings {
        models = List.copyOf(models);
        members = List.copyOf(members);
        metadata = Collections.unmodifiableMap(new LinkedHashMap<>(metadata));
    }

    /** An account without any limit, for every model. */
    public static AccountSettings unlimited(AccountId.Kind kind) {
        return new AccountSettings(kind, null, List.of(), null, List.of(), Limits.NONE, Map.of(), false);
    }

    /** A group of end users, {@code each} of whom has these limits. */
    public static AccountSettings ofEndUsers(Limits each) {
        return unlimited(AccountId.Kind.END_USERS).withLimits(each);
    }

    @Override
    public AccountSettings withBlocked(boolean other) {
        return new AccountSettings(kind, alias, models, organizationId, members, limits, metadata, other);
    }

    public AccountSettings withLimits(Limits other) {
        return new AccountSettings(kind, alias, models, organizationId, members, other, metadata, blocked);
    }

    public AccountSettings withModels(List<String> other) {
        return new AccountSettings(kind, alias, other, organizationId, members, limits, metadata, blocked);
    }

    public AccountSettings withMembers(List<Member> other) {
        return new AccountSettings(kind, alias, models, organizationId, other, limits, metadata, blocked);
    }

    /** What calls below it are held to: not who its members are, nor what somebody has noted. */
    public AccountSettings forCalls() {
        return new AccountSettings(kind, alias, models, organizationId, List.of(), limits, Map.of(), blocked);
    }

    public AccountSettings withOrganization(@Nullable String other) {
        return new AccountSettings(kind, alias, models, other, members, limits, metadata, blocked);
    }
}
