package dev.weir.cluster.wire;

import java.nio.BufferOverflowException;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.List;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Values in, bytes out; {@link Input} is the way back. The buffer's byte order does not matter. Where it is full, {@link
 * BufferOverflowException} says so.
 */
final class Output {

    private static final int LONGEST_NUMBER = 10;

    private final ByteBuffer bytes;

    Output(ByteBuffer bytes) {
        this.bytes = bytes;
    }

    void code(int code) {
        bytes.put((byte) code);
    }

    void bool(boolean value) {
        bytes.put((byte) (value ? 1 : 0));
    }

    /** Seven bits a byte, the lowest first: one byte up to 127, ten for a negative number. */
    void number(long value) {
        long left = value;
        while ((left & ~0x7FL) != 0) {
            bytes.put((byte) (left | 0x80));
            left >>>= 7;
        }
        bytes.put((byte) left);
    }

    /**
     * Twice the number of characters, and 1 more where one of them is above U+00FF; then a byte for each, or two. Not
     * UTF-8, which has no place for half a surrogate pair: what a client sends comes across as it is.
     */
    void text(String text) {
        int length = text.length();
        boolean wide = isWide(text);
        number(2L * length + (wide ? 1 : 0));
        for (int i = 0; i < length; i++) {
            char c = text.charAt(i);
            if (wide) {
                bytes.put((byte) (c >> 8));
            }
            bytes.put((byte) c);
        }
    }

    private static boolean isWide(String text) {
        for (int i = 0; i < text.length(); i++) {
            if (text.charAt(i) > 0xFF) {
                return true;
            }
        }
        return false;
    }

    /** What {@link #text} writes of it, to be {@linkplain #written written} many times. */
    static byte[] ofText(String text) {
        ByteBuffer room = ByteBuffer.allocate(LONGEST_NUMBER + Character.BYTES * text.length());
        new Output(room).text(text);
        byte[] bytes = new byte[room.flip().remaining()];
        room.get(bytes);
        return bytes;
    }

    void written(byte[] before) {
        bytes.put(before);
    }

    void array(byte[] array) {
        number(array.length);
        bytes.put(array);
    }

    void instant(Instant instant) {
        number(instant.getEpochSecond());
        number(instant.getNano());
    }

    <T> void list(List<T> list, BiConsumer<Output, T> element) {
        number(list.size());
        for (T each : list) {
            element.accept(this, each);
        }
    }

    <T> void optional(@Nullable T value, BiConsumer<Output, T> present) {
        bool(value != null);
        if (value != null) {
            present.accept(this, value);
        }
    }
}
