package dev.weir.streams.mock;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What the mock saw of one request up to now.
 *
 * <p>Nanoseconds are those of {@link System#nanoTime()}, which all processes of a Linux machine share. Tokens and body bytes
 * count when the socket has taken them, so they stand still while a peer does not read.
 *
 * @param serial counts the requests of a mock from 1
 * @param attempt the {@code x-weir-attempt} header, when there was one
 * @param model the model name as it came, with its items
 * @param user the request's field of this name; empty when there was none
 * @param connection counts the connections of a mock from 1
 * @param headers names in lower case, repeated ones joined by a comma; empty unless they are kept
 * @param body the request's body; empty unless it is kept
 * @param bytes of the answer's body, without head and framing
 * @param endedNanos when the end came; 0 while the answer is open
 * @param told the usage that the answer told, when it did
 */
public record Sighting(
        long serial,
        @Nullable String attempt,
        String model,
        String user,
        boolean streamed,
        long connection,
        long arrivedNanos,
        long arrivedMillis,
        Map<String, String> headers,
        String body,
        int requestBytes,
        int tokens,
        long bytes,
        End end,
        long endedNanos,
        @Nullable Told told) {

    /** How an answer ended. */
    public enum End {
        /** It has not. */
        OPEN,
        /** All of it was handed to the socket. */
        COMPLETE,
        /** The peer closed or reset the connection before that. */
        CLOSED_BY_PEER,
        /** The fault that its model name asked for was delivered. */
        FAULTED
    }

    /** The usage that an answer told. */
    public record Told(int promptTokens, int completionTokens) {}

    /** When the end came, in milliseconds of the epoch; 0 while the answer is open. */
    public long endedMillis() {
        return endedNanos == 0 ? 0 : arrivedMillis + (endedNanos - arrivedNanos) / 1_000_000;
    }
}
