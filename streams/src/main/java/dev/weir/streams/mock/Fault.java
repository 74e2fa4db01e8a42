package dev.weir.streams.mock;

import org.jspecify.annotations.Nullable;

/** What goes wrong with an answer, on purpose. */
public sealed interface Fault {
    /** The token count that means "before the headers". */
    int BEFORE_HEADERS = -1;

    /** Nothing goes wrong. */
    record None() implements Fault {}

    /** An error status with an OpenAI-shaped body; {@code code} is the error's code in that body. */
    record Status(
            int status,
            @Nullable Integer retryAfterSeconds,
            @Nullable String code) implements Fault {
        public Status {
            if (status < 100 || status > 599) {
                throw new IllegalArgumentException("status: " + status + " (expected: 100 to 599)");
            }
        }
    }

    /** The connection is reset (RST) after so many tokens. */
    record Reset(int after) implements Fault {}

    /** Silence for ever after so many tokens, the connection staying open. */
    record Stall(int after) implements Fault {}

    /** The answer ends in good order after so many tokens, without its finish, usage and terminal marker. */
    record End(int after) implements Fault {}

    /** The event at this position is no JSON; the stream goes on. */
    record Malformed(int at) implements Fault {}

    /** Another content type than the body's. */
    record ContentType(String type) implements Fault {}

    /** The message itself is broken, or not what was asked for. */
    enum Framing implements Fault {
        /** Two different Content-Length headers. */
        TWO_LENGTHS,
        /** A chunk whose size is no number. */
        BAD_CHUNK,
        /** The connection closes (FIN) in the middle of a body whose length was promised. */
        EARLY_EOF,
        /** A compressed body that nobody asked for. */
        GZIP
    }

    /** After how many tokens the answer stops, or {@link Integer#MAX_VALUE} for never. */
    default int stopsAfter() {
        return switch (this) {
            case Reset reset -> reset.after();
            case Stall stall -> stall.after();
            case End end -> end.after();
            case None none -> Integer.MAX_VALUE;
            case Status status -> Integer.MAX_VALUE;
            case Malformed malformed -> Integer.MAX_VALUE;
            case ContentType type -> Integer.MAX_VALUE;
            case Framing framing -> Integer.MAX_VALUE;
        };
    }
}
