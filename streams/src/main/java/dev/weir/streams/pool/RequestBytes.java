package dev.weir.streams.pool;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import org.apache.pekko.util.ByteString;

/**
 * Requests as bytes: head and body in one buffer, for a second one costs the kernel more than the copy, and a long body
 * in several, for one of its length would be zeroed and given back each time. What all requests to an endpoint have in
 * common is made once.
 */
final class RequestBytes {

    /** The most that goes into one, in bytes: longer ones the allocator makes anew. */
    private static final int BUFFER = 16 * 1024;

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
        ByteString rest = request.body();
        int head = HEAD + request.headers().bytes().length;
        ByteBuf bytes = channel.alloc().directBuffer((int) Math.min(BUFFER, (long) head + rest.length()));
        head(request, bytes);
        rest = fill(bytes, rest);
        while (!rest.isEmpty()) {
            channel.write(bytes);
            bytes = channel.alloc().directBuffer(Math.min(BUFFER, rest.length()));
            rest = fill(bytes, rest);
        }
        return channel.writeAndFlush(bytes);
    }

    /** Fills a buffer up; what remains. */
    private static ByteString fill(ByteBuf bytes, ByteString body) {
        int taken = Math.min(body.length(), Math.max(0, BUFFER - bytes.readableBytes()));
        bytes.ensureWritable(taken);
        int at = bytes.writerIndex();
        body.copyToBuffer(bytes.internalNioBuffer(at, taken));
        bytes.writerIndex(at + taken);
        return body.drop(taken);
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
