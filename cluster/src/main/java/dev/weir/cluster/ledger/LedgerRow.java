package dev.weir.cluster.ledger;

import dev.weir.actors.meter.Outcome;
import dev.weir.config.price.Usage;
import java.math.BigDecimal;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * An attempt that has ended; or a call, that is: its last attempt, with the usage and the spend of all of them.
 *
 * @param id what the upstream was told in {@code x-weir-attempt}
 * @param outcome as rows, logs and metrics write it
 * @param estimated part of the usage, at least, is Weir's own count
 * @param firstContent null when no content came
 * @param provisional part of it, at least, is what a dead node's call held, and may be replaced
 */
public record LedgerRow(
        AttemptId id,
        String requestId,
        String keyHash,
        String model,
        String modelGroup,
        String modelId,
        String provider,
        boolean stream,
        String outcome,
        int status,
        boolean estimated,
        boolean priced,
        Usage usage,
        long nanoUsd,
        Instant started,
        Instant ended,
        @Nullable Instant firstContent,
        @Nullable String teamId,
        @Nullable String userId,
        @Nullable String endUser,
        List<String> tags,
        @Nullable String organizationId,
        boolean provisional) {

    private static final DateTimeFormatter TIME =
            DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.SSS'Z'").withZone(ZoneOffset.UTC);

    private static final int NANO_DIGITS = 9;

    public LedgerRow {
        tags = List.copyOf(tags);
    }

    /** A call of which this is the sum up to {@code next}: its facts, the usage and the spend of both, our start. */
    LedgerRow then(LedgerRow next) {
        return new LedgerRow(
                next.id,
                next.requestId,
                next.keyHash,
                next.model,
                next.modelGroup,
                next.modelId,
                next.provider,
                next.stream,
                next.outcome,
                next.status,
                estimated || next.estimated,
                priced && next.priced,
                sum(usage, next.usage),
                nanoUsd + next.nanoUsd,
                started,
                next.ended,
                next.firstContent,
                next.teamId,
                next.userId,
                next.endUser,
                next.tags,
                next.organizationId,
                provisional || next.provisional);
    }

    private static Usage sum(Usage a, Usage b) {
        return new Usage(
                a.input() + b.input(),
                a.cacheRead() + b.cacheRead(),
                a.cacheWrite() + b.cacheWrite(),
                a.output() + b.output(),
                a.reasoning() + b.reasoning(),
                a.audio() + b.audio(),
                a.image() + b.image());
    }

    /** In dollars, exact, and without an exponent when it is written. */
    public BigDecimal spend() {
        return usd(nanoUsd);
    }

    static BigDecimal usd(long nanoUsd) {
        BigDecimal usd = BigDecimal.valueOf(nanoUsd, NANO_DIGITS).stripTrailingZeros();
        return usd.scale() < 0 ? usd.setScale(0) : usd;
    }

    /** The row as {@code /spend/logs} shows it: field names and their order are those that scripts rely on. */
    public Map<String, @Nullable Object> render() {
        Map<String, @Nullable Object> row = new LinkedHashMap<>();
        row.put("request_id", requestId);
        row.put("attempt", id.toString());
        row.put("api_key", keyHash);
        row.put("model", model);
        row.put("model_group", modelGroup);
        row.put("model_id", modelId);
        row.put("status", isSuccess() ? "success" : "failure");
        row.put("outcome", outcome);
        row.put("usage_source", estimated ? "estimated" : "provider");
        row.put("prompt_tokens", usage.prompt());
        row.put("completion_tokens", usage.completion());
        row.put("total_tokens", usage.total());
        row.put("spend", spend());
        row.put("startTime", TIME.format(started));
        row.put("endTime", TIME.format(ended));
        row.put("completionStartTime", firstContent == null ? null : TIME.format(firstContent));
        row.put("team_id", teamId);
        row.put("user", userId);
        row.put("end_user", endUser);
        row.put("request_tags", tags);
        row.put("organization_id", organizationId);
        row.put("provider", provider);
        row.put("stream", stream);
        row.put("http_status", status);
        row.put("priced", priced);
        row.put("provisional", provisional);
        row.put("usage", buckets());
        return row;
    }

    /** The upstream answered, and all of its answer came. */
    private boolean isSuccess() {
        return outcome.equals(Outcome.COMPLETED.label()) && status < 400;
    }

    private Map<String, Long> buckets() {
        Map<String, Long> buckets = new LinkedHashMap<>();
        buckets.put("input", usage.input());
        buckets.put("cache_read", usage.cacheRead());
        buckets.put("cache_write", usage.cacheWrite());
        buckets.put("output", usage.output());
        buckets.put("reasoning", usage.reasoning());
        buckets.put("audio", usage.audio());
        buckets.put("image", usage.image());
        return buckets;
    }
}
