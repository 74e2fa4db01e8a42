package dev.weir.streams.pool;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.PrematureChannelClosureException;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpObject;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpStatusClass;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.util.ReferenceCountUtil;
import org.jspecify.annotations.Nullable;

/** One HTTP/1.1 connection to an upstream, with at most one exchange on it. Confined to its loop. */
final class UpstreamConnection extends ChannelInboundHandlerAdapter {

    private final UpstreamPool pool;
    private final int loopIndex;
    private final RequestBytes requests;
    private @Nullable Channel channel;
    private @Nullable Exchange exchange;
    private @Nullable ChannelFuture written;
    private boolean used;
    private boolean anyByte;
    private boolean inHead;
    private boolean informational;
    private boolean keepAlive;
    private boolean readWanted;
    private boolean reading;
    private boolean idleAfterRead;
    private long idleSince;
    private boolean placeFreed;

    UpstreamConnection(UpstreamPool pool, int loopIndex, RequestBytes requests) {
        this.pool = pool;
        this.loopIndex = loopIndex;
        this.requests = requests;
    }

    int loopIndex() {
        return loopIndex;
    }

    void attach(Channel open) {
        channel = open;
    }

    private Channel channel() {
        if (channel == null) {
            throw new IllegalStateException("connection: not attached");
        }
        return channel;
    }

    boolean isOpen() {
        return channel().isActive();
    }

    long idleSince() {
        return idleSince;
    }

    void send(Exchange next) {
        exchange = next;
        anyByte = false;
        inHead = true;
        informational = false;
        written = requests.write(next.request(), channel());
        read();
    }

    void read() {
        readWanted = true;
        channel().read();
    }

    /** Clean: the next exchange may have it, as soon as the read that brought the end has brought nothing more. */
    void idle() {
        exchange = null;
        used = true;
        idleSince = System.nanoTime();
        idleAfterRead = reading;
        if (!reading) {
            keep();
        }
    }

    private void keep() {
        idleAfterRead = false;
        if (isOpen()) {
            pool.keep(this);
            // The peer's close is noticed only while somebody reads; what it sends unasked closes the connection.
            channel().read();
        }
    }

    /** It counts no more among those that are open. */
    void freePlace() {
        if (!placeFreed) {
            placeFreed = true;
            pool.freed();
        }
    }

    void abandon() {
        exchange = null;
        close();
    }

    void close() {
        exchange = null;
        channel().close();
    }

    /** Sits before the codec: has the peer answered at all? */
    final class FirstByte extends ChannelInboundHandlerAdapter {
        @Override
        public void channelRead(ChannelHandlerContext context, Object message) {
            anyByte = true;
            context.fireChannelRead(message);
        }
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        reading = true;
        try {
            Exchange current = exchange;
            if (current == null) {
                context.close();
            } else if (message instanceof HttpObject object
                    && object.decoderResult().cause() instanceof PrematureChannelClosureException) {
                // The connection ended inside the head; channelInactive, which comes next, tells so.
            } else if (message instanceof HttpObject object
                    && object.decoderResult().isFailure()) {
                current.broke(
                        UpstreamFailure.Kind.MALFORMED,
                        String.valueOf(object.decoderResult().cause().getMessage()));
            } else {
                accept(current, message);
            }
        } finally {
            ReferenceCountUtil.release(message);
        }
    }

    private void accept(Exchange current, Object message) {
        if (message instanceof HttpResponse response) {
            if (response.status().code() == HttpResponseStatus.SWITCHING_PROTOCOLS.code()) {
                current.broke(UpstreamFailure.Kind.MALFORMED, "the upstream switches protocols unasked");
                return;
            }
            informational = response.status().codeClass() == HttpStatusClass.INFORMATIONAL;
            if (!informational) {
                inHead = false;
                keepAlive = HttpUtil.isKeepAlive(response)
                        && (HttpUtil.isTransferEncodingChunked(response)
                                || HttpUtil.isContentLengthSet(response)
                                || response.status().code() == 204);
                current.head(response.status().code(), response.headers());
            }
        }
        if (message instanceof HttpContent content && !informational && exchange == current) {
            ByteBuf piece = content.content();
            if (piece.isReadable()) {
                readWanted = false;
                current.data(piece);
            }
            if (message instanceof LastHttpContent && exchange == current) {
                current.end(keepAlive
                        && written != null
                        && written.isSuccess()
                        && channel().isActive());
            }
        }
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext context) {
        reading = false;
        Exchange current = exchange;
        if (current == null) {
            if (idleAfterRead) {
                keep();
            }
        } else if (readWanted) {
            context.read();
        } else {
            current.readComplete();
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) {
        pool.closed(this);
        Exchange current = exchange;
        exchange = null;
        if (current == null) {
            return;
        }
        if (used && !anyByte) {
            current.again();
        } else {
            current.broke(
                    inHead ? UpstreamFailure.Kind.BROKE_BEFORE_ANSWER : UpstreamFailure.Kind.BROKE_IN_ANSWER,
                    "the upstream closed the connection");
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        context.close();
    }
}
