package dev.weir.streams.pool;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import org.apache.pekko.util.ByteString;

/**
 * Requests as bytes: head and body in one buffer, for a second one costs the kernel more than the copy. What all requests
 * to an endpoint have in common is made once.
 */
final class RequestBytes {

    /** A larger body goes as it is. */
    private static final int COPIED_BODY = 64 * 1024;

    /** Enough for a head without its headers, mostly. */
    private static final int HEAD = 256;

    private static final byte[] LINE = {'\r', '\n'};

    private final byte[] host;
    private final String basePath;

    RequestBytes(Endpoint endpoint) {
        this.basePath = endpoint.basePath();
        this.host = (" HTTP/1.1\r\nhost: " + endpoint.authority() + "\r\ncontent-length: ").getBytes(ISO_8859_1);
    }

    /** Writes and flushes; the future completes with the request's last byte. */
    ChannelFuture write(UpstreamRequest request, Channel channel) {
        ByteString body = request.body();
        boolean copied = body.length() <= COPIED_BODY;
        ByteBuf bytes =
                channel.alloc().directBuffer(HEAD + request.headers().bytes().length + (copied ? body.length() : 0));
        head(request, bytes);
        if (copied) {
            int at = bytes.writerIndex();
            bytes.ensureWritable(body.length());
            body.copyToBuffer(bytes.internalNioBuffer(at, body.length()));
            return channel.writeAndFlush(bytes.writerIndex(at + body.length()));
        }
        channel.write(bytes);
        return channel.writeAndFlush(Unpooled.wrappedBuffer(body.toArrayUnsafe()));
    }

    private void head(UpstreamRequest request, ByteBuf bytes) {
        text(request.method().asciiName(), bytes);
        bytes.writeByte(' ');
        text(basePath, bytes);
        text(request.path(), bytes);
        bytes.writeBytes(host);
        text(Integer.toString(request.body().length()), bytes);
        bytes.writeBytes(LINE);
        bytes.writeBytes(request.headers().bytes());
        bytes.writeBytes(LINE);
    }

    private static void text(CharSequence text, ByteBuf bytes) {
        bytes.writeCharSequence(text, ISO_8859_1);
    }
}
