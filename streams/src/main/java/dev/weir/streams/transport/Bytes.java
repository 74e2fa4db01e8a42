package dev.weir.streams.transport;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.nio.ByteBuffer;
import org.apache.pekko.util.ByteString;

/** The border between Netty's counted buffers and Pekko's immutable ones: one copy each way. */
public final class Bytes {

    private Bytes() {}

    /** Copies the readable bytes and releases {@code buffer}. */
    public static ByteString take(ByteBuf buffer) {
        try {
            byte[] copy = new byte[buffer.readableBytes()];
            buffer.readBytes(copy);
            return ByteString.fromArrayUnsafe(copy);
        } finally {
            buffer.release();
        }
    }

    /** A direct buffer with the same bytes, ready for the socket. */
    public static ByteBuf direct(ByteBufAllocator allocator, ByteString bytes) {
        int length = bytes.length();
        ByteBuf buffer = allocator.directBuffer(length);
        ByteBuffer target = buffer.internalNioBuffer(0, length);
        bytes.copyToBuffer(target);
        return buffer.writerIndex(length);
    }
}
