package dev.weir.actors.meter;

import dev.weir.config.AccountId;
import org.jspecify.annotations.Nullable;

/** What may be used here and now of one limit: of the key's own, or of an account's above it. */
interface Portion {

    /** What a need meets. */
    enum Fit {
        YES,
        /** The limit has it, perhaps; what is here has not, or not yet. */
        SHORT,
        EXCEEDED
    }

    LimitId id();

    /** The window, counted; pieces belong to the one that granted them. */
    long gen();

    /** Whether {@code need} fits now. */
    Fit fit(long need, long now);

    /** Whether {@code need} of a call that already runs fits beyond the limit, where within there is no more. */
    Fit fitBeyond(long need, long now);

    /** Holds {@code need}, which fits beyond. */
    void debitBeyond(long need);

    /** Holds {@code need}, which fits. */
    void debit(long need, long now);

    /**
     * A hold of this generation ended.
     *
     * @param amount of it within the limit
     * @param unused is free again, and more than that where the hold had some beyond the limit and did not use it
     */
    void release(long amount, long unused);

    /** Charges use beyond a hold: from what is here where there is room, over where there is not. */
    void charge(long excess);

    /** Room is running out and the limit may have more: worth asking before somebody has to wait. */
    boolean isLow(long now);

    /** The group of end users that has no room for one more, where that is why nothing fits. */
    default @Nullable AccountId crowd(long now) {
        return null;
    }

    Standing standing(long now);

    /** The same for a refusal: a window that is not open says when it would end. */
    Standing refusal(long now);
}
