package dev.weir.streams.mock;

import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Bytes with holes: a text that is rendered once and whose few changing numbers are filled in while it is written. */
final class Template {
    private static final byte[] HEX = "0123456789abcdef".getBytes(StandardCharsets.US_ASCII);

    /** A number that changes. Its mark is a control character, which escaped JSON never holds. */
    enum Hole {
        ID('\1'),
        CREATED('\2'),
        TOKEN('\3'),
        PROMPT('\4'),
        COMPLETION('\5'),
        TOTAL('\6'),
        LENGTH('\7');

        private final char mark;

        Hole(char mark) {
            this.mark = mark;
        }

        String mark() {
            return String.valueOf(mark);
        }

        private static @Nullable Hole marked(char c) {
            for (Hole hole : values()) {
                if (hole.mark == c) {
                    return hole;
                }
            }
            return null;
        }
    }

    /** The numbers of one answer. */
    @FunctionalInterface
    interface Values {
        long of(Hole hole);
    }

    private final byte[][] texts;
    private final Hole[] holes;
    private final int textBytes;

    private Template(List<byte[]> texts, List<Hole> holes) {
        this.texts = texts.toArray(byte[][]::new);
        this.holes = holes.toArray(Hole[]::new);
        this.textBytes = texts.stream().mapToInt(text -> text.length).sum();
    }

    static Template of(String text) {
        List<byte[]> texts = new ArrayList<>();
        List<Hole> holes = new ArrayList<>();
        int from = 0;
        for (int i = 0; i < text.length(); i++) {
            Hole hole = Hole.marked(text.charAt(i));
            if (hole != null) {
                texts.add(text.substring(from, i).getBytes(StandardCharsets.UTF_8));
                holes.add(hole);
                from = i + 1;
            }
        }
        texts.add(text.substring(from).getBytes(StandardCharsets.UTF_8));
        return new Template(texts, holes);
    }

    int length(Values values) {
        int length = textBytes;
        for (Hole hole : holes) {
            length += hole == Hole.ID ? Long.BYTES * 2 : digits(values.of(hole));
        }
        return length;
    }

    void write(Values values, ByteBuf out) {
        out.writeBytes(texts[0]);
        for (int i = 0; i < holes.length; i++) {
            long value = values.of(holes[i]);
            if (holes[i] == Hole.ID) {
                writeHex(value, Long.BYTES * 2, out);
            } else {
                writeDecimal(value, out);
            }
            out.writeBytes(texts[i + 1]);
        }
    }

    static int digits(long value) {
        int digits = 1;
        for (long rest = value / 10; rest > 0; rest /= 10) {
            digits++;
        }
        return digits;
    }

    static int hexDigits(int value) {
        return Math.max(1, (Integer.SIZE - Integer.numberOfLeadingZeros(value) + 3) / 4);
    }

    static void writeHex(long value, int digits, ByteBuf out) {
        for (int shift = (digits - 1) * 4; shift >= 0; shift -= 4) {
            out.writeByte(HEX[(int) (value >>> shift) & 0xf]);
        }
    }

    private static void writeDecimal(long value, ByteBuf out) {
        int digits = digits(value);
        int start = out.writerIndex();
        out.writeZero(digits);
        long rest = value;
        for (int i = digits - 1; i >= 0; i--) {
            out.setByte(start + i, (byte) ('0' + rest % 10));
            rest /= 10;
        }
    }
}
