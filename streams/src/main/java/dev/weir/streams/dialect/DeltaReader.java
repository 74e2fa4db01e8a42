package dev.weir.streams.dialect;

import org.jspecify.annotations.Nullable;

/**
 * Reads what nearly every event of a stream and nearly every whole answer is, choices and usage, and makes next to nothing
 * while it does: a parser of a library makes a kilobyte for each token that passes. Whatever it does not know how to read, or
 * what is rare (errors, names with escapes, figures that are no whole numbers), it leaves to {@link ChatFacts} and the
 * library.
 *
 * <p>Not thread-safe.
 */
final class DeltaReader extends JsonCursor {

    private static final int DEEPEST = 32;

    private static final byte[] CHOICES = ascii("choices");
    private static final byte[] USAGE = ascii("usage");
    private static final byte[] ERROR = ascii("error");
    private static final byte[] DELTA = ascii("delta");
    private static final byte[] MESSAGE = ascii("message");
    private static final byte[] PROMPT = ascii("prompt_tokens");
    private static final byte[] COMPLETION = ascii("completion_tokens");
    private static final byte[] TOTAL = ascii("total_tokens");
    private static final byte[] WRITTEN = ascii("cache_creation_input_tokens");
    private static final byte[] OF_PROMPT = ascii("prompt_tokens_details");
    private static final byte[] CACHED = ascii("cached_tokens");
    private static final byte[] CREATED = ascii("cache_creation_tokens");
    private static final byte[] WROTE = ascii("cache_write_tokens");
    private static final byte[] OF_COMPLETION = ascii("completion_tokens_details");
    private static final byte[] REASONING = ascii("reasoning_tokens");
    private static final byte[] AUDIO = ascii("audio_tokens");
    private static final byte[][] TEXTS = {
        ascii("content"), ascii("reasoning_content"), ascii("reasoning"), ascii("refusal")
    };
    private static final byte[][] NESTED = {ascii("tool_calls"), ascii("function_call"), ascii("audio"), ascii("images")
    };

    private long chars;
    private boolean content;
    private boolean emptyChoices;
    private @Nullable UsageFigures usage;

    /** Reads one event or answer; false when it is not one for this reader, which has then learned nothing. */
    boolean read(byte[] event, int from, int end) {
        open(event, from, end);
        chars = 0;
        content = false;
        emptyChoices = false;
        usage = null;
        try {
            chunk();
            return true;
        } catch (Beyond beyond) {
            return false;
        } finally {
            close();
        }
    }

    /** Whether the event has a text, a tool call or the like in it. */
    boolean content() {
        return content;
    }

    /** The characters, as Java counts them, of such texts. */
    long chars() {
        return chars;
    }

    /** Whether there are choices, and none in them. */
    boolean emptyChoices() {
        return emptyChoices;
    }

    /** What was used, where the event tells. */
    @Nullable
    UsageFigures usage() {
        return usage;
    }

    private void chunk() {
        require('{');
        if (ends('}')) {
            return;
        }
        do {
            name();
            byte first = peek();
            if (is(CHOICES)) {
                emptyChoices = first == '[' && choices() == 0;
                if (first != '[') {
                    skip(1);
                }
            } else if (is(USAGE) && first == '{') {
                usage = figures();
            } else if (is(ERROR) && first != 'n') {
                throw new Beyond();
            } else {
                skip(1);
            }
        } while (goesOn('}'));
    }

    private int choices() {
        step();
        if (ends(']')) {
            return 0;
        }
        int count = 0;
        do {
            count++;
            if (peek() != '{') {
                skip(2);
                continue;
            }
            step();
            if (ends('}')) {
                continue;
            }
            do {
                name();
                if ((is(DELTA) || is(MESSAGE)) && peek() == '{') {
                    delta();
                } else {
                    skip(3);
                }
            } while (goesOn('}'));
        } while (goesOn(']'));
        return count;
    }

    private void delta() {
        step();
        if (ends('}')) {
            return;
        }
        do {
            name();
            byte first = peek();
            if (isOneOf(TEXTS)) {
                if (first == '"') {
                    long length = text();
                    chars += length;
                    content |= length > 0;
                } else {
                    nested(first, 4);
                }
            } else if (isOneOf(NESTED)) {
                nested(first, 4);
            } else {
                skip(4);
            }
        } while (goesOn('}'));
    }

    private UsageFigures figures() {
        UsageFigures figures = new UsageFigures();
        step();
        if (ends('}')) {
            return figures;
        }
        do {
            name();
            if (is(PROMPT)) {
                figures.prompt = tokens();
            } else if (is(COMPLETION)) {
                figures.completion = tokens();
            } else if (is(TOTAL)) {
                figures.total = tokens();
            } else if (is(WRITTEN)) {
                figures.atLeastWritten(tokens());
            } else if (is(OF_PROMPT)) {
                ofPrompt(figures);
            } else if (is(OF_COMPLETION)) {
                ofCompletion(figures);
            } else {
                skip(2);
            }
        } while (goesOn('}'));
        return figures;
    }

    private void ofPrompt(UsageFigures figures) {
        require('{');
        figures.cached = 0;
        if (ends('}')) {
            return;
        }
        long created = 0;
        long wrote = 0;
        do {
            name();
            if (is(CACHED)) {
                figures.cached = tokens();
            } else if (is(CREATED)) {
                created = tokens();
            } else if (is(WROTE)) {
                wrote = tokens();
            } else {
                skip(3);
            }
        } while (goesOn('}'));
        figures.atLeastWritten(Math.max(created, wrote));
    }

    private void ofCompletion(UsageFigures figures) {
        require('{');
        figures.reasoning = 0;
        figures.audio = 0;
        if (ends('}')) {
            return;
        }
        do {
            name();
            if (is(REASONING)) {
                figures.reasoning = tokens();
            } else if (is(AUDIO)) {
                figures.audio = tokens();
            } else {
                skip(3);
            }
        } while (goesOn('}'));
    }

    private long tokens() {
        return Math.min(wholeNumber(), UsageFigures.MOST);
    }

    /** Any scalar within an object or array is content. */
    private void nested(byte first, int depth) {
        if (first == '{' || first == '[') {
            value(depth, true);
        } else {
            skip(depth);
        }
    }

    private void skip(int depth) {
        value(depth, false);
    }

    private void value(int depth, boolean counts) {
        if (depth > DEEPEST) {
            throw new Beyond();
        }
        switch (peek()) {
            case '{' -> {
                step();
                if (ends('}')) {
                    return;
                }
                do {
                    name();
                    value(depth + 1, counts);
                } while (goesOn('}'));
            }
            case '[' -> {
                step();
                if (ends(']')) {
                    return;
                }
                do {
                    value(depth + 1, counts);
                } while (goesOn(']'));
            }
            case '"' -> {
                long length = text();
                if (counts) {
                    content = true;
                    chars += length;
                }
            }
            default -> {
                scalar();
                content |= counts;
            }
        }
    }
}
