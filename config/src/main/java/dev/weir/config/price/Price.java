package dev.weir.config.price;

import java.math.BigDecimal;
import java.math.RoundingMode;

/**
 * What a model's tokens cost, in pico-dollars (1e-12 USD) per token: a price per million tokens in millionths of a
 * dollar, so that every price of the catalogue is a whole number and a cost is exact.
 *
 * <p>Audio and images cost what the dearer of input and output does: the catalogue knows no price of their own.
 *
 * @param input uncached input
 * @param cacheRead input served from the provider's cache
 * @param cacheWrite input written to it
 * @param output visible output
 * @param reasoning output spent on reasoning
 */
public record Price(long input, long cacheRead, long cacheWrite, long output, long reasoning) {

    /** A model whose operator pays for the machine and not for the token. */
    public static final Price FREE = ofText(0, 0);

    /** The dearest price that is accepted: a dollar a token. */
    public static final BigDecimal MAX_USD_PER_TOKEN = BigDecimal.ONE;

    private static final int PICO = 12;
    private static final long PICO_PER_NANO = 1_000;

    public Price {
        if ((input | cacheRead | cacheWrite | output | reasoning) < 0) {
            throw new IllegalArgumentException("price: negative (expected: >= 0)");
        }
    }

    /** A price that makes no difference between cached and uncached input, nor between answer and reasoning. */
    public static Price ofText(long input, long output) {
        return new Price(input, input, input, output, output);
    }

    /** Dollars per token in pico-dollars, to the nearest; a price above zero never becomes zero. */
    public static long picoUsd(BigDecimal usdPerToken) {
        long pico = usdPerToken
                .movePointRight(PICO)
                .setScale(0, RoundingMode.HALF_UP)
                .longValueExact();
        return pico == 0 && usdPerToken.signum() > 0 ? 1 : pico;
    }

    /**
     * The cost of one attempt in nano-dollars, rounded up once for the whole row.
     *
     * <p>An absurd usage costs at most nine million dollars: the arithmetic saturates and never wraps.
     */
    public long cost(Usage usage) {
        long pico = times(usage.input(), input);
        pico = plus(pico, times(usage.cacheRead(), cacheRead));
        pico = plus(pico, times(usage.cacheWrite(), cacheWrite));
        pico = plus(pico, times(usage.output(), output));
        pico = plus(pico, times(usage.reasoning(), reasoning));
        pico = plus(pico, times(plus(usage.audio(), usage.image()), Math.max(input, output)));
        return pico / PICO_PER_NANO + (pico % PICO_PER_NANO == 0 ? 0 : 1);
    }

    private static long plus(long a, long b) {
        long sum = a + b;
        return sum < 0 ? Long.MAX_VALUE : sum;
    }

    private static long times(long tokens, long price) {
        return Math.multiplyHigh(tokens, price) == 0 && tokens * price >= 0 ? tokens * price : Long.MAX_VALUE;
    }
}
