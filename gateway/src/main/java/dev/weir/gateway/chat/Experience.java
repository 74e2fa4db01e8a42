package dev.weir.gateway.chat;

import dev.weir.streams.dialect.ChatRequest;

/**
 * What calls of a model have come to: how many tokens a byte of prompt makes, at most, and how long its streams get. Until
 * there is enough of it, an upper bound for every tokenizer holds.
 *
 * <p>Many threads add to it without waiting for each other; that one of two experiences of the same moment is lost does no
 * harm. What a call uses beyond what was expected of it is metered all the same.
 */
final class Experience {

    /** As many calls have to be known before they are believed. */
    private static final int ENOUGH = 32;

    /** Above the densest prompt that was seen, which fades by a part in so many. */
    private static final double MARGIN = 1.25;

    private static final double FADING = 1.0 / 1_024;

    /** A step of the mean of outputs, and how much more than it is usual. */
    private static final double WEIGHT = 1.0 / 64;

    private static final double USUAL = 1.5;
    private static final long LEAST_OUTPUT = 64;
    private static final long A_MESSAGE = 8;
    private static final long A_PROMPT = 16;

    private final long defaultOutput;
    private volatile int prompts;
    private volatile double tokensPerByte;
    private volatile int outputs;
    private volatile double meanOutput;

    /** @param defaultOutput the tokens of a stream of which nothing is known */
    Experience(long defaultOutput) {
        this.defaultOutput = defaultOutput;
    }

    /** The most input tokens that the call is likely to have. */
    long inputBound(ChatRequest request) {
        if (prompts < ENOUGH) {
            return request.inputBound();
        }
        long dense = (long) Math.ceil(request.promptBytes() * tokensPerByte * MARGIN);
        return Math.min(request.inputBound(), dense + A_MESSAGE * request.messages() + A_PROMPT);
    }

    /** What a stream is likely to come to. */
    long usualOutput() {
        return outputs < ENOUGH ? defaultOutput : Math.max(LEAST_OUTPUT, (long) (meanOutput * USUAL));
    }

    /** A provider has counted a prompt. */
    @SuppressWarnings("NonAtomicVolatileUpdate") // Losing one of two experiences of a moment does no harm.
    void prompt(ChatRequest request, long tokens) {
        if (request.promptBytes() == 0) {
            return;
        }
        double density = (double) Math.max(0, tokens - A_PROMPT) / request.promptBytes();
        double fading = tokensPerByte - (tokensPerByte - density) * FADING;
        tokensPerByte = Math.max(density, fading);
        prompts = Math.min(prompts + 1, ENOUGH);
    }

    /** A stream has come to so many tokens. */
    @SuppressWarnings("NonAtomicVolatileUpdate") // As above.
    void output(long tokens) {
        meanOutput = outputs == 0 ? tokens : meanOutput + (tokens - meanOutput) * WEIGHT;
        outputs = Math.min(outputs + 1, ENOUGH);
    }
}
