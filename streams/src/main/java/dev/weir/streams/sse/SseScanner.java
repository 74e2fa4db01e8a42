package dev.weir.streams.sse;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * Bytes of an event stream in, whole events out, without changing one of them: the framing of the HTML standard
 * (section 9.2.6, event stream interpretation): lines end with LF, CR or CRLF, an event ends with an empty line, a
 * byte order mark may come first; however the bytes were cut.
 *
 * <p>Only the unfinished tail is kept. Not thread-safe.
 */
public final class SseScanner {

    /** Is shown each event. */
    public interface Events {

        /**
         * One event.
         *
         * @param bytes holds the event in {@code [from, to)}, its closing empty line included; must not be changed
         * @param data holds the event's data in {@code [dataFrom, dataTo)}: {@code bytes} itself, or for data of
         *     several lines an array of their own; {@code dataFrom} is -1 for an event without data (a comment)
         */
        void event(byte[] bytes, int from, int to, byte[] data, int dataFrom, int dataTo);
    }

    private static final int INITIAL = 4 * 1024;
    private static final byte[] DATA = {'d', 'a', 't', 'a'};

    private static final VarHandle EIGHT = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
    private static final long ONES = 0x0101010101010101L;
    private static final long TOPS = ONES << 7;
    private static final long LFS = ONES * '\n';
    private static final long CRS = ONES * '\r';

    private final int maxEvent;
    private byte[] buffer = new byte[0];
    private int start;
    private int scanned;
    private int end;
    private int lineStart;
    private boolean afterCr;
    private boolean atBeginning = true;

    private int firstDataFrom = -1;
    private int firstDataTo;
    private byte[] joined = {};
    private int joinedLength = -1;

    /** @param maxEvent the largest event, in bytes, that is waited for */
    public SseScanner(int maxEvent) {
        this.maxEvent = maxEvent;
    }

    /** Room for {@code length} more bytes, to be written into {@link #target} at {@link #targetIndex}. */
    public void reserve(int length) {
        int kept = end - start;
        if (end + length > buffer.length) {
            int capacity = Math.max(kept + length, kept > INITIAL ? 2 * kept : 0);
            byte[] larger = new byte[capacity];
            System.arraycopy(buffer, start, larger, 0, kept);
            scanned -= start;
            lineStart -= start;
            if (firstDataFrom >= 0) {
                firstDataFrom -= start;
                firstDataTo -= start;
            }
            end = kept;
            start = 0;
            buffer = larger;
        }
    }

    public byte[] target() {
        return buffer;
    }

    public int targetIndex() {
        return end;
    }

    /**
     * Says that {@code length} bytes were written to the target, and shows the events that they complete. An array that
     * was shown is never written to again where it was shown.
     *
     * @return false when the unfinished event has grown beyond the limit
     */
    public boolean written(int length, Events events) {
        end += length;
        scan(events);
        return end - start <= maxEvent;
    }

    /** The stream has ended: what is left of an event without its empty line is shown as one. */
    public void finish(Events events) {
        if (end > start) {
            if (lineStart < end) {
                line(lineStart, end);
            }
            emit(end, events);
        }
    }

    /** How many bytes of an unfinished event are kept. */
    public int pending() {
        return end - start;
    }

    private void scan(Events events) {
        byte[] bytes = buffer;
        int at = scanned;
        while (at < end) {
            byte b = bytes[at];
            if (b != '\n' && b != '\r') {
                at = lineEnd(bytes, at + 1, end);
                afterCr = false;
            } else if (b == '\n' && afterCr) {
                // The second half of a CRLF that was cut in two: its line has already ended.
                afterCr = false;
                lineStart = ++at;
            } else {
                boolean empty = at == lineStart;
                if (!empty) {
                    line(lineStart, at);
                }
                at++;
                afterCr = b == '\r';
                if (afterCr && at < end && bytes[at] == '\n') {
                    afterCr = false;
                    at++;
                }
                lineStart = at;
                if (empty) {
                    emit(at, events);
                }
            }
        }
        scanned = at;
    }

    /** Where the first CR or LF is in {@code [from, to)}; {@code to} when there is none. Looks at eight bytes at once. */
    private static int lineEnd(byte[] bytes, int from, int to) {
        int at = from;
        while (at <= to - Long.BYTES) {
            long eight = (long) EIGHT.get(bytes, at);
            long found = zeros(eight ^ LFS) | zeros(eight ^ CRS);
            if (found != 0) {
                return at + Long.numberOfTrailingZeros(found) / Byte.SIZE;
            }
            at += Long.BYTES;
        }
        while (at < to && bytes[at] != '\n' && bytes[at] != '\r') {
            at++;
        }
        return at;
    }

    /** The top bit of each byte that is zero, up to and with the lowest one; what is set above that means nothing. */
    private static long zeros(long bytes) {
        return (bytes - ONES) & ~bytes & TOPS;
    }

    private void line(int from, int to) {
        int at = from;
        if (atBeginning) {
            if (to - at >= 3
                    && buffer[at] == (byte) 0xef
                    && buffer[at + 1] == (byte) 0xbb
                    && buffer[at + 2] == (byte) 0xbf) {
                at += 3;
            }
            atBeginning = false;
        }
        if (to - at < DATA.length || !Arrays.equals(buffer, at, at + DATA.length, DATA, 0, DATA.length)) {
            return;
        }
        int value = at + DATA.length;
        if (value < to) {
            if (buffer[value] != ':') {
                return;
            }
            value++;
            if (value < to && buffer[value] == ' ') {
                value++;
            }
        }
        if (firstDataFrom < 0) {
            firstDataFrom = value;
            firstDataTo = to;
        } else {
            join(value, to);
        }
    }

    private void join(int from, int to) {
        if (joinedLength < 0) {
            joined = Arrays.copyOfRange(buffer, firstDataFrom, firstDataTo);
            joinedLength = joined.length;
        }
        int length = joinedLength + 1 + to - from;
        if (length > joined.length) {
            joined = Arrays.copyOf(joined, Math.max(length, joined.length * 2));
        }
        joined[joinedLength] = '\n';
        System.arraycopy(buffer, from, joined, joinedLength + 1, to - from);
        joinedLength = length;
    }

    private void emit(int to, Events events) {
        int from = start;
        start = to;
        atBeginning = false;
        if (joinedLength >= 0) {
            events.event(buffer, from, to, joined, 0, joinedLength);
        } else {
            events.event(buffer, from, to, buffer, firstDataFrom, firstDataTo);
        }
        firstDataFrom = -1;
        joinedLength = -1;
    }
}
