package dev.weir.streams.dialect;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.util.Arrays;

/**
 * A place in JSON that moves on and makes nothing. It must know what JSON is, and need not know all of it: before what it
 * does not read it stops with {@link Beyond}. Not thread-safe.
 */
abstract class JsonCursor {

    private static final byte[] NOTHING = {};
    private static final byte[] TRUE = ascii("true");
    private static final byte[] FALSE = ascii("false");
    private static final byte[] NULL = ascii("null");

    /** Beyond what this reader reads; carries no stack because it is an answer. */
    static final class Beyond extends RuntimeException {

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

    static byte[] ascii(String text) {
        return text.getBytes(US_ASCII);
    }

    /** Begins with these bytes. */
    void open(byte[] json, int from, int end) {
        bytes = json;
        at = from;
        to = end;
    }

    /** Lets go of them: a stream is quiet for long, and would keep them. */
    void close() {
        bytes = NOTHING;
    }

    /** Past a byte that was peeked at. */
    void step() {
        at++;
    }

    /** A whole number, as it is mostly written; what else there is the library may make a number of. */
    long wholeNumber() {
        peek();
        int from = at;
        int many = digits();
        if ((many > 1 && bytes[from] == '0') || at == to || !isDelimiter(bytes[at])) {
            throw new Beyond();
        }
        long number = 0;
        for (int i = from; i < at; i++) {
            number = 10 * number + (bytes[i] - '0');
        }
        return number;
    }

    /** The name of a field, and the colon behind it. */
    void name() {
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

    boolean is(byte[] name) {
        return Arrays.equals(bytes, nameFrom, nameTo, name, 0, name.length);
    }

    boolean isOneOf(byte[][] names) {
        for (byte[] name : names) {
            if (is(name)) {
                return true;
            }
        }
        return false;
    }

    /** Past a text; returns how many characters Java makes of it. */
    long text() {
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

    void scalar() {
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
    byte peek() {
        while (at < to && isSpace(bytes[at])) {
            at++;
        }
        if (at == to) {
            throw new Beyond();
        }
        return bytes[at];
    }

    void require(char wanted) {
        if (peek() != wanted) {
            throw new Beyond();
        }
        at++;
    }

    /** Whether an object or array ends before its first element. */
    boolean ends(char end) {
        boolean ends = peek() == end;
        if (ends) {
            at++;
        }
        return ends;
    }

    /** After an element: another one, or the end. */
    boolean goesOn(char end) {
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
