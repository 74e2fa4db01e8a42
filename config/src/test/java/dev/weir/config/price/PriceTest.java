package dev.weir.config.price;

import static org.assertj.core.api.Assertions.assertThat;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.LongRange;
import org.junit.jupiter.api.Test;

class PriceTest {

    /** 2.50 dollars per million in, 1.25 from the cache, 3 into it, 10 out, 12 for reasoning. */
    private static final Price PRICE = new Price(2_500_000, 1_250_000, 3_000_000, 10_000_000, 12_000_000);

    @Test
    void aCostIsTheSumOfItsBuckets() {
        Usage usage = new Usage(1_000, 400, 100, 200, 50, 0, 0);

        // 1000 * 2500 + 400 * 1250 + 100 * 3000 + 200 * 10000 + 50 * 12000 nano-dollars
        assertThat(PRICE.cost(usage)).isEqualTo(2_500_000 + 500_000 + 300_000 + 2_000_000 + 600_000);
        assertThat(PRICE.cost(Usage.NONE)).isZero();
    }

    @Test
    void aCostIsRoundedUpOnceForTheWholeRow() {
        Price hundredPico = Price.ofText(100, 100);

        assertThat(hundredPico.cost(Usage.ofText(1, 0))).isEqualTo(1);
        assertThat(hundredPico.cost(Usage.ofText(5, 5))).isEqualTo(1);
        assertThat(hundredPico.cost(Usage.ofText(5, 6))).isEqualTo(2);
    }

    @Property
    void aCostIsTheExactSumRoundedUp(
            @ForAll @LongRange(min = 0, max = 10_000_000) long input,
            @ForAll @LongRange(min = 0, max = 10_000_000) long cacheRead,
            @ForAll @LongRange(min = 0, max = 10_000_000) long output,
            @ForAll @LongRange(min = 0, max = 10_000_000) long reasoning,
            @ForAll @LongRange(min = 0, max = 1_000_000_000) long dear,
            @ForAll @LongRange(min = 0, max = 1_000_000) long cheap) {
        Price price = new Price(dear, cheap, dear, dear, cheap);

        BigDecimal pico = BigDecimal.valueOf(input)
                .add(BigDecimal.valueOf(output))
                .multiply(BigDecimal.valueOf(dear))
                .add(BigDecimal.valueOf(cacheRead)
                        .add(BigDecimal.valueOf(reasoning))
                        .multiply(BigDecimal.valueOf(cheap)));
        BigInteger nano =
                pico.movePointLeft(3).setScale(0, RoundingMode.CEILING).toBigIntegerExact();
        assertThat(price.cost(new Usage(input, cacheRead, 0, output, reasoning, 0, 0)))
                .isEqualTo(nano.longValueExact());
    }

    @Property
    void anAbsurdUsageIsDearAndNeverNegative(
            @ForAll @LongRange(min = 1L << 61) long tokens, @ForAll @LongRange(min = 4, max = 1L << 40) long pico) {
        long cost = Price.ofText(pico, pico).cost(new Usage(tokens, tokens, tokens, tokens, tokens, tokens, tokens));

        assertThat(cost).isEqualTo(Long.MAX_VALUE / 1_000 + 1);
    }

    @Test
    void dollarsPerTokenArePicoDollarsToTheNearest() {
        assertThat(Price.picoUsd(new BigDecimal("1.5e-06"))).isEqualTo(1_500_000);
        assertThat(Price.picoUsd(new BigDecimal("0.00000015"))).isEqualTo(150_000);
        assertThat(Price.picoUsd(new BigDecimal("4.9999999999999996e-8"))).isEqualTo(50_000);
        assertThat(Price.picoUsd(new BigDecimal("1e-30"))).isEqualTo(1);
        assertThat(Price.picoUsd(BigDecimal.ZERO)).isZero();
    }
}
