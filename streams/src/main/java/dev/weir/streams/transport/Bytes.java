package dev.weir.streams.transport;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.nio.ByteBuffer;
import org.apache.pekko.util.ByteString;

/** The border between Netty's counted buffers and Pekko's immutable ones. */
final class Bytes {

    private Bytes() {}

    /** The readable bytes of a buffer around an array that is nobody else's, which is then the bytes' own. */
    static ByteString adopt(ByteBuf buffer) {
        return ByteString.fromArrayUnsafe(
                buffer.array(), buffer.arrayOffset() + buffer.readerIndex(), buffer.readableBytes());
    }

    /** A direct buffer with the same bytes, ready for the socket. */
    static ByteBuf direct(ByteBufAllocator allocator, ByteString bytes) {
        return append(allocator.directBuffer(bytes.length()), bytes);
    }

    /** Bytes behind what a buffer has, which has room for them. */
    static ByteBuf append(ByteBuf buffer, ByteString bytes) {
        int length = bytes.length();
        ByteBuffer target = buffer.internalNioBuffer(buffer.writerIndex(), length);
        bytes.copyToBuffer(target);
        return buffer.writerIndex(buffer.writerIndex() + length);
    }
}
