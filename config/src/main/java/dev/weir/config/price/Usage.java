package dev.weir.config.price;

/**
 * The tokens of one attempt in disjoint buckets: their sum is the provider's total, whatever that provider's own
 * counting includes in what.
 *
 * @param input uncached text input
 * @param cacheRead input served from the provider's prompt cache
 * @param cacheWrite input written to it
 * @param output visible output
 * @param reasoning output that was spent on reasoning
 * @param audio input and output tokens of audio
 * @param image input and output tokens of images
 */
public record Usage(long input, long cacheRead, long cacheWrite, long output, long reasoning, long audio, long image) {

    public static final Usage NONE = new Usage(0, 0, 0, 0, 0, 0, 0);

    public Usage {
        if ((input | cacheRead | cacheWrite | output | reasoning | audio | image) < 0) {
            throw new IllegalArgumentException("usage: a negative bucket (expected: >= 0)");
        }
    }

    public static Usage ofText(long input, long output) {
        return new Usage(input, 0, 0, output, 0, 0, 0);
    }

    /** Every input token, cached or not: OpenAI's {@code prompt_tokens}. */
    public long prompt() {
        return input + cacheRead + cacheWrite;
    }

    /** Every output token: OpenAI's {@code completion_tokens}. */
    public long completion() {
        return output + reasoning + audio + image;
    }

    public long total() {
        return prompt() + completion();
    }
}
