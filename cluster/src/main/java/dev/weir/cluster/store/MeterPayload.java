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
import dev.weir.actors.meter.Slice;
import dev.weir.config.BudgetPeriod;
import dev.weir.config.KeySettings;
import dev.weir.config.Money;
import java.time.Instant;
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
final class MeterPayload {

    /** The newest format that this version reads, and the one that it writes. */
    static final int FORMAT = 1;

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
            List<OpenHold> holds) {}

    record Settings(
            @Nullable String alias,
            List<String> models,
            @Nullable String userId,
            @Nullable String teamId,
            @Nullable Long maxBudget,
            @Nullable String budgetDuration,
            @Nullable Long rpm,
            @Nullable Long tpm,
            @Nullable Long parallel,
            @Nullable String expires,
            String keyType,
            Map<String, Object> metadata,
            List<String> tags,
            boolean blocked) {}

    record Limit(
            String kind,
            String unit,
            @Nullable String model,
            @Nullable String duration,
            long gen,
            long start,
            long end,
            long carried,
            long base,
            Map<String, Piece> slices) {}

    record Piece(long granted, long returned, long over) {}

    /** @param pieces triples: index of the limit, generation, amount */
    record OpenHold(
            long incarnation,
            long sequence,
            long requests,
            long tokens,
            long nanoUsd,
            long slots,
            boolean priced,
            List<List<Long>> pieces) {}

    private MeterPayload() {}

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
                state.holds().stream().map(hold -> hold(hold, ids)).toList()));
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
                row.holds().stream().map(hold -> hold(hold, ids)).toList());
    }

    private static Settings settings(KeySettings key) {
        Money budget = key.maxBudget();
        return new Settings(
                key.alias(),
                key.models(),
                key.userId(),
                key.teamId(),
                budget == null ? null : budget.nanoUsd(),
                text(key.budgetDuration()),
                key.rpmLimit(),
                key.tpmLimit(),
                key.maxParallelRequests(),
                text(key.expires()),
                key.keyType().name(),
                key.metadata(),
                key.tags(),
                key.blocked());
    }

    private static @Nullable String text(@Nullable Object value) {
        return value == null ? null : value.toString();
    }

    private static KeySettings settings(Settings row) {
        Long budget = row.maxBudget();
        String duration = row.budgetDuration();
        String expires = row.expires();
        return new KeySettings(
                row.alias(),
                row.models(),
                row.userId(),
                row.teamId(),
                budget == null ? null : new Money(budget),
                duration == null ? null : BudgetPeriod.parse(duration),
                row.rpm(),
                row.tpm(),
                row.parallel(),
                expires == null ? null : Instant.parse(expires),
                KeySettings.KeyType.valueOf(row.keyType()),
                row.metadata(),
                row.tags(),
                row.blocked());
    }

    private static Limit limit(LimitState state) {
        Map<String, Piece> slices = new TreeMap<>();
        state.slices()
                .forEach((holder, slice) ->
                        slices.put(holder, new Piece(slice.granted(), slice.returned(), slice.over())));
        LimitId id = state.id();
        return new Limit(
                id.kind().name(),
                id.unit().name(),
                id.model(),
                id.duration(),
                state.gen(),
                state.start(),
                state.end(),
                state.carried(),
                state.base(),
                slices);
    }

    private static LimitState limit(Limit row) {
        LimitId id = new LimitId(
                LimitId.Kind.valueOf(row.kind()), LimitId.Unit.valueOf(row.unit()), row.model(), row.duration());
        Map<String, Slice> slices = row.slices().entrySet().stream()
                .collect(Collectors.toMap(Map.Entry::getKey, entry -> slice(entry.getValue())));
        return new LimitState(id, row.gen(), row.start(), row.end(), row.carried(), row.base(), slices);
    }

    private static Slice slice(Piece piece) {
        return new Slice(piece.granted(), piece.returned(), piece.over());
    }

    private static OpenHold hold(Hold hold, List<LimitId> ids) {
        Need need = hold.need();
        return new OpenHold(
                hold.id().incarnation(),
                hold.id().sequence(),
                need.requests(),
                need.tokens(),
                need.nanoUsd(),
                need.slots(),
                need.priced(),
                hold.pieces().stream()
                        .filter(piece -> ids.contains(piece.limit()))
                        .map(piece -> List.of((long) ids.indexOf(piece.limit()), piece.gen(), piece.amount()))
                        .toList());
    }

    private static Hold hold(OpenHold row, List<LimitId> ids) {
        return new Hold(
                new HoldId(row.incarnation(), row.sequence()),
                new Need(row.requests(), row.tokens(), row.nanoUsd(), row.slots(), row.priced()),
                row.pieces().stream()
                        .map(triple -> new Hold.Piece(
                                ids.get(Objects.requireNonNull(triple.get(0)).intValue()),
                                triple.get(1),
                                triple.get(2)))
                        .toList());
    }
}
