package dev.weir.streams.dialect;

import java.util.List;
import org.apache.pekko.util.ByteString;
import org.jspecify.annotations.Nullable;

/**
 * What Weir reads of a chat completion request; everything else stays in {@link #body} and rides along.
 *
 * @param body the client's bytes, untouched
 * @param maxOutput {@code max_completion_tokens}, else {@code max_tokens}; null when neither is named
 * @param choices {@code n}
 * @param messages how many
 * @param promptBytes of the messages and tools, as the client wrote them
 * @param wantsUsage {@code stream_options.include_usage}
 * @param user a label for rows
 * @param tags {@code metadata.tags}, labels for rows
 * @param spans where the fields stand that a route replaces
 */
public record ChatRequest(
        ByteString body,
        String model,
        boolean stream,
        @Nullable Long maxOutput,
        int choices,
        int messages,
        long promptBytes,
        boolean wantsUsage,
        @Nullable String user,
        List<String> tags,
        Spans spans) {

    /**
     * Offsets into the body, -1 for what is absent.
     *
     * @param model of the value of {@code model}
     * @param streamOptions of the value of {@code stream_options}
     * @param includeUsage of the value of {@code include_usage} in it
     * @param tags of {@code "tags": […]} in {@code metadata} with one comma that belongs to it
     * @param objectStart behind the body's first brace
     */
    public record Spans(Span model, Span streamOptions, Span includeUsage, Span tags, int objectStart) {}

    /** Bytes {@code [from, to)}. */
    public record Span(int from, int to) {
        public static final Span NONE = new Span(-1, -1);

        public boolean exists() {
            return from >= 0;
        }
    }

    /** An upper bound of the input tokens, for a model whose tokenizer is not known: bytes / 2 + 8 a message + 16. */
    public long inputBound() {
        return promptBytes / 2 + 8L * messages + 16;
    }

    /** What the input probably was, for a row without usage: a token is about four bytes. */
    public long inputEstimate() {
        return (promptBytes + 3) / 4;
    }

    /** The most output tokens that all choices may have. */
    public long outputBound(long whereUnnamed) {
        return (maxOutput == null ? whereUnnamed : maxOutput) * choices;
    }
}
