package dev.weir.streams.dialect;

import dev.weir.config.price.Usage;

/** A provider's figures as it tells them, each at least 0 and at most {@link #MOST}. */
final class UsageFigures {

    static final int MOST = Integer.MAX_VALUE;

    long prompt;
    long completion;
    long total;
    long cached;
    long written;
    long reasoning;
    long audio;

    /** Several names for the same: whichever says most. */
    void atLeastWritten(long tokens) {
        written = Math.max(written, tokens);
    }

    /**
     * In disjoint buckets. Some count what was spent on reasoning only in the total: it is output all the same.
     */
    Usage usage() {
        long beside = Math.max(0, total - prompt - completion);
        long generated = completion + beside;
        long cacheRead = Math.min(cached, prompt);
        long cacheWrite = Math.min(written, prompt - cacheRead);
        long thought = Math.min(Math.max(reasoning, beside), generated);
        long spoken = Math.min(audio, generated - thought);
        long input = prompt - cacheRead - cacheWrite;
        return new Usage(input, cacheRead, cacheWrite, generated - thought - spoken, thought, spoken, 0);
    }
}
