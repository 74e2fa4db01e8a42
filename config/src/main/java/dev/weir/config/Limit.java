package dev.weir.config;

import org.jspecify.annotations.Nullable;

/**
 * One limit as an operator set it: so much of something, in a window, perhaps for one model alone.
 *
 * @param amount requests, tokens or nano-dollars
 * @param period how long a window lasts; null is for ever, which only money can be
 * @param model a public model name; null is every model
 */
public record Limit(
        Of of,
        long amount,
        @Nullable BudgetPeriod period,
        @Nullable String model) {

    /** What is counted. */
    public enum Of {
        REQUESTS,
        TOKENS,
        MONEY
    }

    public Limit {
        if (amount < 0) {
            throw new IllegalArgumentException("limit: " + amount + " (expected: >= 0)");
        }
        if (period == null && of != Of.MONEY) {
            throw new IllegalArgumentException("limit of " + of + ": no window (expected: one)");
        }
    }

    public static Limit money(Money amount, @Nullable BudgetPeriod period) {
        return new Limit(Of.MONEY, amount.nanoUsd(), period, null);
    }

    public static Limit rate(Of of, long amount, String window) {
        return new Limit(of, amount, BudgetPeriod.parse(window), null);
    }
}
