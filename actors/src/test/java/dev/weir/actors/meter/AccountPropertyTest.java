package dev.weir.actors.meter;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.config.BudgetPeriod;
import dev.weir.config.Limits;
import dev.weir.config.Money;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;
import net.jqwik.api.lifecycle.AfterContainer;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;

final class AccountPropertyTest {

    private static final ActorTestKit KIT = ActorTestKit.create();

    @AfterContainer
    static void close() {
        KIT.shutdownTestKit();
    }

    @Provide
    Arbitrary<List<Integer>> scripts() {
        return Arbitraries.integers().between(0, 1 << 24).list().ofMaxSize(200);
    }

    private static Limits limits(long rpm, long tpm, long budget, long slots) {
        return Limits.NONE
                .withRpm(rpm)
                .withTpm(tpm)
                .withBudget(new Money(budget), BudgetPeriod.parse("1h"))
                .withSlots(slots);
    }

    @Property(tries = 3000)
    void noHistoryGivesNodesMoreThanALimit(
            @ForAll("scripts") List<Integer> script,
            @ForAll @LongRange(max = 40) long rpm,
            @ForAll @LongRange(max = 400) long tpm,
            @ForAll @LongRange(max = 900) long budget,
            @ForAll @LongRange(max = 9) long slots,
            @ForAll @IntRange(max = 4) int endUsers,
            @ForAll @IntRange(min = 1, max = 4) int nodes) {
        new AccountHistory(
                        limits(rpm, tpm, budget, slots),
                        endUsers,
                        nodes,
                        true,
                        KIT.system().ignoreRef())
                .play(script);
    }

    @Property(tries = 3000)
    void withoutFaultsEveryFigureIsExact(
            @ForAll("scripts") List<Integer> script,
            @ForAll @LongRange(max = 40) long rpm,
            @ForAll @LongRange(max = 400) long tpm,
            @ForAll @LongRange(max = 900) long budget,
            @ForAll @IntRange(max = 4) int endUsers,
            @ForAll @IntRange(min = 1, max = 4) int nodes) {
        AccountHistory history = new AccountHistory(
                limits(rpm, tpm, budget, 20),
                endUsers,
                nodes,
                false,
                KIT.system().ignoreRef());

        history.play(script);

        history.checkExact();
    }

    /** What calls hold goes with the meters of their keys, from node to node and back, and is held once. */
    @Property(tries = 1000)
    void callsThatMoveAreHeldOnce(
            @ForAll("scripts") List<Integer> script,
            @ForAll @LongRange(min = 5, max = 40) long rpm,
            @ForAll @LongRange(min = 1, max = 9) long slots,
            @ForAll @IntRange(max = 3) int endUsers,
            @ForAll @IntRange(min = 2, max = 4) int nodes) {
        AccountHistory history = new AccountHistory(
                limits(rpm, 4_000, 9_000, slots),
                endUsers,
                nodes,
                false,
                KIT.system().ignoreRef());

        history.play(script.stream()
                .map(step -> step % 5 == 0 ? (step & ~15) | 6 : step)
                .toList());

        history.checkExact();
    }

    @Property(tries = 3000)
    void aNodeAloneGetsAllOfALimit(@ForAll @IntRange(max = 300) int rpm, @ForAll @IntRange(max = 50) int above) {
        AccountHistory history = new AccountHistory(
                Limits.NONE.withRpm(rpm), 0, 1, false, KIT.system().ignoreRef());

        for (int call = 0; call < rpm + above; call++) {
            history.reserve(0);
        }
        history.quiesce();

        assertThat(history.granted()).isEqualTo(rpm);
        assertThat(history.refused()).isEqualTo(above);
    }

    @Property(tries = 300)
    void whatNobodyUsesIsForgottenAndNothingIsLostWithIt(
            @ForAll @IntRange(max = 3) int endUsers,
            @ForAll @IntRange(min = 1, max = 4) int nodes,
            @ForAll @IntRange(min = 1, max = 40) int calls) {
        AccountHistory history = new AccountHistory(
                Limits.NONE.withRpm(1_000).withSlots(50),
                endUsers,
                nodes,
                false,
                KIT.system().ignoreRef());
        for (int call = 0; call < calls; call++) {
            history.reserve(call);
        }
        history.quiesce();
        history.settleAll();

        history.idle();
        assertThat(history.forgotten()).isPositive();
        for (int call = 0; call < calls; call++) {
            history.reserve(call);
        }
        history.quiesce();
        history.checkExact();
    }
}
