package dev.weir.streams.mock;

import java.time.Duration;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Reads the items of a model name into a {@link Script}, one object per reading. */
final class Grammar {
    private static final int EVENT_BYTES_OF_A_HUGE_STREAM = 16 * 1024;
    private static final int HALF = -1;

    private final Fault inherited;
    private Duration latency;
    private Duration gap;
    private Duration slowHeaders;
    private boolean earlyHeaders;
    private int tokens;
    private int eventBytes;
    private long bytes;
    private Script.Telling usage;
    private boolean tools;
    private int reasoning;
    private int segments;
    private boolean crlf;
    private boolean comments;
    private boolean bom;
    private boolean unframed;
    private boolean close;
    private Duration keepAlive;
    private int times;
    private @Nullable Fault fault;
    private @Nullable Integer status;
    private @Nullable Integer retryAfter;
    private @Nullable String code;

    Grammar(Script defaults) {
        latency = defaults.pace().latency();
        gap = defaults.pace().gap();
        slowHeaders = defaults.pace().slowHeaders();
        earlyHeaders = defaults.pace().earlyHeaders();
        tokens = defaults.text().tokens();
        eventBytes = defaults.text().eventBytes();
        usage = defaults.text().usage();
        tools = defaults.text().tools();
        reasoning = defaults.text().reasoning();
        segments = defaults.wire().segments();
        crlf = defaults.wire().crlf();
        comments = defaults.wire().comments();
        bom = defaults.wire().bom();
        unframed = defaults.wire().unframed();
        close = defaults.wire().close();
        keepAlive = defaults.wire().keepAlive();
        inherited = defaults.fault();
        times = defaults.times();
    }

    Script read(String model) {
        String[] items = model.split(";");
        for (int i = 0; i < items.length; i++) {
            String item = items[i].strip();
            int equals = item.indexOf('=');
            if ((i == 0 && equals < 0) || item.isEmpty()) {
                continue;
            }
            String name = equals < 0 ? item : item.substring(0, equals);
            read(name, equals < 0 ? "" : item.substring(equals + 1));
        }
        return script();
    }

    private void read(String name, String value) {
        switch (name) {
            case "latency", "ttft" -> latency = duration(name, value);
            case "gap" -> gap = duration(name, value);
            case "slow-headers" -> slowHeaders = duration(name, value);
            case "early-headers" -> earlyHeaders = true;
            case "tokens" -> tokens = count(name, value);
            case "event-bytes" -> eventBytes = Math.toIntExact(size(name, value));
            case "bytes" -> bytes = size(name, value);
            case "usage" -> usage = telling(value);
            case "tools" -> tools = true;
            case "reasoning" -> reasoning = value.isEmpty() ? HALF : count(name, value);
            case "segments" -> segments = count(name, value);
            case "crlf" -> crlf = true;
            case "comments" -> comments = true;
            case "bom" -> bom = true;
            case "unframed" -> unframed = true;
            case "close" -> close = true;
            case "keepalive" -> keepAlive = duration(name, value);
            case "times" -> times = count(name, value);
            default -> readFault(name, value);
        }
    }

    private void readFault(String name, String value) {
        switch (name) {
            case "status" -> status = count(name, value);
            case "retry-after" -> retryAfter = count(name, value);
            case "code" -> code = value;
            case "reset-after" -> fault = new Fault.Reset(count(name, value));
            case "stall-after" -> fault = new Fault.Stall(count(name, value));
            case "end-after" -> fault = new Fault.End(count(name, value));
            case "malformed-at" -> fault = new Fault.Malformed(count(name, value));
            case "reset" -> fault = new Fault.Reset(beforeHeaders(name, value));
            case "stall" -> fault = new Fault.Stall(beforeHeaders(name, value));
            case "fault" -> fault = named(value);
            default -> throw unexpected(name, value, "an item of the mock's grammar");
        }
    }

    private Script script() {
        int padded = eventBytes == 0 && bytes > 0 ? EVENT_BYTES_OF_A_HUGE_STREAM : eventBytes;
        int count = bytes > 0 ? Math.toIntExact((bytes + padded - 1) / padded) : tokens;
        Fault chosen = fault == null ? inherited : fault;
        return new Script(
                new Script.Pace(latency, gap, slowHeaders, earlyHeaders),
                new Script.Text(count, padded, usage, tools, reasoning == HALF ? count / 2 : reasoning),
                new Script.Wire(segments, crlf, comments, bom, unframed, close, keepAlive),
                status == null ? chosen : new Fault.Status(status, retryAfter, code),
                times);
    }

    private static Fault named(String value) {
        if (value.startsWith("content-type=")) {
            return new Fault.ContentType(value.substring("content-type=".length()));
        }
        return switch (value) {
            case "two-lengths" -> Fault.Framing.TWO_LENGTHS;
            case "bad-chunk" -> Fault.Framing.BAD_CHUNK;
            case "early-eof" -> Fault.Framing.EARLY_EOF;
            case "gzip" -> Fault.Framing.GZIP;
            default -> throw unexpected("fault", value, "two-lengths, bad-chunk, early-eof, gzip, content-type=...");
        };
    }

    private static Script.Telling telling(String value) {
        return switch (value) {
            case "on" -> Script.Telling.ON;
            case "off" -> Script.Telling.OFF;
            case "always" -> Script.Telling.ALWAYS;
            default -> throw unexpected("usage", value, "on, off, always");
        };
    }

    private static int beforeHeaders(String name, String value) {
        if (!value.equals("headers")) {
            throw unexpected(name, value, "headers");
        }
        return Fault.BEFORE_HEADERS;
    }

    private static int count(String name, String value) {
        try {
            int number = Integer.parseInt(value);
            if (number >= 0) {
                return number;
            }
        } catch (NumberFormatException e) {
            throw unexpected(name, value, "a number");
        }
        throw unexpected(name, value, "a number from 0 on");
    }

    static Duration duration(String name, String value) {
        int unit = unitOf(value);
        long number = number(name, value, unit);
        return switch (value.substring(unit)) {
            case "us" -> Duration.ofNanos(Math.multiplyExact(number, 1_000L));
            case "ms" -> Duration.ofMillis(number);
            case "s" -> Duration.ofSeconds(number);
            case "m" -> Duration.ofMinutes(number);
            default -> throw unexpected(name, value, "a duration such as 60ms");
        };
    }

    private static long size(String name, String value) {
        int unit = unitOf(value);
        long number = number(name, value, unit);
        return switch (value.substring(unit).toUpperCase(Locale.ROOT)) {
            case "" -> number;
            case "KB" -> number << 10;
            case "MB" -> number << 20;
            case "GB" -> number << 30;
            default -> throw unexpected(name, value, "a size such as 16KB");
        };
    }

    private static long number(String name, String value, int end) {
        try {
            return Long.parseLong(value, 0, end, 10);
        } catch (NumberFormatException e) {
            throw unexpected(name, value, "a number and a unit");
        }
    }

    private static int unitOf(String value) {
        int i = 0;
        while (i < value.length() && Character.isDigit(value.charAt(i))) {
            i++;
        }
        return i;
    }

    private static IllegalArgumentException unexpected(String name, String value, String expected) {
        return new IllegalArgumentException(name + ": " + value + " (expected: " + expected + ")");
    }
}
