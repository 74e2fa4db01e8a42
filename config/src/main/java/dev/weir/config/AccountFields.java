package dev.weir.config;

import static dev.weir.config.LimitFields.field;
import static dev.weir.config.LimitFields.orElse;

import dev.weir.config.AccountId.Kind;
import dev.weir.config.AccountSettings.Member;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * The fields of an account, as {@code /user}, {@code /team}, {@code /organization} and {@code /customer} spell them.
 *
 * <p>As with keys, what is unknown or would not be kept is a problem.
 */
public final class AccountFields {

    private static final String MEMBERS = "members_with_roles";
    private static final Set<String> ROLES = Set.of("admin", "user");

    private AccountFields() {}

    /** What became of a document with an account's fields. */
    public sealed interface Outcome {}

    /** All of it is understood and can be kept. */
    public record Valid(AccountSettings settings) implements Outcome {}

    /** Some of it is not; the paths are the fields' names. */
    public record Invalid(List<Problem> problems) implements Outcome {
        public Invalid {
            problems = List.copyOf(problems);
        }
    }

    /** The field that names an account of this kind. */
    public static String idField(Kind kind) {
        return switch (kind) {
            case USER, CUSTOMER, MEMBER -> "user_id";
            case TEAM -> "team_id";
            case ORGANIZATION -> "organization_id";
            case GLOBAL, END_USERS -> "global_id";
        };
    }

    private static String aliasField(Kind kind) {
        return switch (kind) {
            case USER -> "user_alias";
            case TEAM -> "team_alias";
            case ORGANIZATION -> "organization_alias";
            case CUSTOMER, MEMBER, GLOBAL, END_USERS -> "alias";
        };
    }

    private static Set<String> known(Kind kind) {
        Set<String> known = new TreeSet<>(Set.of(idField(kind), aliasField(kind), "models", "metadata", "blocked"));
        known.addAll(LimitFields.NAMES);
        if (kind == Kind.TEAM) {
            known.add(MEMBERS);
            known.add("organization_id");
        }
        return known;
    }

    /** The settings after an update: a field that is there replaces the old one, a null clears it. */
    public static Outcome merge(AccountSettings old, Map<String, ?> patch) {
        Reading reading = Reading.ofRequest();
        AccountSettings settings = patched(old, new Value(reading, "", patch));
        return reading.problems().isEmpty() ? new Valid(settings) : new Invalid(reading.problems());
    }

    /** What {@code fields} limit, over {@code old}, and nothing else. */
    public static Outcome mergeLimits(AccountSettings old, Map<String, ?> fields) {
        Reading reading = Reading.ofRequest();
        Limits limits = LimitFields.patched(old.limits(), new Value(reading, "", fields));
        return reading.problems().isEmpty() ? new Valid(old.withLimits(limits)) : new Invalid(reading.problems());
    }

    /** Notes problems; the settings are right if there are none. */
    static AccountSettings patched(AccountSettings old, Value fields) {
        Kind kind = old.kind();
        KeyFields.checkNames(fields, known(kind));
        return new AccountSettings(
                kind,
                field(fields, aliasField(kind), old.alias(), Value::text),
                orElse(field(fields, "models", old.models(), ModelNames::read), List.of()),
                kind == Kind.TEAM
                        ? field(fields, "organization_id", old.organizationId(), Value::text)
                        : old.organizationId(),
                orElse(field(fields, MEMBERS, old.members(), AccountFields::members), List.of()),
                LimitFields.patched(old.limits(), fields),
                orElse(field(fields, "metadata", old.metadata(), KeyFields::object), Map.of()),
                orElse(field(fields, "blocked", old.blocked(), KeyFields::truth), false));
    }

    private static List<Member> members(Value list) {
        Map<String, Member> members = new LinkedHashMap<>();
        for (Value item : list.items()) {
            Member member = member(item);
            if (members.put(member.userId(), member) != null) {
                item.at("user_id").problem("each user once");
            }
        }
        return new ArrayList<>(members.values());
    }

    /** @throws IllegalArgumentException saying what is wrong with it */
    public static Member member(Map<String, ?> fields) {
        Reading reading = Reading.ofRequest();
        Member member = member(new Value(reading, "member", fields));
        if (!reading.problems().isEmpty()) {
            throw new IllegalArgumentException(reading.problems().getFirst().toString());
        }
        return member;
    }

    private static Member member(Value item) {
        Value role = item.at("role");
        String name = role.isAbsent() ? "user" : role.text();
        if (!ROLES.contains(name)) {
            role.problem("admin or user");
        }
        return new Member(item.at("user_id").text(), name);
    }

    /** The fields of an account by COMPAT's names, every one of them, with null for a limit that does not exist. */
    public static Map<String, @Nullable Object> render(String name, AccountSettings settings) {
        Kind kind = settings.kind();
        Map<String, @Nullable Object> fields = new LinkedHashMap<>();
        fields.put(idField(kind), name);
        fields.put(aliasField(kind), settings.alias());
        fields.put("models", settings.models());
        if (kind == Kind.TEAM) {
            fields.put("organization_id", settings.organizationId());
            fields.put(
                    MEMBERS,
                    settings.members().stream().map(AccountFields::render).toList());
        }
        LimitFields.render(settings.limits(), fields);
        fields.put("metadata", settings.metadata());
        fields.put("blocked", settings.blocked());
        return fields;
    }

    private static Map<String, String> render(Member member) {
        Map<String, String> fields = new LinkedHashMap<>();
        fields.put("user_id", member.userId());
        fields.put("role", member.role());
        return fields;
    }
}
