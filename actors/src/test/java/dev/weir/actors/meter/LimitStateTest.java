package dev.weir.actors.meter;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.config.BudgetPeriod;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class LimitStateTest {

    private static final LimitId TOKENS = new LimitId(LimitId.Kind.RATE, LimitId.Unit.TOKENS, null, "60s");
    private static final LimitRule HUNDRED_A_MINUTE = new LimitRule(TOKENS, 100, 0, 0, BudgetPeriod.parse("60s"));

    private static LimitState used(long used, long over) {
        return new LimitState(TOKENS, 3, 0, 60_000, 0, 0, Map.of(LimitState.SELF, new Slice(used, 0, over)), Map.of());
    }

    @Test
    void anOverageIsCarriedIntoTheNextWindow() {
        assertThat(used(100, 30)
                        .rolled(HUNDRED_A_MINUTE, 60_000, ZoneOffset.UTC)
                        .carried())
                .isEqualTo(30);
    }

    @Test
    void anOverageForWhichTheWindowHadRoomAfterAllIsNotCarried() {
        assertThat(used(60, 30).rolled(HUNDRED_A_MINUTE, 60_000, ZoneOffset.UTC).carried())
                .isZero();
    }

    @Test
    void aCapThatWasLoweredBelowTheUseIsNoDebt() {
        LimitRule lowered = new LimitRule(TOKENS, 10, 0, 0, BudgetPeriod.parse("60s"));

        assertThat(used(80, 0).rolled(lowered, 60_000, ZoneOffset.UTC).carried())
                .isZero();
    }

    @Test
    void eachWindowThatPassedUnusedPaysItsLimit() {
        LimitState owing = used(100, 250);

        assertThat(owing.rolled(HUNDRED_A_MINUTE, 119_999, ZoneOffset.UTC).carried())
                .isEqualTo(250);
        assertThat(owing.rolled(HUNDRED_A_MINUTE, 120_000, ZoneOffset.UTC).carried())
                .isEqualTo(150);
        assertThat(owing.rolled(HUNDRED_A_MINUTE, 100 * 60_000L, ZoneOffset.UTC).carried())
                .isZero();
    }

    @Test
    void daysThatPassedUnusedPayToo() {
        ZoneId berlin = ZoneId.of("Europe/Berlin");
        LimitId id = new LimitId(LimitId.Kind.BUDGET, LimitId.Unit.NANO_USD, null, "1d");
        LimitRule daily = new LimitRule(id, 100, 0, 0, BudgetPeriod.parse("1d"));
        long midnight = Instant.parse("2026-10-24T22:00:00Z").toEpochMilli(); // the day with 25 hours begins
        LimitState owing =
                new LimitState(id, 1, 0, midnight, 0, 0, Map.of(LimitState.SELF, new Slice(100, 0, 250)), Map.of());

        long day = 24 * 3_600_000L;

        assertThat(owing.rolled(daily, midnight + day, berlin).carried()).isEqualTo(250);
        assertThat(owing.rolled(daily, midnight + day + 3_600_000L, berlin).carried())
                .isEqualTo(150);
    }

    @Test
    void aWindowStaysOpenWhenTheClockStepsBack() {
        LimitState later = used(0, 0).rolled(HUNDRED_A_MINUTE, 1_000_000, ZoneOffset.UTC);

        assertThat(later.isOpen(5)).isTrue();
    }

    @Test
    void anUncleanEndChargesWhatWasGrantedAndKeepsTheDebt() {
        LimitState granted = new LimitState(
                TOKENS,
                3,
                0,
                60_000,
                5,
                7,
                Map.of(LimitState.SELF, new Slice(50, 20, 9), "node", new Slice(3, 1, 0)),
                Map.of());

        LimitState folded = granted.folded();

        assertThat(folded.committed()).isEqualTo(granted.committed());
        assertThat(folded.base()).isEqualTo(37);
        assertThat(folded.self()).isEqualTo(new Slice(0, 0, 9));
    }

    private static long afterItsHolderIsGone(Slice slice) {
        return new LimitState(TOKENS, 3, 0, 60_000, 5, 7, Map.of("n1", slice, "n2", new Slice(90, 10, 0)), Map.of())
                .folded("n1")
                .committed();
    }

    @ParameterizedTest
    @CsvSource({
        "50, 20, 9, 0, 0",
        "0, 7, 14, 0, 0",
        "50, 7, 14, 0, 50",
        "43, 0, 20, 0, 50",
        "43, 0, 0, 0, 50",
        "0, 0, 0, 9, 9"
    })
    void nothingIsChargedNorForgivenWhenAHolderIsGone(long granted, long returned, long over, long in, long out) {
        Slice slice = new Slice(granted, returned, over, in, out);

        assertThat(afterItsHolderIsGone(slice)).isEqualTo(5 + 7 + 80 + slice.committed());
    }
}
