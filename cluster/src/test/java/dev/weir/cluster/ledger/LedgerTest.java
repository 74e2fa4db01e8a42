package dev.weir.cluster.ledger;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.actors.meter.HoldId;
import dev.weir.actors.meter.Outcome;
import dev.weir.config.price.Usage;
import java.math.BigDecimal;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LedgerTest {

    @TempDir
    Path directory = Path.of("");

    private final Tables tables = tables();
    private final Ledger ledger = new Ledger(tables.source());

    Tables tables() {
        return Tables.make();
    }

    @BeforeEach
    void threeCallsOfWhichTheSecondTookTwoAttempts() throws Exception {
        AttemptJournal journal = AttemptJournal.ofCapacity(directory, 64 * 1024);
        Shipper shipper = new Shipper(journal, tables.source(), InstantSource.system(), Shipper.Watch.NONE);
        shipper.recover();
        for (int call = 0; call < 3; call++) {
            AttemptId first = Attempts.id(10, call);
            long begun = call * 1_000L;
            if (call == 1) {
                journal.begin(Attempts.begun(first, begun));
                journal.end(new AttemptEnded(
                        first, Outcome.UPSTREAM_FAILED, 500, Usage.ofText(7, 0), true, 5, true, begun + 1, 0));
                AttemptId second = new AttemptId(new HoldId(10, call), 2);
                journal.begin(Attempts.begun(second, begun + 2));
                journal.end(Attempts.ended(second, 100, begun + 500));
            } else {
                journal.begin(Attempts.begun(first, begun));
                journal.end(Attempts.ended(first, 100, begun + 500));
            }
        }
        shipper.ship();
    }

    @Test
    void aCallIsOneRowWithTheSumsOfItsAttempts() {
        List<LedgerRow> calls = ledger.calls(LedgerQuery.ofKey("key1"), 10, 0);

        assertThat(calls).hasSize(1);
        Map<String, @Nullable Object> row = calls.getFirst().render();
        assertThat(row)
                .containsEntry("attempt", "a-1.2")
                .containsEntry("status", "success")
                .containsEntry("outcome", "completed")
                .containsEntry("usage_source", "estimated")
                .containsEntry("prompt_tokens", 14L)
                .containsEntry("completion_tokens", 3L)
                .containsEntry("total_tokens", 17L)
                .containsEntry("spend", new BigDecimal("0.000000105"))
                .containsEntry("startTime", "1970-01-01T00:00:01.000Z")
                .containsEntry("endTime", "1970-01-01T00:00:01.500Z");
    }

    @Test
    void rowsHaveTheFieldsThatScriptsRelyOn() {
        Map<String, @Nullable Object> row =
                ledger.attempts(LedgerQuery.ALL, 1, 3).getFirst().render();

        assertThat(row.keySet())
                .startsWith(
                        "request_id",
                        "attempt",
                        "api_key",
                        "model",
                        "model_group",
                        "model_id",
                        "status",
                        "outcome",
                        "usage_source",
                        "prompt_tokens",
                        "completion_tokens",
                        "total_tokens",
                        "spend",
                        "startTime",
                        "endTime",
                        "completionStartTime",
                        "team_id",
                        "user",
                        "end_user",
                        "request_tags");
        assertThat(row)
                .containsEntry("attempt", "a-0.1")
                .containsEntry("completionStartTime", "1970-01-01T00:00:00.499Z")
                .containsEntry("user", null)
                .containsEntry("request_tags", List.of("paid"));
    }

    @Test
    void theNewestComesFirstAndPagesDoNotOverlap() {
        List<String> all = ids(ledger.attempts(LedgerQuery.ALL, 10, 0));

        assertThat(all).containsExactly("a-2.1", "a-1.2", "a-1.1", "a-0.1");
        assertThat(ids(ledger.calls(LedgerQuery.ALL, 10, 0))).containsExactly("a-2.1", "a-1.2", "a-0.1");
        assertThat(ids(ledger.calls(LedgerQuery.ALL, 2, 0))).containsExactly("a-2.1", "a-1.2");
        assertThat(ids(ledger.calls(LedgerQuery.ALL, 2, 2))).containsExactly("a-0.1");
    }

    @Test
    void aTimeRangeEndsBeforeItsEnd() {
        LedgerQuery range = LedgerQuery.between(Instant.ofEpochMilli(1_000), Instant.ofEpochMilli(2_000));

        assertThat(ids(ledger.attempts(range, 10, 0))).containsExactly("a-1.2", "a-1.1");
        assertThat(ledger.summary(range)).isEqualTo(new Ledger.Summary(2, 1, Usage.ofText(14, 3), 105));
        assertThat(ledger.attempts(LedgerQuery.ofRequest("request"), 10, 0)).hasSize(4);
        assertThat(ledger.attempts(LedgerQuery.ofRequest("another"), 10, 0)).isEmpty();
    }

    @Test
    void aSummaryOfNothingIsZero() {
        Ledger.Summary nothing = ledger.summary(LedgerQuery.ofKey("nobody"));

        assertThat(nothing).isEqualTo(new Ledger.Summary(0, 0, Usage.NONE, 0));
        assertThat(ledger.spendOf("nobody")).isZero();
    }

    @Test
    void spendIsWrittenWithoutAnExponent() {
        assertThat(LedgerRow.usd(100_000_000_000L)).hasToString("100");
        assertThat(LedgerRow.usd(1)).isEqualByComparingTo("0.000000001");
        assertThat(LedgerRow.usd(0)).hasToString("0");
    }

    private static List<String> ids(List<LedgerRow> rows) {
        return rows.stream().map(row -> row.id().toString()).toList();
    }
}
