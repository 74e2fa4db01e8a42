package dev.weir.streams.transport;

import org.jspecify.annotations.Nullable;

/**
 * Where one HTTP/1.1 request ends, read as strictly as a proxy must: whatever two parsers could read differently is a
 * {@link Violation}, so that no request can hide in another one's body (RFC 9112, sections 2.2, 5, 6 and 11.2).
 *
 * <p>Pure: it is shown complete heads and then body bytes, and says how many of them belong to the request.
 */
final class Framing {

    /** What is wrong with a request's framing, and the status that says so. */
    enum Violation {
        BAD_REQUEST_LINE(400, "the request line is not METHOD SP TARGET SP HTTP/1.x"),
        BARE_LINE_FEED(400, "a header line ends without CRLF or holds a control character"),
        FOLDED_HEADER(400, "a header line is folded (obsolete line folding)"),
        BAD_HEADER_NAME(400, "a header name is empty or has a character that names cannot have"),
        BAD_CONTENT_LENGTH(400, "Content-Length is not one plain decimal number"),
        BAD_TRANSFER_ENCODING(400, "Transfer-Encoding is not exactly chunked"),
        AMBIGUOUS_LENGTH(400, "Content-Length and Transfer-Encoding are both present"),
        BAD_CHUNK(400, "a chunk is malformed"),
        TOO_MANY_HEADERS(431, "the request has too many header lines"),
        HEAD_TOO_LARGE(431, "the request line and headers are too large"),
        HEAD_TOO_SLOW(408, "the request line and headers took too long");

        final int status;
        final String message;

        Violation(int status, String message) {
            this.status = status;
            this.message = message;
        }

        /** The violation with this name, or null: a client may send any. */
        static @Nullable Violation named(String name) {
            for (Violation violation : values()) {
                if (violation.name().equals(name)) {
                    return violation;
                }
            }
            return null;
        }
    }

    private static final int MAX_CHUNK_LINE = 256;
    private static final int MAX_TRAILERS = 8 * 1024;

    private enum Phase {
        HEAD,
        SIZED,
        CHUNK_LINE,
        CHUNK_DATA,
        CHUNK_END_CR,
        CHUNK_END_LF,
        TRAILERS
    }

    private final int maxHeaders;
    private Phase phase = Phase.HEAD;
    private long remaining;
    private int lineLength;
    private long chunkSize;
    private boolean inExtension;
    private boolean afterCr;
    private int trailerBytes;
    private boolean trailerLineEmpty;
    private int gathered;

    Framing(int maxHeaders) {
        this.maxHeaders = maxHeaders;
    }

    /** The next byte is the first of a request. */
    boolean atHead() {
        return phase == Phase.HEAD;
    }

    /** Judges the head in {@code bytes[from, to)}, which ends with an empty line; null when it is sound. */
    @Nullable
    Violation head(byte[] bytes, int from, int to) {
        int lineEnd = crlf(bytes, from, to);
        Violation line = requestLine(bytes, from, lineEnd);
        if (line != null) {
            return line;
        }
        boolean http10 = bytes[lineEnd - 1] == '0';
        boolean sized = false;
        boolean chunked = false;
        long length = 0;
        int count = 0;
        int at = lineEnd + 2;
        while (at < to - 2) {
            int end = crlf(bytes, at, to);
            if (++count > maxHeaders) {
                return Violation.TOO_MANY_HEADERS;
            }
            int colon = name(bytes, at, end);
            if (colon < 0) {
                return bytes[at] == ' ' || bytes[at] == '\t' ? Violation.FOLDED_HEADER : Violation.BAD_HEADER_NAME;
            }
            if (hasControl(bytes, colon + 1, end)) {
                return Violation.BARE_LINE_FEED;
            }
            if (is(bytes, at, colon, "content-length")) {
                long value = decimal(bytes, colon + 1, end);
                if (value < 0 || sized) {
                    return Violation.BAD_CONTENT_LENGTH;
                }
                sized = true;
                length = value;
            } else if (is(bytes, at, colon, "transfer-encoding")) {
                if (chunked || http10 || !isValue(bytes, colon + 1, end, "chunked")) {
                    return Violation.BAD_TRANSFER_ENCODING;
                }
                chunked = true;
            }
            at = end + 2;
        }
        if (sized && chunked) {
            return Violation.AMBIGUOUS_LENGTH;
        }
        begin(chunked, length);
        return null;
    }

    private void begin(boolean chunked, long length) {
        if (chunked) {
            phase = Phase.CHUNK_LINE;
            startChunkLine();
        } else if (length > 0) {
            phase = Phase.SIZED;
            remaining = length;
        }
    }

    private void startChunkLine() {
        lineLength = 0;
        chunkSize = 0;
        inExtension = false;
        afterCr = false;
    }

    /** The next byte is part of a body in chunks. */
    boolean inChunks() {
        return phase != Phase.HEAD && phase != Phase.SIZED;
    }

    /**
     * Consumes body bytes of {@code bytes[from, to)}. The data of chunks is moved together: afterwards it lies at
     * {@code from}, {@link #gathered()} bytes of it.
     *
     * @return how far the request's body reaches, or -1 for a malformed chunk
     */
    int body(byte[] bytes, int from, int to) {
        int at = from;
        gathered = 0;
        while (at < to && phase != Phase.HEAD) {
            if (phase == Phase.SIZED || phase == Phase.CHUNK_DATA) {
                int step = (int) Math.min(remaining, to - at);
                if (phase == Phase.CHUNK_DATA) {
                    System.arraycopy(bytes, at, bytes, from + gathered, step);
                    gathered += step;
                }
                at += step;
                remaining -= step;
                if (remaining == 0) {
                    phase = phase == Phase.SIZED ? Phase.HEAD : Phase.CHUNK_END_CR;
                }
            } else if (!step(bytes[at++])) {
                return -1;
            }
        }
        return at;
    }

    /** How much data of chunks the last {@link #body} has moved together. */
    int gathered() {
        return gathered;
    }

    private boolean step(byte b) {
        return switch (phase) {
            case CHUNK_END_CR -> to(Phase.CHUNK_END_LF, b == '\r');
            case CHUNK_END_LF -> {
                startChunkLine();
                yield to(Phase.CHUNK_LINE, b == '\n');
            }
            case CHUNK_LINE -> chunkLine(b);
            case TRAILERS -> trailers(b);
            case HEAD, SIZED, CHUNK_DATA -> throw new IllegalStateException("no framing byte in " + phase);
        };
    }

    private boolean to(Phase next, boolean sound) {
        phase = next;
        return sound;
    }

    private boolean chunkLine(byte b) {
        if (++lineLength > MAX_CHUNK_LINE) {
            return false;
        }
        if (afterCr) {
            if (b != '\n') {
                return false;
            }
            if (chunkSize == 0) {
                phase = Phase.TRAILERS;
                trailerBytes = 0;
                trailerLineEmpty = true;
                afterCr = false;
            } else {
                phase = Phase.CHUNK_DATA;
                remaining = chunkSize;
            }
            return true;
        }
        if (b == '\r') {
            afterCr = true;
            return lineLength > 1;
        }
        if (inExtension) {
            return b >= ' ' || b == '\t';
        }
        int digit = Character.digit(b, 16);
        if (digit < 0) {
            inExtension = b == ';';
            return inExtension && lineLength > 1;
        }
        chunkSize = chunkSize * 16 + digit;
        return lineLength <= 15;
    }

    private boolean trailers(byte b) {
        if (++trailerBytes > MAX_TRAILERS) {
            return false;
        }
        if (afterCr) {
            afterCr = false;
            if (b != '\n') {
                return false;
            }
            if (trailerLineEmpty) {
                phase = Phase.HEAD;
            }
            trailerLineEmpty = true;
            return true;
        }
        if (b == '\r') {
            afterCr = true;
            return true;
        }
        boolean folded = trailerLineEmpty && (b == ' ' || b == '\t');
        trailerLineEmpty = false;
        return b != '\n' && !folded;
    }

    private static @Nullable Violation requestLine(byte[] bytes, int from, int end) {
        int firstBlank = -1;
        int blanks = 0;
        for (int i = from; i < end; i++) {
            if (bytes[i] == ' ') {
                blanks++;
                firstBlank = firstBlank < 0 ? i : firstBlank;
            } else if (bytes[i] < ' ' || bytes[i] == 0x7f) {
                return Violation.BARE_LINE_FEED;
            }
        }
        boolean version = end - from > 9
                && isValue(bytes, end - 9, end - 1, "http/1.")
                && (bytes[end - 1] == '0' || bytes[end - 1] == '1');
        boolean sound = version && blanks == 2 && firstBlank > from && bytes[end - 9] == ' ' && firstBlank < end - 10;
        return sound ? null : Violation.BAD_REQUEST_LINE;
    }

    private static int crlf(byte[] bytes, int from, int to) {
        for (int i = from; i + 1 < to; i++) {
            if (bytes[i] == '\r' && bytes[i + 1] == '\n') {
                return i;
            }
        }
        throw new IllegalArgumentException("head: no CRLF (expected: a complete head)");
    }

    private static int name(byte[] bytes, int from, int end) {
        for (int i = from; i < end; i++) {
            if (bytes[i] == ':') {
                return i > from ? i : -1;
            }
            if (!isToken(bytes[i])) {
                return -1;
            }
        }
        return -1;
    }

    private static boolean isToken(byte b) {
        return (b >= 'a' && b <= 'z')
                || (b >= 'A' && b <= 'Z')
                || (b >= '0' && b <= '9')
                || (b > ' ' && b < 0x7f && "!#$%&'*+-.^_`|~".indexOf(b) >= 0);
    }

    private static boolean hasControl(byte[] bytes, int from, int end) {
        for (int i = from; i < end; i++) {
            if ((bytes[i] >= 0 && bytes[i] < ' ' && bytes[i] != '\t') || bytes[i] == 0x7f) {
                return true;
            }
        }
        return false;
    }

    private static boolean is(byte[] bytes, int from, int end, String lowerCase) {
        if (end - from != lowerCase.length()) {
            return false;
        }
        for (int i = 0; i < lowerCase.length(); i++) {
            if ((bytes[from + i] | 0x20) != (lowerCase.charAt(i) | 0x20)) {
                return false;
            }
        }
        return true;
    }

    private static boolean isValue(byte[] bytes, int from, int end, String lowerCase) {
        int start = from;
        int stop = end;
        while (start < stop && isBlank(bytes[start])) {
            start++;
        }
        while (stop > start && isBlank(bytes[stop - 1])) {
            stop--;
        }
        return is(bytes, start, stop, lowerCase);
    }

    private static boolean isBlank(byte b) {
        return b == ' ' || b == '\t';
    }

    private static long decimal(byte[] bytes, int from, int end) {
        int start = from;
        int stop = end;
        while (start < stop && isBlank(bytes[start])) {
            start++;
        }
        while (stop > start && isBlank(bytes[stop - 1])) {
            stop--;
        }
        if (start == stop || stop - start > 18) {
            return -1;
        }
        long value = 0;
        for (int i = start; i < stop; i++) {
            if (bytes[i] < '0' || bytes[i] > '9') {
                return -1;
            }
            value = value * 10 + (bytes[i] - '0');
        }
        return value;
    }
}
