package dev.weir.actors.meter;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.config.BudgetPeriod;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;

final class PursePropertyTest {

    @Provide
    Arbitrary<List<Integer>> scripts() {
        return Arbitraries.integers().between(0, 1 << 24).list().ofMaxSize(150);
    }

    @Provide
    Arbitrary<List<Integer>> scriptsWithoutCrash() {
        return Arbitraries.integers()
                .between(0, 1 << 24)
                .filter(each -> (each & 15) != 14)
                .list()
                .ofMaxSize(150);
    }

    @Provide
    Arbitrary<BudgetPeriod> periods() {
        return Arbitraries.of("30s", "2m", "1h", "1d", "1w", "1mo").map(BudgetPeriod::parse);
    }

    @Property(tries = 3000)
    void noHistoryHoldsMoreThanALimit(
            @ForAll("scripts") List<Integer> script,
            @ForAll @LongRange(max = 40) long rpm,
            @ForAll @LongRange(max = 400) long tpm,
            @ForAll @LongRange(max = 900) long budget,
            @ForAll("periods") BudgetPeriod period,
            @ForAll boolean impatient) {
        new History(Keys.key(rpm, tpm, 5L, budget, period), impatient).play(script);
    }

    @Property(tries = 3000)
    void aBudgetForLifeHoldsThroughEveryHistory(
            @ForAll("scripts") List<Integer> script, @ForAll @LongRange(max = 900) long budget) {
        new History(Keys.budget(budget, null), true).play(script);
    }

    @Property(tries = 3000)
    void withoutCrashesEveryFigureIsExact(
            @ForAll("scriptsWithoutCrash") List<Integer> script,
            @ForAll @LongRange(max = 40) long rpm,
            @ForAll @LongRange(max = 400) long tpm,
            @ForAll @LongRange(max = 900) long budget) {
        new History(Keys.key(rpm, tpm, null, budget, null), false).play(script);
    }

    @Property(tries = 3000)
    void aHealthyMeterGrantsItsLimitToTheLastCall(
            @ForAll @IntRange(max = 300) int rpm, @ForAll @IntRange(max = 50) int above, @ForAll boolean impatient) {
        History history = new History(Keys.rpm(rpm), impatient);

        for (int call = 0; call < rpm + above; call++) {
            history.reserve(call);
            if (!impatient) {
                history.quiesce();
            }
        }
        history.quiesce();

        assertThat(history.granted()).isEqualTo(rpm);
    }
}
