package dev.weir.config;

import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.Locale;

/**
 * The name of an account: what stands above keys and has limits of its own. Its text is the id of its meter.
 *
 * @param name the operator's; of a member, its team's and its user's
 */
public record AccountId(Kind kind, String name) implements Comparable<AccountId> {

    /** Kinds of accounts, in the order in which a refusal names them. */
    public enum Kind {
        /** A person or a program, over all its keys. */
        USER,
        /** A user within a team. */
        MEMBER,
        TEAM,
        ORGANIZATION,
        /** An end user of an application, named in its requests. */
        CUSTOMER,
        /** Everything that goes through this gateway. */
        GLOBAL,
        /**
         * Some of the end users below a key or an account that limits each of them. Nobody makes one: it is there when it
         * is needed. The last kind, because which of them a call has is known when all other accounts are.
         */
        END_USERS;

        /** How ids begin. */
        public String prefix() {
            return name().toLowerCase(Locale.ROOT) + "/";
        }
    }

    public static final AccountId EVERYTHING = new AccountId(Kind.GLOBAL, "all");

    /** Over so many accounts the end users below one owner are spread: another number would be other accounts. */
    public static final int GROUPS = 256;

    /** Characters of a name that somebody gives. */
    public static final int LONGEST_NAME = 256;

    /** Of the group of a member, whose team's name is encoded: nine characters for one. */
    private static final int LONGEST = 10 * LONGEST_NAME + 32;

    public AccountId {
        if (name.isEmpty() || name.length() > LONGEST) {
            throw new IllegalArgumentException(
                    "account: a name of " + name.length() + " characters (expected: 1 to " + LONGEST_NAME + ")");
        }
    }

    public static AccountId user(String name) {
        return new AccountId(Kind.USER, name);
    }

    public static AccountId team(String name) {
        return new AccountId(Kind.TEAM, name);
    }

    public static AccountId organization(String name) {
        return new AccountId(Kind.ORGANIZATION, name);
    }

    public static AccountId customer(String name) {
        return new AccountId(Kind.CUSTOMER, name);
    }

    public static AccountId member(String team, String user) {
        return new AccountId(Kind.MEMBER, URLEncoder.encode(team, StandardCharsets.UTF_8) + "/" + user);
    }

    /** The group of {@code endUser} among those below {@code owner}, a meter's id. */
    public static AccountId endUsers(String owner, String endUser) {
        int hash = endUser.hashCode();
        int group = Math.floorMod(hash ^ (hash >>> 8) ^ (hash >>> 16), GROUPS);
        return new AccountId(Kind.END_USERS, owner + "#" + group);
    }

    /** The meter that sets the limits here: this account's own, but for a group of end users. */
    public String owner() {
        return kind == Kind.END_USERS ? name.substring(0, name.lastIndexOf('#')) : toString();
    }

    /** Whether {@link #parse} reads it: the other meters are those of keys. */
    public static boolean isId(String id) {
        return id.indexOf('/') >= 0;
    }

    /** @throws IllegalArgumentException when {@code id} is not what {@link #toString} makes */
    public static AccountId parse(String id) {
        for (Kind kind : Kind.values()) {
            if (id.startsWith(kind.prefix())) {
                return new AccountId(kind, id.substring(kind.prefix().length()));
            }
        }
        throw new IllegalArgumentException("account: \"" + id + "\" (expected: a kind, a slash and a name)");
    }

    @Override
    public String toString() {
        return kind.prefix() + name;
    }

    @Override
    public int compareTo(AccountId other) {
        int byKind = kind.compareTo(other.kind);
        return byKind != 0 ? byKind : name.compareTo(other.name);
    }
}
