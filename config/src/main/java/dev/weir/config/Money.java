package dev.weir.config;

import java.math.BigDecimal;
import java.math.RoundingMode;

/**
 * An amount of money in nano-dollars (1e-9 USD), the unit in which Weir holds, meters and records.
 *
 * @param nanoUsd the amount; never a fraction, so sums are exact
 */
public record Money(long nanoUsd) implements Comparable<Money> {

    public static final Money ZERO = new Money(0);

    private static final int SCALE = 9;

    /** The nearest amount to {@code usd}, rounded up so that a price never becomes free by rounding. */
    public static Money ofUsd(BigDecimal usd) {
        return new Money(
                usd.movePointRight(SCALE).setScale(0, RoundingMode.CEILING).longValueExact());
    }

    public BigDecimal toUsd() {
        return BigDecimal.valueOf(nanoUsd, SCALE).stripTrailingZeros();
    }

    /** Dollars for a JSON number that clients read as a float. */
    public double toUsdDouble() {
        return nanoUsd / 1e9;
    }

    @Override
    public int compareTo(Money other) {
        return Long.compare(nanoUsd, other.nanoUsd);
    }
}
