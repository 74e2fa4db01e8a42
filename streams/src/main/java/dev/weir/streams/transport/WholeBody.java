package dev.weir.streams.transport;

import io.netty.buffer.ByteBuf;
import java.util.Arrays;
import org.apache.pekko.util.ByteString;

/**
 * A body gathered from its pieces in one array. Mostly there is one piece, and the array is as long; however small the
 * pieces are, they take no more room than twice their bytes, or four times where the body's length is known and is not
 * more than that: who promises much and sends little holds little.
 */
public final class WholeBody {

    private static final byte[] NOTHING = {};

    private final long promised;
    private byte[] array = NOTHING;
    private int length;

    /** A body of any length. */
    public WholeBody() {
        this(0);
    }

    /** @param promised how long it says that it will be, in bytes; 0 when it does not say */
    public WholeBody(long promised) {
        this.promised = promised;
    }

    /** Takes a piece; false when the body would be longer than the limit, and the piece is not taken. */
    public boolean add(ByteBuf piece, int limit) {
        int more = piece.readableBytes();
        if (!room(more, limit)) {
            return false;
        }
        piece.readBytes(array, length, more);
        length += more;
        return true;
    }

    /** Takes a piece; false when the body would be longer than the limit, and the piece is not taken. */
    public boolean add(ByteString piece, int limit) {
        int more = piece.length();
        if (!room(more, limit)) {
            return false;
        }
        piece.copyToArray(array, length, more);
        length += more;
        return true;
    }

    private boolean room(int more, int limit) {
        if (more > limit - length) {
            return false;
        }
        if (more > array.length - length) {
            array = Arrays.copyOf(array, size(length + more, limit));
        }
        return true;
    }

    /** A size for what is needed: where the end is near, just as much, so that the body need not be copied again. */
    private int size(int needed, int limit) {
        boolean near = needed <= promised && promised <= Math.min(limit, 4L * needed);
        return near ? (int) promised : Math.max(needed, (int) Math.min(limit, 2L * length));
    }

    /** The array: the body is its first {@link #length()} bytes. */
    public byte[] array() {
        return array;
    }

    /** How much there is, in bytes. */
    public int length() {
        return length;
    }

    /** The body, around this array; nothing is added to it any more. */
    public ByteString bytes() {
        return ByteString.fromArrayUnsafe(array, 0, length);
    }
}
