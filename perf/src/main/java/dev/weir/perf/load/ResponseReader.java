package dev.weir.perf.load;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Locale;

/**
 * Bytes in, one HTTP/1.1 response out: its status, then its body as it comes, cut anywhere.
 *
 * <p>Written by hand because a general client costs several times as much, and the load shares its cores with the subject.
 */
final class ResponseReader {
    private static final int MAX_LINE = 64 * 1024;
    private static final String CONTENT_LENGTH = "content-length";
    private static final String TRANSFER_ENCODING = "transfer-encoding";
    private static final String CONNECTION = "connection";

    /** Where the body goes. */
    interface Body {
        void bytes(byte[] source, int from, int upTo);
    }

    /** How far the response is. */
    enum Progress {
        MORE,
        DONE,
        BROKEN
    }

    private enum State {
        STATUS_LINE,
        HEADER,
        COUNTED_BODY,
        BODY_UNTIL_CLOSE,
        CHUNK_SIZE,
        CHUNK,
        CHUNK_END,
        TRAILER,
        DONE,
        BROKEN
    }

    private final Body body;
    private final ByteArrayOutputStream line = new ByteArrayOutputStream(128);
    private State state = State.STATUS_LINE;
    private int status;
    private long length;
    private boolean counted;
    private boolean chunked;
    private boolean closes;

    ResponseReader(Body body) {
        this.body = body;
    }

    /** Ready for the next response. */
    void begin() {
        line.reset();
        state = State.STATUS_LINE;
        status = 0;
        length = 0;
        counted = false;
        chunked = false;
        closes = false;
    }

    /** The status, 0 before it came. */
    int status() {
        return status;
    }

    /** Whether the connection ends with this response. */
    boolean closes() {
        return closes;
    }

    /** Takes these bytes; bytes after the end break the response, as nobody asked for more. */
    Progress read(byte[] source, int upTo) {
        int at = 0;
        while (at < upTo && state != State.BROKEN) {
            at = switch (state) {
                case COUNTED_BODY, CHUNK -> bodyBytes(source, at, upTo);
                case BODY_UNTIL_CLOSE -> {
                    body.bytes(source, at, upTo);
                    yield upTo;
                }
                case DONE, BROKEN -> {
                    state = State.BROKEN;
                    yield upTo;
                }
                case STATUS_LINE, HEADER, CHUNK_SIZE, CHUNK_END, TRAILER -> lineBytes(source, at, upTo);
            };
        }
        return progress();
    }

    /** The connection has ended. */
    Progress ended() {
        if (state == State.BODY_UNTIL_CLOSE) {
            state = State.DONE;
        }
        return progress();
    }

    private Progress progress() {
        return switch (state) {
            case DONE -> Progress.DONE;
            case BROKEN -> Progress.BROKEN;
            default -> Progress.MORE;
        };
    }

    private int bodyBytes(byte[] source, int from, int upTo) {
        int end = (int) Math.min(upTo, from + length);
        body.bytes(source, from, end);
        length -= end - from;
        if (length == 0) {
            state = state == State.CHUNK ? State.CHUNK_END : State.DONE;
        }
        return end;
    }

    private int lineBytes(byte[] source, int from, int upTo) {
        int end = from;
        while (end < upTo && source[end] != '\n') {
            end++;
        }
        if (state == State.HEADER && line.size() == 0 && end < upTo && isOfNoMatter(source, from, end)) {
            return end + 1;
        }
        line.write(source, from, end - from);
        if (line.size() > MAX_LINE) {
            state = State.BROKEN;
            return upTo;
        }
        if (end == upTo) {
            return upTo;
        }
        String text = line.toString(StandardCharsets.ISO_8859_1);
        line.reset();
        line(text.endsWith("\r") ? text.substring(0, text.length() - 1) : text);
        return end + 1;
    }

    /** A whole header line that need not become text. */
    private static boolean isOfNoMatter(byte[] source, int from, int end) {
        int colon = from;
        while (colon < end && source[colon] != ':') {
            colon++;
        }
        return colon < end && !mayMatter(colon - from);
    }

    /** Most headers are told from those that matter by the length of their names. */
    private static boolean mayMatter(int nameLength) {
        return nameLength == CONTENT_LENGTH.length()
                || nameLength == TRANSFER_ENCODING.length()
                || nameLength == CONNECTION.length();
    }

    private void line(String text) {
        switch (state) {
            case STATUS_LINE -> statusLine(text);
            case HEADER -> header(text);
            case CHUNK_SIZE -> chunkSize(text);
            case CHUNK_END -> state = text.isEmpty() ? State.CHUNK_SIZE : State.BROKEN;
            case TRAILER -> state = text.isEmpty() ? State.DONE : State.TRAILER;
            default -> state = State.BROKEN;
        }
    }

    private void statusLine(String text) {
        if (!text.startsWith("HTTP/1.1 ") || text.length() < 12) {
            state = State.BROKEN;
            return;
        }
        status = number(text.substring(9, 12), 10);
        state = State.HEADER;
    }

    private void header(String text) {
        if (text.isEmpty()) {
            headEnds();
            return;
        }
        int colon = text.indexOf(':');
        if (colon < 0) {
            state = State.BROKEN;
            return;
        }
        if (mayMatter(colon)) {
            matters(
                    text.substring(0, colon).toLowerCase(Locale.ROOT),
                    text.substring(colon + 1).strip().toLowerCase(Locale.ROOT));
        }
    }

    private void matters(String name, String value) {
        switch (name) {
            case CONTENT_LENGTH -> {
                counted = true;
                length = number(value, 10);
            }
            case TRANSFER_ENCODING -> chunked = value.equals("chunked");
            case CONNECTION -> closes = value.contains("close");
            default -> {}
        }
    }

    private void headEnds() {
        if (state == State.BROKEN) {
            return;
        }
        if (status / 100 == 1) {
            state = State.STATUS_LINE;
        } else if (chunked) {
            state = counted ? State.BROKEN : State.CHUNK_SIZE;
        } else if (counted || status == 204) {
            state = length == 0 ? State.DONE : State.COUNTED_BODY;
        } else {
            closes = true;
            state = State.BODY_UNTIL_CLOSE;
        }
    }

    private void chunkSize(String text) {
        int extension = text.indexOf(';');
        length = number(extension < 0 ? text : text.substring(0, extension), 16);
        if (state != State.BROKEN) {
            state = length == 0 ? State.TRAILER : State.CHUNK;
        }
    }

    private int number(String text, int radix) {
        try {
            int number = Integer.parseInt(text.strip(), radix);
            if (number >= 0) {
                return number;
            }
        } catch (NumberFormatException e) {
            state = State.BROKEN;
            return 0;
        }
        state = State.BROKEN;
        return 0;
    }
}
