package dev.weir.cluster.store;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.weir.actors.meter.Hold;
import dev.weir.actors.meter.HoldId;
import dev.weir.actors.meter.LimitId;
import dev.weir.actors.meter.LimitState;
import dev.weir.actors.meter.MeterState;
import dev.weir.actors.meter.Need;
import dev.weir.actors.meter.PastHolds;
import dev.weir.actors.meter.Slice;
import dev.weir.config.AccountId;
import dev.weir.config.AccountSettings;
import dev.weir.config.BudgetPeriod;
import dev.weir.config.KeySettings;
import dev.weir.config.Limits;
import dev.weir.config.Metered;
import dev.weir.config.Money;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * How a meter is written in its row: JSON with a format number. Fields may be added within a format; what a reader has
 * to know for its figures to be right makes a new one, which older versions refuse to read.
 *
 * <p>The records here are the format. They are apart from the types of the meter so that those may change.
 */
public final class MeterPayload {

    /** The newest format that this version reads, and the one that it writes. */
    static final int FORMAT = 3;

    private static final String RATE = "rate";
    private static final String BUDGET = "budget";
    private static final String FURTHER_BUDGET = "further_budget";
    private static final String OF_MODEL = "of_model";

    private static final ObjectMapper JSON = JsonMapper.builder()
            .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .defaultPropertyInclusion(JsonInclude.Value.construct(JsonInclude.Include.NON_NULL, null))
            .build();

    record Row(
            int format,
            Settings settings,
            long version,
            boolean tombstone,
            long epoch,
            long born,
            long host,
            boolean clean,
            long spent,
            long spentBefore,
            List<Limit> limits,
            List<OpenHold> holds,
            @Nullable List<Opening> secrets,
            @Nullable List<Long> former,
            @Nullable Long request,
            @Nullable Past past) {}

    /**
     * @param account the kind of one; null of a key
     * @param maxBudget and what follows up to {@code tpm}: of format 1
     * @param limited what is limited, since format 2
     */
    record Settings(
            @Nullable String account,
            @Nullable String alias,
            List<String> models,
            @Nullable String userId,
            @Nullable String teamId,
            @Nullable String organizationId,
            @Nullable Long maxBudget,
            @Nullable String budgetDuration,
            @Nullable Long rpm,
            @Nullable Long tpm,
            @Nullable List<Limited> limited,
            @Nullable OfEndUsers ofEndUsers,
            @Nullable Long softBudget,
            @Nullable Long parallel,
            @Nullable Long increase,
            @Nullable String increaseUntil,
            @Nullable String expires,
            @Nullable String keyType,
            @Nullable List<TeamMember> members,
            Map<String, Object> metadata,
            @Nullable List<String> tags,
            boolean blocked) {}

    /** @param role which of the settings' limits it is */
    record Limited(
            String role,
            String of,
            long amount,
            @Nullable String duration,
            @Nullable String model) {}

    /** What each end user has. */
    record OfEndUsers(List<Limited> limited, @Nullable Long parallel) {}

    record TeamMember(String user, String role) {}

    record Opening(String hash, long until) {}

    record Limit(
            String kind,
            String unit,
            @Nullable String model,
            @Nullable String duration,
            @Nullable String endUser,
            long gen,
            long start,
            long end,
            long carried,
            long base,
            Map<String, Piece> slices,
            @Nullable Map<String, Long> former,
            @Nullable Map<String, Long> moved) {}

    /** The last two since format 3: nothing comes from other nodes, nor goes there, before. */
    record Piece(
            long granted,
            long returned,
            long over,
            @Nullable Long in,
            @Nullable Long out) {}

    /** @param pieces index of the limit, generation, amount and, since format 2, whether it went beyond the limit (1 or 0) */
    record OpenHold(
            long incarnation,
            long sequence,
            @Nullable String model,
            @Nullable List<AccountName> accounts,
            long requests,
            long tokens,
            long nanoUsd,
            long slots,
            boolean priced,
            List<List<Long>> pieces,
            @Nullable Integer topUps,
            @Nullable List<Part> parts) {}

    /** What an open hold had of an account. */
    record Part(
            AccountName account,
            boolean paid,
            @Nullable String endUser,
            List<PartPiece> pieces,
            @Nullable Long from) {}

    /** What is known of holds that are not open, each of them incarnation and sequence. */
    record Past(long knownSince, List<List<Long>> orphans, List<List<Long>> settled) {}

    record PartPiece(
            String kind,
            String unit,
            @Nullable String model,
            @Nullable String duration,
            @Nullable String endUser,
            long gen,
            long amount) {}

    record AccountName(String kind, String name) {}

    private MeterPayload() {}

    /** How many characters settings take in a row. */
    public static int lengthOf(Metered settings) {
        try {
            return JSON.writeValueAsString(settings(settings)).length();
        } catch (JsonProcessingException impossible) {
            return Integer.MAX_VALUE;
        }
    }

    static String write(MeterState state) throws JsonProcessingException {
        List<LimitId> ids = state.limits().stream().map(LimitState::id).toList();
        return JSON.writeValueAsString(new Row(
                FORMAT,
                settings(state.settings()),
                state.version(),
                state.tombstone(),
                state.epoch(),
                state.born(),
                state.host(),
                state.clean(),
                state.spentNanoUsd(),
                state.spentBefore(),
                state.limits().stream().map(MeterPayload::limit).toList(),
                state.holds().stream().map(hold -> hold(hold, ids)).toList(),
                state.secrets().isEmpty()
                        ? null
                        : state.secrets().stream()
                                .map(secret -> new Opening(secret.hash(), secret.until()))
                                .toList(),
                state.former().isEmpty() ? null : state.former(),
                state.request() == 0 ? null : state.request(),
                past(state.past())));
    }

    /** @throws IllegalArgumentException saying why this version cannot read it */
    static MeterState read(String id, long rev, long nonce, String payload) {
        try {
            JsonNode tree = JSON.readTree(payload);
            int format = tree.path("format").asInt();
            if (format < 1 || format > FORMAT) {
                throw new IllegalArgumentException("format " + format + " (expected: at most " + FORMAT + ")");
            }
            return state(id, rev, nonce, JSON.treeToValue(tree, Row.class));
        } catch (JsonProcessingException | NullPointerException broken) {
            throw new IllegalArgumentException("not the JSON of a meter: " + broken.getMessage(), broken);
        }
    }

    private static MeterState state(String id, long rev, long nonce, Row row) {
        List<LimitState> limits = row.limits().stream().map(MeterPayload::limit).toList();
        List<LimitId> ids = limits.stream().map(LimitState::id).toList();
        return new MeterState(
                id,
                settings(row.settings()),
                row.version(),
                row.tombstone(),
                rev,
                nonce,
                row.epoch(),
                row.born(),
                row.host(),
                row.clean(),
                row.spent(),
                row.spentBefore(),
                limits,
                row.holds().stream().map(hold -> hold(hold, ids)).toList(),
                orEmpty(row.secrets()).stream()
                        .map(opening -> new MeterState.Secret(opening.hash(), opening.until()))
                        .toList(),
                orEmpty(row.former()),
                row.request() == null ? 0 : row.request(),
                past(row));
    }

    private static Past past(PastHolds past) {
        return new Past(past.knownSince(), numbers(past.orphans()), numbers(past.settled()));
    }

    private static List<List<Long>> numbers(List<HoldId> holds) {
        return holds.stream()
                .map(hold -> List.of(hold.incarnation(), hold.sequence()))
                .toList();
    }

    private static PastHolds past(Row row) {
        Past past = row.past();
        return past == null
                ? new PastHolds(row.epoch(), List.of(), List.of())
                : new PastHolds(past.knownSince(), holds(past.orphans()), holds(past.settled()));
    }

    private static List<HoldId> holds(List<List<Long>> numbers) {
        return numbers.stream()
                .map(hold -> new HoldId(hold.get(0), hold.get(1)))
                .toList();
    }

    private static <T> List<T> orEmpty(@Nullable List<T> list) {
        return list == null ? List.of() : list;
    }

    private static Settings settings(Metered metered) {
        Limits limits = metered.limits();
        Money soft = limits.softBudget();
        return switch (metered) {
            case KeySettings key ->
                new Settings(
                        null,
                        key.alias(),
                        key.models(),
                        key.userId(),
                        key.teamId(),
                        key.organizationId(),
                        null,
                        null,
                        null,
                        null,
                        limited(limits),
                        ofEndUsers(limits.ofEndUsers()),
                        soft == null ? null : soft.nanoUsd(),
                        limits.maxParallelRequests(),
                        key.increase() == null ? null : key.increase().amount().nanoUsd(),
                        key.increase() == null ? null : text(key.increase().until()),
                        text(key.expires()),
                        key.keyType().name(),
                        null,
                        key.metadata(),
                        key.tags(),
                        key.blocked());
            case AccountSettings account ->
                new Settings(
                        account.kind().name(),
                        account.alias(),
                        account.models(),
                        null,
                        null,
                        account.organizationId(),
                        null,
                        null,
                        null,
                        null,
                        limited(limits),
                        ofEndUsers(limits.ofEndUsers()),
                        soft == null ? null : soft.nanoUsd(),
                        limits.maxParallelRequests(),
                        null,
                        null,
                        null,
                        null,
                        account.members().stream()
                                .map(member -> new TeamMember(member.userId(), member.role()))
                                .toList(),
                        account.metadata(),
                        null,
                        account.blocked());
        };
    }

    private static @Nullable OfEndUsers ofEndUsers(@Nullable Limits each) {
        return each == null ? null : new OfEndUsers(limited(each), each.maxParallelRequests());
    }

    private static List<Limited> limited(Limits limits) {
        List<Limited> all = new ArrayList<>();
        limits.rates().forEach(limit -> all.add(limited(RATE, limit)));
        if (limits.budget() != null) {
            all.add(limited(BUDGET, limits.budget()));
        }
        limits.furtherBudgets().forEach(limit -> all.add(limited(FURTHER_BUDGET, limit)));
        limits.ofModels().forEach(limit -> all.add(limited(OF_MODEL, limit)));
        return all;
    }

    private static Limited limited(String role, dev.weir.config.Limit limit) {
        return new Limited(role, limit.of().name(), limit.amount(), text(limit.period()), limit.model());
    }

    private static Limits limits(Settings row) {
        Limits limits =
                row.limited() == null ? ofFormatOne(row, row.parallel()) : limits(row.limited(), row.parallel());
        OfEndUsers each = row.ofEndUsers();
        if (each != null) {
            limits = limits.withEndUsers(limits(each.limited(), each.parallel()));
        }
        return row.softBudget() == null ? limits : limits.withSoftBudget(new Money(row.softBudget()));
    }

    private static Limits limits(List<Limited> limited, @Nullable Long parallel) {
        Limits limits = Limits.NONE;
        for (Limited each : limited) {
            String duration = each.duration();
            dev.weir.config.Limit limit = new dev.weir.config.Limit(
                    dev.weir.config.Limit.Of.valueOf(each.of()),
                    each.amount(),
                    duration == null ? null : BudgetPeriod.parse(duration),
                    each.model());
            limits = switch (each.role()) {
                case RATE -> limits.withRate(limit);
                case BUDGET -> limits.withBudget(limit);
                case FURTHER_BUDGET -> limits.withFurtherBudget(limit);
                case OF_MODEL -> limits.withModel(limit);
                default -> throw new IllegalArgumentException("a limit that is \"" + each.role() + "\"");
            };
        }
        return parallel == null ? limits : limits.withSlots(parallel);
    }

    private static Limits ofFormatOne(Settings row, @Nullable Long parallel) {
        Limits limits = parallel == null ? Limits.NONE : Limits.NONE.withSlots(parallel);
        if (row.rpm() != null) {
            limits = limits.withRpm(row.rpm());
        }
        if (row.tpm() != null) {
            limits = limits.withTpm(row.tpm());
        }
        String duration = row.budgetDuration();
        return row.maxBudget() == null
                ? limits
                : limits.withBudget(new Money(row.maxBudget()), duration == null ? null : BudgetPeriod.parse(duration));
    }

    private static @Nullable String text(@Nullable Object value) {
        return value == null ? null : value.toString();
    }

    private static Metered settings(Settings row) {
        if (row.account() != null) {
            return new AccountSettings(
                    AccountId.Kind.valueOf(row.account()),
                    row.alias(),
                    row.models(),
                    row.organizationId(),
                    orEmpty(row.members()).stream()
                            .map(member -> new AccountSettings.Member(member.user(), member.role()))
                            .toList(),
                    limits(row),
                    row.metadata(),
                    row.blocked());
        }
        String expires = row.expires();
        String until = row.increaseUntil();
        return new KeySettings(
                row.alias(),
                row.models(),
                row.userId(),
                row.teamId(),
                row.organizationId(),
                limits(row),
                row.increase() == null || until == null
                        ? null
                        : new KeySettings.Increase(new Money(row.increase()), Instant.parse(until)),
                expires == null ? null : Instant.parse(expires),
                KeySettings.KeyType.valueOf(Objects.requireNonNull(row.keyType())),
                row.metadata(),
                orEmpty(row.tags()),
                row.blocked());
    }

    private static Limit limit(LimitState state) {
        Map<String, Piece> slices = new TreeMap<>();
        state.slices()
                .forEach((holder, slice) -> slices.put(
                        holder,
                        new Piece(
                                slice.granted(),
                                slice.returned(),
                                slice.over(),
                                orNull(slice.in()),
                                orNull(slice.out()))));
        LimitId id = state.id();
        return new Limit(
                id.kind().name(),
                id.unit().name(),
                id.model(),
                id.duration(),
                id.endUser(),
                state.gen(),
                state.start(),
                state.end(),
                state.carried(),
                state.base(),
                slices,
                state.former().isEmpty() ? null : state.former(),
                state.moved().isEmpty() ? null : state.moved());
    }

    private static @Nullable Long orNull(long amount) {
        return amount == 0 ? null : amount;
    }

    private static LimitState limit(Limit row) {
        LimitId id = new LimitId(
                LimitId.Kind.valueOf(row.kind()),
                LimitId.Unit.valueOf(row.unit()),
                row.model(),
                row.duration(),
                row.endUser());
        Map<String, Slice> slices = row.slices().entrySet().stream()
                .collect(Collectors.toMap(Map.Entry::getKey, entry -> slice(entry.getValue())));
        return new LimitState(
                id,
                row.gen(),
                row.start(),
                row.end(),
                row.carried(),
                row.base(),
                slices,
                row.former() == null ? Map.of() : row.former(),
                row.moved() == null ? Map.of() : row.moved());
    }

    private static Slice slice(Piece piece) {
        return new Slice(
                piece.granted(),
                piece.returned(),
                piece.over(),
                Objects.requireNonNullElse(piece.in(), 0L),
                Objects.requireNonNullElse(piece.out(), 0L));
    }

    private static OpenHold hold(Hold hold, List<LimitId> ids) {
        Need need = hold.need();
        return new OpenHold(
                hold.id().incarnation(),
                hold.id().sequence(),
                hold.model(),
                hold.accounts().stream()
                        .map(account -> new AccountName(account.kind().name(), account.name()))
                        .toList(),
                need.requests(),
                need.tokens(),
                need.nanoUsd(),
                need.slots(),
                need.priced(),
                hold.pieces().stream()
                        .filter(piece -> ids.contains(piece.limit()))
                        .map(piece -> List.of(
                                (long) ids.indexOf(piece.limit()),
                                piece.gen(),
                                piece.amount(),
                                piece.beyond() ? 1L : 0L))
                        .toList(),
                hold.topUps(),
                hold.parts().isEmpty()
                        ? null
                        : hold.parts().stream().map(MeterPayload::part).toList());
    }

    private static Part part(Hold.Part part) {
        return new Part(
                new AccountName(part.account().kind().name(), part.account().name()),
                part.paid(),
                part.endUser(),
                part.pieces().stream()
                        .map(piece -> new PartPiece(
                                piece.limit().kind().name(),
                                piece.limit().unit().name(),
                                piece.limit().model(),
                                piece.limit().duration(),
                                piece.limit().endUser(),
                                piece.gen(),
                                piece.amount()))
                        .toList(),
                part.from());
    }

    private static Hold.Part part(Part row) {
        return new Hold.Part(
                account(row.account()),
                row.paid(),
                row.endUser(),
                row.pieces().stream()
                        .map(piece -> new Hold.Piece(
                                new LimitId(
                                        LimitId.Kind.valueOf(piece.kind()),
                                        LimitId.Unit.valueOf(piece.unit()),
                                        piece.model(),
                                        piece.duration(),
                                        piece.endUser()),
                                piece.gen(),
                                piece.amount(),
                                false))
                        .toList(),
                row.from());
    }

    private static AccountId account(AccountName name) {
        return new AccountId(AccountId.Kind.valueOf(name.kind()), name.name());
    }

    private static Hold hold(OpenHold row, List<LimitId> ids) {
        return new Hold(
                new HoldId(row.incarnation(), row.sequence()),
                Objects.requireNonNullElse(row.model(), ""),
                new Need(row.requests(), row.tokens(), row.nanoUsd(), row.slots(), row.priced()),
                orEmpty(row.accounts()).stream().map(MeterPayload::account).toList(),
                row.pieces().stream()
                        .map(piece -> new Hold.Piece(
                                ids.get(Objects.requireNonNull(piece.get(0)).intValue()),
                                piece.get(1),
                                piece.get(2),
                                piece.size() > 3 && piece.get(3) != 0))
                        .toList(),
                row.topUps() == null ? 0 : row.topUps(),
                orEmpty(row.parts()).stream().map(MeterPayload::part).toList());
    }
}
