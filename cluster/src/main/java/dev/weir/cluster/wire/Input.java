package dev.weir.cluster.wire;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.function.ToIntFunction;
import org.jspecify.annotations.Nullable;

/**
 * Bytes in, values out; {@link Output} says how each is written. The bytes are not trusted: a length is believed as far
 * as there are bytes behind it, what is cut off is a {@link BufferUnderflowException}, what cannot have been written an
 * {@link IllegalArgumentException}.
 */
final class Input {

    private static final int MOST_VARINT_SHIFT = 63;

    private static final int NANOS_PER_SECOND = 1_000_000_000;
    private static final int ROOM_AHEAD = 8;

    private final ByteBuffer bytes;

    Input(ByteBuffer bytes) {
        this.bytes = bytes;
    }

    void requireEnd() {
        if (bytes.hasRemaining()) {
            throw new IllegalArgumentException(bytes.remaining() + " bytes behind its end");
        }
    }

    int code() {
        return bytes.get();
    }

    /** The one of {@code values} that has the code which is next. */
    <E> E coded(List<E> values, ToIntFunction<E> codes) {
        int code = code();
        for (E value : values) {
            if (codes.applyAsInt(value) == code) {
                return value;
            }
        }
        throw new IllegalArgumentException("code " + code + " for one of " + values + ": written by a newer Weir");
    }

    boolean bool() {
        int value = bytes.get();
        if ((value & ~1) != 0) {
            throw new IllegalArgumentException("a truth value of " + value + " (expected: 0 or 1)");
        }
        return value == 1;
    }

    long number() {
        long value = 0;
        for (int shift = 0; shift <= MOST_VARINT_SHIFT; shift += 7) {
            long b = bytes.get();
            if (shift == MOST_VARINT_SHIFT && (b & ~1) != 0) {
                break;
            }
            value |= (b & 0x7F) << shift;
            if (b >= 0) {
                return value;
            }
        }
        throw new IllegalArgumentException("a number of more than 64 bits");
    }

    int integer() {
        long value = number();
        if ((int) value != value) {
            throw new IllegalArgumentException("a number of more than 32 bits: " + value);
        }
        return (int) value;
    }

    /** Of a list or a map. */
    int size() {
        return count(number(), 1);
    }

    /** How many of something that takes at least {@code size} bytes. */
    private int count(long count, int size) {
        if (count < 0 || count > bytes.remaining() / size) {
            throw new BufferUnderflowException();
        }
        return (int) count;
    }

    String text() {
        long header = number();
        boolean wide = (header & 1) != 0;
        int size = wide ? Character.BYTES : 1;
        int length = count(header >>> 1, size);
        return wide ? wideText(length) : new String(some(length), ISO_8859_1);
    }

    /** Not by a charset, which would replace half a surrogate pair. */
    private String wideText(int length) {
        char[] chars = new char[length];
        for (int i = 0; i < length; i++) {
            chars[i] = (char) ((bytes.get() << Byte.SIZE) | (bytes.get() & 0xFF));
        }
        return new String(chars);
    }

    byte[] array() {
        return some(count(number(), 1));
    }

    private byte[] some(int length) {
        byte[] some = new byte[length];
        bytes.get(some);
        return some;
    }

    Instant instant() {
        long seconds = number();
        long nanos = number();
        if (nanos < 0 || nanos >= NANOS_PER_SECOND) {
            throw new IllegalArgumentException("nanoseconds: " + nanos + " (expected: less than a second)");
        }
        return Instant.ofEpochSecond(seconds, nanos);
    }

    /** A list grows with what is read: lists within lists may each promise all the bytes there are. */
    <T> List<T> list(Function<Input, T> element) {
        int size = size();
        if (size == 0) {
            return List.of();
        }
        List<T> list = new ArrayList<>(Math.min(size, ROOM_AHEAD));
        for (int i = 0; i < size; i++) {
            list.add(element.apply(this));
        }
        return list;
    }

    <T> @Nullable T optional(Function<Input, T> present) {
        return bool() ? present.apply(this) : null;
    }
}
