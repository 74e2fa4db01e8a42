package dev.weir.actors.meter;

import dev.weir.config.BudgetPeriod;
import org.jspecify.annotations.Nullable;

/**
 * The identity of a limit within its meter: figures survive a change of the amount and end with a change of the id.
 *
 * @param model the model that the limit is about; null is every model
 * @param duration of a window, in the notation of {@link BudgetPeriod}; null is for ever
 */
public record LimitId(
        Kind kind,
        Unit unit,
        @Nullable String model,
        @Nullable String duration) {

    /** What is limited: throughput or money. Slots are no limit of the store's: they live and die with the memory. */
    public enum Kind {
        RATE,
        BUDGET
    }

    /** What the limit counts in. */
    public enum Unit {
        REQUESTS,
        TOKENS,
        NANO_USD;

        long of(Need need) {
            return switch (this) {
                case REQUESTS -> need.requests();
                case TOKENS -> need.tokens();
                case NANO_USD -> need.priced() ? need.nanoUsd() : 0;
            };
        }

        Standing.LimitKind kind() {
            return switch (this) {
                case REQUESTS -> Standing.LimitKind.REQUESTS;
                case TOKENS -> Standing.LimitKind.TOKENS;
                case NANO_USD -> Standing.LimitKind.BUDGET;
            };
        }
    }
}
