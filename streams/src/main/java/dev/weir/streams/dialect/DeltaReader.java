package dev.weir.streams.dialect;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Reads what nearly every event of a stream and nearly every whole answer is, choices and usage, and makes next to nothing
 * while it does: a parser of a library makes a kilobyte for each token that passes. Whatever it does not know how to read, or
 * what is rare (errors, names with escapes, figures that are no whole numbers), it leaves to {@link ChatFacts} and the
 * library; so it must know what JSON is, and need not know all of it.
 *
 * <p>Not thread-safe.
 */
final class DeltaReader {

    private static final int DEEPEST = 32;

    private static final byte[] NOTHING = {};
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
    private static final byte[] TRUE = ascii("true");
    private static final byte[] FALSE = ascii("false");
    private static final byte[] NULL = ascii("null");
    private static final byte[][] TEXTS = {
        ascii("content"), ascii("reasoning_content"), ascii("reasoning"), ascii("refusal")
    };
    private static final byte[][] NESTED = {ascii("tool_calls"), ascii("function_call"), ascii("audio"), ascii("images")
    };

    /** Beyond what this reader reads; carries no stack because it is an answer. */
    private static final class Beyond extends RuntimeException {

        private static final long serialVersionUID = 1;

        Beyond() {
            super("beyond", null, false, false);
        }
    }

    private byte[] bytes = NOTHING;
    private int at;
    private int to;
    private int nameFrom;
    private int nameTo;
    private long chars;
    private boolean content;
    private boolean emptyChoices;
    private @Nullable UsageFigures usage;

    private static byte[] ascii(String text) {
        return text.getBytes(US_ASCII);
    }

    /** Reads one event or answer; false when it is not one for this reader, which has then learned nothing. */
    boolean read(byte[] event, int from, int end) {
        bytes = event;
        at = from;
        to = end;
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
            bytes = NOTHING; // A stream is quiet for long, and would keep them.
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
        at++;
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
            at++;
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
        at++;
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
        at++;
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

    /** A whole number, as it is mostly written; what else there is the library may make a number of. */
    private long tokens() {
        peek();
        int from = at;
        int many = digits();
        if ((many > 1 && bytes[from] == '0') || at == to || !isDelimiter(bytes[at])) {
            throw new Beyond();
        }
        long tokens = 0;
        for (int i = from; i < at; i++) {
            tokens = 10 * tokens + (bytes[i] - '0');
        }
        return Math.min(tokens, UsageFigures.MOST);
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
                at++;
                if (ends('}')) {
                    return;
                }
                do {
                    name();
                    value(depth + 1, counts);
                } while (goesOn('}'));
            }
            case '[' -> {
                at++;
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

    /** The name of a field, and the colon behind it. */
    private void name() {
        require('"');
        nameFrom = at;
        while (at < to) {
            byte b = bytes[at];
            if (b == '"') {
                nameTo = at++;
                require(':');
                return;
            }
            if (b < ' ' || b == '\\') {
                throw new Beyond();
            }
            at++;
        }
        throw new Beyond();
    }

    private boolean is(byte[] name) {
        return Arrays.equals(bytes, nameFrom, nameTo, name, 0, name.length);
    }

    private boolean isOneOf(byte[][] names) {
        for (byte[] name : names) {
            if (is(name)) {
                return true;
            }
        }
        return false;
    }

    /** Past a text; returns how many characters Java makes of it. */
    private long text() {
        at++;
        long length = 0;
        while (at < to) {
            byte b = bytes[at++];
            if (b == '"') {
                return length;
            }
            if (b >= ' ') {
                length++;
                if (b == '\\') {
                    escaped();
                }
            } else if (b >= 0) {
                throw new Beyond();
            } else {
                length += beyondAscii(b);
            }
        }
        throw new Beyond();
    }

    private void escaped() {
        byte b = next();
        switch (b) {
            case '"', '\\', '/', 'b', 'f', 'n', 'r', 't' -> {}
            case 'u' -> {
                for (int i = 0; i < 4; i++) {
                    if (Character.digit(next(), 16) < 0) {
                        throw new Beyond();
                    }
                }
            }
            default -> throw new Beyond();
        }
    }

    /**
     * Past what follows the first byte of one of UTF-8's longer characters; returns how many characters Java makes of it. What
     * Unicode has no character for is the library's to judge.
     */
    private int beyondAscii(byte first) {
        int lead = first & 0xFF;
        if (lead >= 0xC2 && lead <= 0xDF) {
            follows(0x80, 0xBF);
            return 1;
        }
        if (lead >= 0xE0 && lead <= 0xEF) {
            follows(lead == 0xE0 ? 0xA0 : 0x80, lead == 0xED ? 0x9F : 0xBF);
            follows(0x80, 0xBF);
            return 1;
        }
        if (lead >= 0xF0 && lead <= 0xF4) {
            follows(lead == 0xF0 ? 0x90 : 0x80, lead == 0xF4 ? 0x8F : 0xBF);
            follows(0x80, 0xBF);
            follows(0x80, 0xBF);
            return 2;
        }
        throw new Beyond();
    }

    private void follows(int least, int most) {
        int b = next() & 0xFF;
        if (b < least || b > most) {
            throw new Beyond();
        }
    }

    private void scalar() {
        switch (bytes[at]) {
            case 't' -> word(TRUE);
            case 'f' -> word(FALSE);
            case 'n' -> word(NULL);
            default -> number();
        }
        if (at < to && !isDelimiter(bytes[at])) {
            throw new Beyond();
        }
    }

    private static boolean isDelimiter(byte b) {
        return b == ',' || b == '}' || b == ']' || isSpace(b);
    }

    private void word(byte[] word) {
        if (to - at < word.length || !Arrays.equals(bytes, at, at + word.length, word, 0, word.length)) {
            throw new Beyond();
        }
        at += word.length;
    }

    private void number() {
        if (bytes[at] == '-') {
            at++;
        }
        int from = at;
        int whole = digits();
        if (whole > 1 && bytes[from] == '0') {
            throw new Beyond();
        }
        if (at < to && bytes[at] == '.') {
            at++;
            digits();
        }
        if (at < to && (bytes[at] | 0x20) == 'e') {
            at++;
            if (at < to && (bytes[at] == '+' || bytes[at] == '-')) {
                at++;
            }
            digits();
        }
    }

    /** Some digits; very many are for the library, which has a limit. */
    private int digits() {
        int from = at;
        while (at < to && bytes[at] >= '0' && bytes[at] <= '9') {
            at++;
        }
        int many = at - from;
        if (many == 0 || many > 18) {
            throw new Beyond();
        }
        return many;
    }

    private byte next() {
        if (at == to) {
            throw new Beyond();
        }
        return bytes[at++];
    }

    private static boolean isSpace(byte b) {
        return b == ' ' || b == '\n' || b == '\r' || b == '\t';
    }

    /** The next byte that is no white space; it stays where it is. */
    private byte peek() {
        while (at < to && isSpace(bytes[at])) {
            at++;
        }
        if (at == to) {
            throw new Beyond();
        }
        return bytes[at];
    }

    private void require(char wanted) {
        if (peek() != wanted) {
            throw new Beyond();
        }
        at++;
    }

    /** Whether an object or array ends before its first element. */
    private boolean ends(char end) {
        boolean ends = peek() == end;
        if (ends) {
            at++;
        }
        return ends;
    }

    /** After an element: another one, or the end. */
    private boolean goesOn(char end) {
        byte b = peek();
        at++;
        if (b == ',') {
            return true;
        }
        if (b == end) {
            return false;
        }
        throw new Beyond();
    }
}
