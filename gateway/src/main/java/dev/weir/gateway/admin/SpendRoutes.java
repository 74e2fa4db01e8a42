package dev.weir.gateway.admin;

import dev.weir.cluster.ledger.Ledger;
import dev.weir.cluster.ledger.LedgerQuery;
import dev.weir.cluster.ledger.LedgerRow;
import dev.weir.cluster.meters.Meters;
import dev.weir.gateway.door.Inbound;
import dev.weir.gateway.door.Refusal;
import dev.weir.gateway.door.Replies;
import dev.weir.gateway.door.Routes;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneId;
import java.time.format.DateTimeParseException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.jspecify.annotations.Nullable;

/**
 * {@code GET /spend/logs}: the ledger's rows, newest first; one per call, or with {@code attempts=true} one per attempt.
 * A key without a role sees its own.
 */
public final class SpendRoutes {

    private static final int USUAL_ROWS = 1_000;

    private final AdminDesk desk;
    private final Meters meters;
    private final Ledger ledger;
    private final ZoneId zone;

    /** @param zone of the dates in {@code start_date} and {@code end_date} */
    public SpendRoutes(AdminDesk desk, Meters meters, Ledger ledger, ZoneId zone) {
        this.desk = desk;
        this.meters = meters;
        this.ledger = ledger;
        this.zone = zone;
    }

    public void addTo(Routes.Builder routes) {
        routes.at("GET", "/spend/logs", desk.readOwn(this::logs));
    }

    private CompletionStage<HttpResponse> logs(Inbound inbound, AdminGate.Entry who) {
        String asked = inbound.query("api_key").orElse(null);
        String hash = asked == null ? null : KeyRoutes.hash(asked);
        String keyHash = hash == null ? null : meters.meterOf(hash);
        if (asked != null && keyHash == null) {
            return desk.refuse(inbound, malformed("api_key", "a key that begins with sk-, or a key's hash"));
        }
        if (who instanceof AdminGate.Holder holder) {
            if (keyHash != null && !keyHash.equals(holder.meter())) {
                return desk.refuse(inbound, AdminGate.notAllowed());
            }
            keyHash = holder.meter();
        }
        try {
            LedgerQuery query = new LedgerQuery(
                    inbound.query("request_id").orElse(null),
                    keyHash,
                    inbound.query("user_id").orElse(null),
                    time("start_date", inbound, 0),
                    time("end_date", inbound, 1));
            int limit = number("limit", inbound, USUAL_ROWS, Ledger.MOST_ROWS);
            int offset = number("offset", inbound, 0, Integer.MAX_VALUE);
            boolean attempts = flag("attempts", inbound);
            boolean summarize = flag("summarize", inbound);
            return desk.blocking(
                    inbound,
                    () -> Replies.json(200, summarize ? summary(query) : rows(query, attempts, limit, offset)));
        } catch (BadQuery bad) {
            return desk.refuse(inbound, bad.refusal);
        }
    }

    private List<Map<String, @Nullable Object>> rows(LedgerQuery query, boolean attempts, int limit, int offset) {
        List<LedgerRow> rows = attempts ? ledger.attempts(query, limit, offset) : ledger.calls(query, limit, offset);
        return rows.stream().map(LedgerRow::render).toList();
    }

    private Map<String, Object> summary(LedgerQuery query) {
        Ledger.Summary summary = ledger.summary(query);
        Map<String, Object> answer = new LinkedHashMap<>();
        answer.put("calls", summary.calls());
        answer.put("attempts", summary.attempts());
        answer.put("prompt_tokens", summary.usage().prompt());
        answer.put("completion_tokens", summary.usage().completion());
        answer.put("total_tokens", summary.usage().total());
        answer.put("spend", summary.spend());
        return answer;
    }

    /** Leaves the reading of a query early; carries no stack because it is an answer. */
    private static final class BadQuery extends RuntimeException {

        private static final long serialVersionUID = 1;

        private final transient Refusal refusal;

        BadQuery(Refusal refusal) {
            super(refusal.message(), null, false, false);
            this.refusal = refusal;
        }
    }

    private static Refusal malformed(String name, String expected) {
        return Refusal.malformed(name, "The query '" + name + "' must be " + expected + ".");
    }

    /** A date is the begin of its day, or with {@code daysMore} of a later one, so that a range includes its last day. */
    private @Nullable Instant time(String name, Inbound inbound, int daysMore) {
        String text = inbound.query(name).orElse(null);
        if (text == null) {
            return null;
        }
        try {
            return text.contains("T")
                    ? Instant.parse(text)
                    : LocalDate.parse(text)
                            .plusDays(daysMore)
                            .atStartOfDay(zone)
                            .toInstant();
        } catch (DateTimeParseException malformed) {
            throw new BadQuery(malformed(name, "a date like 2026-11-20, or a time like 2026-11-20T08:00:00Z"));
        }
    }

    private static int number(String name, Inbound inbound, int usual, int most) {
        String text = inbound.query(name).orElse(null);
        if (text == null) {
            return usual;
        }
        try {
            int number = Integer.parseInt(text);
            if (number >= 0 && number <= most) {
                return number;
            }
        } catch (NumberFormatException malformed) {
            // Answered below, like a number out of range.
        }
        throw new BadQuery(malformed(name, "a whole number from 0 to " + most));
    }

    private static boolean flag(String name, Inbound inbound) {
        return inbound.query(name).map(text -> text.equalsIgnoreCase("true")).orElse(false);
    }
}
