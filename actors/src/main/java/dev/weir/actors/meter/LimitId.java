package dev.weir.actors.meter;

import dev.weir.config.BudgetPeriod;
import dev.weir.config.Limit;
import org.jspecify.annotations.Nullable;

/**
 * The identity of a limit within its meter: figures survive a change of the amount and end with a change of the id.
 *
 * @param model the model that the limit is about; null is every model
 * @param duration of a window, in the notation of {@link BudgetPeriod}; null is for ever
 * @param endUser whose it is among many; null of a limit that is not told apart by them
 */
public record LimitId(
        Kind kind,
        Unit unit,
        @Nullable String model,
        @Nullable String duration,
        @Nullable String endUser) {

    /** What is limited: throughput, money, or calls at once. */
    public enum Kind {
        RATE,
        BUDGET,
        /** Of accounts only: a key's own live and die with its memory. */
        SLOTS
    }

    public LimitId(Kind kind, Unit unit, @Nullable String model, @Nullable String duration) {
        this(kind, unit, model, duration, null);
    }

    static final LimitId SLOTS = new LimitId(Kind.SLOTS, Unit.SLOTS, null, null);

    static LimitId of(Limit limit) {
        Unit unit = switch (limit.of()) {
            case REQUESTS -> Unit.REQUESTS;
            case TOKENS -> Unit.TOKENS;
            case MONEY -> Unit.NANO_USD;
        };
        BudgetPeriod period = limit.period();
        return new LimitId(
                unit == Unit.NANO_USD ? Kind.BUDGET : Kind.RATE,
                unit,
                limit.model(),
                period == null ? null : period.toString());
    }

    /** The same limit of an end user; null is the one that all of theirs are like. */
    public LimitId ofEndUser(@Nullable String other) {
        return new LimitId(kind, unit, model, duration, other);
    }

    /** Whether a call of {@code called} counts here. */
    boolean isAbout(String called) {
        return model == null || model.equals(called);
    }

    /** What the limit counts in. */
    public enum Unit {
        REQUESTS,
        TOKENS,
        NANO_USD,
        SLOTS;

        long of(Need need) {
            return switch (this) {
                case REQUESTS -> need.requests();
                case TOKENS -> need.tokens();
                case NANO_USD -> need.priced() ? need.nanoUsd() : 0;
                case SLOTS -> need.slots();
            };
        }

        /** What of {@code had} a call that used {@code used} is charged when it is over, if it {@code began}. */
        long charged(long had, Need used, boolean began) {
            return switch (this) {
                case REQUESTS -> began ? had : 0;
                case TOKENS, NANO_USD -> began ? of(used) : 0;
                case SLOTS -> 0;
            };
        }

        Standing.LimitKind kind() {
            return switch (this) {
                case REQUESTS -> Standing.LimitKind.REQUESTS;
                case TOKENS -> Standing.LimitKind.TOKENS;
                case NANO_USD -> Standing.LimitKind.BUDGET;
                case SLOTS -> Standing.LimitKind.MAX_PARALLEL_REQUESTS;
            };
        }
    }
}
