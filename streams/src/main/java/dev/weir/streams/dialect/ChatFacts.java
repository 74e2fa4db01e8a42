package dev.weir.streams.dialect;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import dev.weir.config.price.Usage;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What Weir learns from an answer while it passes: whole, or event by event. It accumulates over the events of a
 * stream; not thread-safe.
 */
public final class ChatFacts {

    private static final JsonFactory JSON = JsonFactory.builder()
            .streamReadConstraints(StreamReadConstraints.builder()
                    .maxNestingDepth(200)
                    .maxStringLength(Integer.MAX_VALUE)
                    .build())
            .build();

    private static final byte[] DONE = {'[', 'D', 'O', 'N', 'E', ']'};

    private boolean done;
    private boolean error;
    private @Nullable Integer errorStatus;
    private long contentEvents;
    private long contentChars;
    private long malformed;
    private @Nullable Usage usage;
    private final DeltaReader delta = new DeltaReader();

    private boolean content;
    private boolean usageOnly;

    /** Reads one event's data or one whole answer. */
    public void read(byte[] data, int from, int to) {
        content = false;
        usageOnly = false;
        if (to - from == DONE.length && Arrays.equals(data, from, to, DONE, 0, DONE.length)) {
            done = true;
            return;
        }
        if (delta.read(data, from, to)) {
            content = delta.content();
            contentChars += delta.chars();
            UsageFigures figures = delta.usage();
            if (figures != null) {
                usage = figures.usage();
                usageOnly = delta.emptyChoices();
            }
        } else {
            parse(data, from, to);
        }
        if (content) {
            contentEvents++;
        }
    }

    /** The library's reading, of everything that {@link DeltaReader} does not read. */
    void parse(byte[] data, int from, int to) {
        try (JsonParser parser = JSON.createParser(data, from, to - from)) {
            if (parser.nextToken() == JsonToken.START_OBJECT) {
                chunk(parser);
            } else {
                malformed++;
            }
        } catch (IOException notJson) {
            // Also what looks like a character encoding that Jackson does not know.
            malformed++;
        }
    }

    /** The terminal marker has come. */
    public boolean done() {
        return done;
    }

    /** The upstream said in its answer that it failed. */
    public boolean error() {
        return error;
    }

    /** The status that such an error names, if it does. */
    public @Nullable Integer errorStatus() {
        return errorStatus;
    }

    /** The event last read has text, tool calls, reasoning, refusal, audio or images in it. */
    public boolean content() {
        return content;
    }

    /** The event last read is only there to tell usage. */
    public boolean usageOnly() {
        return usageOnly;
    }

    /** Events or answers that were not JSON objects. */
    public long malformed() {
        return malformed;
    }

    public @Nullable Usage usage() {
        return usage;
    }

    /**
     * The output tokens that have passed, where nobody counted them: most upstreams send a token an event; when events
     * are larger than tokens are, four characters are taken for one.
     */
    public long outputEstimate() {
        boolean tokenAnEvent = contentChars <= 8 * contentEvents;
        return tokenAnEvent ? contentEvents : Math.max(contentEvents, (contentChars + 3) / 4);
    }

    /** The characters of content so far, as Java counts them. */
    long contentChars() {
        return contentChars;
    }

    private void chunk(JsonParser parser) throws IOException {
        boolean emptyChoices = false;
        boolean hasUsage = false;
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            String name = parser.currentName();
            JsonToken value = parser.nextToken();
            switch (name) {
                case "choices" -> {
                    emptyChoices = value == JsonToken.START_ARRAY && choices(parser) == 0;
                    parser.skipChildren();
                }
                case "usage" -> {
                    if (value == JsonToken.START_OBJECT) {
                        usage = usage(parser);
                        hasUsage = true;
                    } else {
                        parser.skipChildren();
                    }
                }
                case "error" -> error(parser, value);
                default -> parser.skipChildren();
            }
        }
        usageOnly = emptyChoices && hasUsage;
    }

    private void error(JsonParser parser, JsonToken value) throws IOException {
        if (value == JsonToken.VALUE_NULL) {
            return;
        }
        error = true;
        if (value != JsonToken.START_OBJECT) {
            return;
        }
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            String name = parser.currentName();
            JsonToken token = parser.nextToken();
            if (name.equals("code") || name.equals("status")) {
                int status = parser.getValueAsInt();
                errorStatus = status >= 400 && status <= 599 ? Integer.valueOf(status) : errorStatus;
            }
            if (token.isStructStart()) {
                parser.skipChildren();
            }
        }
    }

    private int choices(JsonParser parser) throws IOException {
        int count = 0;
        while (parser.nextToken() != JsonToken.END_ARRAY) {
            count++;
            if (parser.currentToken() != JsonToken.START_OBJECT) {
                parser.skipChildren();
                continue;
            }
            while (parser.nextToken() == JsonToken.FIELD_NAME) {
                String name = parser.currentName();
                JsonToken value = parser.nextToken();
                boolean carries = name.equals("delta") || name.equals("message");
                if (carries && value == JsonToken.START_OBJECT) {
                    delta(parser);
                } else {
                    parser.skipChildren();
                }
            }
        }
        return count;
    }

    private void delta(JsonParser parser) throws IOException {
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            String name = parser.currentName();
            JsonToken value = parser.nextToken();
            switch (name) {
                case "content", "reasoning_content", "reasoning", "refusal" -> text(parser, value);
                case "tool_calls", "function_call", "audio", "images" -> nested(parser, value);
                default -> parser.skipChildren();
            }
        }
    }

    private void text(JsonParser parser, JsonToken value) throws IOException {
        if (value == JsonToken.VALUE_STRING) {
            int length = parser.getTextLength();
            contentChars += length;
            content |= length > 0;
        } else {
            nested(parser, value);
        }
    }

    private void nested(JsonParser parser, JsonToken value) throws IOException {
        if (!value.isStructStart()) {
            return;
        }
        int depth = 1;
        while (depth > 0) {
            JsonToken token = parser.nextToken();
            if (token == null) {
                return;
            }
            if (token.isStructStart()) {
                depth++;
            } else if (token.isStructEnd()) {
                depth--;
            } else if (token.isScalarValue()) {
                content = true;
                if (token == JsonToken.VALUE_STRING) {
                    contentChars += parser.getTextLength();
                }
            }
        }
    }

    private static Usage usage(JsonParser parser) throws IOException {
        UsageFigures figures = new UsageFigures();
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            String name = parser.currentName();
            JsonToken value = parser.nextToken();
            switch (name) {
                case "prompt_tokens" -> figures.prompt = tokens(parser);
                case "completion_tokens" -> figures.completion = tokens(parser);
                case "total_tokens" -> figures.total = tokens(parser);
                // OpenAI has no word for cache writes; these are the words of those who resell models that do.
                case "cache_creation_input_tokens" -> figures.atLeastWritten(tokens(parser));
                case "prompt_tokens_details" -> {
                    long[] details =
                            details(parser, value, "cached_tokens", "cache_creation_tokens", "cache_write_tokens");
                    figures.cached = details[0];
                    figures.atLeastWritten(Math.max(details[1], details[2]));
                }
                case "completion_tokens_details" -> {
                    long[] details = details(parser, value, "reasoning_tokens", "audio_tokens");
                    figures.reasoning = details[0];
                    figures.audio = details[1];
                }
                default -> parser.skipChildren();
            }
        }
        return figures.usage();
    }

    /** The figures of these names in an object of details, in their order; 0 for one that is missing. */
    private static long[] details(JsonParser parser, JsonToken value, String... wanted) throws IOException {
        long[] found = new long[wanted.length];
        if (value != JsonToken.START_OBJECT) {
            parser.skipChildren();
            return found;
        }
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            String name = parser.currentName();
            parser.nextToken();
            int index = List.of(wanted).indexOf(name);
            if (index >= 0) {
                found[index] = tokens(parser);
            } else {
                parser.skipChildren();
            }
        }
        return found;
    }

    private static long tokens(JsonParser parser) throws IOException {
        long count = Math.max(0, Math.min(parser.getValueAsLong(), UsageFigures.MOST));
        parser.skipChildren();
        return count;
    }
}
