package dev.weir.actors.meter;

/**
 * What a call asks a meter to hold, or what it turned out to use.
 *
 * @param requests 1 for a call, 0 for a question
 * @param tokens input and output, an upper bound when held
 * @param nanoUsd the price of those tokens
 * @param slots requests in flight
 * @param priced false when no price is known: money limits then refuse, or count nothing, by policy
 */
public record Need(long requests, long tokens, long nanoUsd, long slots, boolean priced) {

    /** Authenticates and checks the model, holds nothing. */
    public static final Need NONE = new Need(0, 0, 0, 0, true);

    public Need {
        if ((requests | tokens | nanoUsd | slots) < 0) {
            throw new IllegalArgumentException("need: a negative amount (expected: >= 0)");
        }
    }

    /** What of this is not in {@code other}. */
    Need less(Need other) {
        return new Need(
                Math.max(0, requests - other.requests),
                Math.max(0, tokens - other.tokens),
                Math.max(0, nanoUsd - other.nanoUsd),
                Math.max(0, slots - other.slots),
                priced);
    }

    /** This and {@code other}. */
    public Need and(Need other) {
        return new Need(
                requests + other.requests,
                tokens + other.tokens,
                nanoUsd + other.nanoUsd,
                slots + other.slots,
                priced && other.priced);
    }

    /** What a call that runs needs more of tokens and money. */
    public static Need ofMore(long tokens, long nanoUsd, boolean priced) {
        return new Need(0, tokens, nanoUsd, 0, priced);
    }

    public static Need ofCall(long tokens, long nanoUsd, boolean priced) {
        return new Need(1, tokens, nanoUsd, 1, priced);
    }
}
