package dev.weir.streams.transport;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.DuplexChannel;
import io.netty.handler.ssl.SslHandler;
import io.netty.util.ReferenceCountUtil;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLSession;
import org.apache.pekko.stream.Attributes;
import org.apache.pekko.stream.FlowShape;
import org.apache.pekko.stream.Inlet;
import org.apache.pekko.stream.Outlet;
import org.apache.pekko.stream.TLSProtocol.SendBytes;
import org.apache.pekko.stream.TLSProtocol.SessionBytes;
import org.apache.pekko.stream.TLSProtocol.SslTlsInbound;
import org.apache.pekko.stream.TLSProtocol.SslTlsOutbound;
import org.apache.pekko.stream.stage.AbstractInHandler;
import org.apache.pekko.stream.stage.AbstractOutHandler;
import org.apache.pekko.stream.stage.AsyncCallback;
import org.apache.pekko.stream.stage.GraphStage;
import org.apache.pekko.stream.stage.GraphStageLogic;
import org.apache.pekko.util.ByteString;
import org.jspecify.annotations.Nullable;

/**
 * Bytes to the client in, bytes of the client out, in the wrapping of Pekko HTTP's server layer: one accepted channel as a stage that runs on the channel's own loop.
 *
 * <p>Reads happen on demand, writes stop being pulled while the socket does not take them. When the client leaves, both
 * sides end at once and {@link ClientConnection#leave} tells the calls. When the server side completes, what was written
 * is flushed (as long as the client takes it: the {@link FramingGuard} watches over silence), the output is shut, and what the client still sends is read and thrown away for a moment, because closing
 * a socket with unread bytes would reset the connection under an answer that is still on its way.
 */
final class ConnectionFlow extends GraphStage<FlowShape<SslTlsOutbound, SslTlsInbound>> {

    private static final long LINGER_MILLIS = 1_000;
    private static final int READ_AHEAD = 64 * 1024;

    /** Pekko's layer never asks for it: TLS ends in the channel's pipeline. */
    private static final @Nullable SSLSession NO_SESSION = null;

    private final Inlet<SslTlsOutbound> in = Inlet.create("ConnectionFlow.in");
    private final Outlet<SslTlsInbound> out = Outlet.create("ConnectionFlow.out");
    private final FlowShape<SslTlsOutbound, SslTlsInbound> shape = FlowShape.of(in, out);

    private final Channel channel;
    private final ClientConnection connection;
    private final Events events = new Events();

    /**
     * Stands at the end of the channel's pipeline from here on; what comes before the stage runs is kept for it.
     */
    ConnectionFlow(Channel channel, ClientConnection connection) {
        this.channel = channel;
        this.connection = connection;
        channel.pipeline().addLast("connection", events);
    }

    @Override
    public FlowShape<SslTlsOutbound, SslTlsInbound> shape() {
        return shape;
    }

    @Override
    public GraphStageLogic createLogic(Attributes attributes) {
        return new Logic();
    }

    private enum Signal {
        GONE,
        WRITABLE
    }

    private final class Logic extends GraphStageLogic {

        private ByteString received = ByteString.emptyByteString();
        private boolean gone;

        Logic() {
            super(shape);
            setHandler(in, new AbstractInHandler() {
                @Override
                public void onPush() {
                    connection.active();
                    if (grab(in) instanceof SendBytes sent) {
                        channel.writeAndFlush(Bytes.direct(channel.alloc(), sent.bytes()), channel.voidPromise());
                    }
                    if (channel.isWritable()) {
                        pull(in);
                    }
                }

                @Override
                public void onUpstreamFinish() {
                    closeGently(channel);
                    completeStage();
                }

                @Override
                public void onUpstreamFailure(Throwable failure) {
                    closeGently(channel);
                    failStage(failure);
                }
            });
            setHandler(out, new AbstractOutHandler() {
                @Override
                public void onPull() {
                    if (received.nonEmpty()) {
                        ByteString bytes = received;
                        received = ByteString.emptyByteString();
                        pass(bytes);
                    } else if (gone) {
                        complete(out);
                    }
                }

                @Override
                public void onDownstreamFinish(Throwable cause) {
                    // The server reads no further request (Connection: close, an error answered); it may still write.
                }
            });
        }

        @Override
        public void preStart() {
            received = events.tell(createAsyncCallback(this::on));
            pull(in);
            channel.read();
            if (connection.isGone()) {
                on(Signal.GONE);
            }
        }

        private void on(Object event) {
            switch (event) {
                case Signal.GONE -> {
                    gone = true;
                    completeStage();
                }
                case Signal.WRITABLE -> {
                    if (!isClosed(in) && !hasBeenPulled(in)) {
                        pull(in);
                    }
                }
                default -> {
                    ByteString bytes = (ByteString) event;
                    if (isAvailable(out) && received.isEmpty()) {
                        pass(bytes);
                    } else {
                        received = received.concat(bytes);
                    }
                }
            }
        }

        private void pass(ByteString bytes) {
            push(out, new SessionBytes(NO_SESSION, bytes));
            events.taken(bytes.length());
        }

        @Override
        public void postStop() {
            if (!gone) {
                closeGently(channel);
            }
        }
    }

    /**
     * A read is always pending until {@link #READ_AHEAD} bytes wait for the stage: so a client's leaving is seen, and the kernel is
     * not told twice for each request whether there is interest in the next.
     */
    private final class Events extends ChannelInboundHandlerAdapter {

        private @Nullable AsyncCallback<Object> stage;
        private ByteString early = ByteString.emptyByteString();
        private int ahead;

        /** From now on it is told; returns what came before. */
        ByteString tell(AsyncCallback<Object> running) {
            stage = running;
            ByteString before = early;
            early = ByteString.emptyByteString();
            return before;
        }

        /** The framing guard before it has copied what was read. */
        @Override
        public void channelRead(ChannelHandlerContext context, Object message) {
            ByteString bytes = Bytes.adopt((ByteBuf) message);
            ahead += bytes.length();
            if (stage == null) {
                early = early.concat(bytes);
            } else {
                stage.invoke(bytes);
            }
        }

        @Override
        public void channelReadComplete(ChannelHandlerContext context) {
            if (stage != null && ahead < READ_AHEAD) {
                context.read();
            }
        }

        /** The stage has passed on so many bytes. */
        void taken(int bytes) {
            boolean full = ahead >= READ_AHEAD;
            ahead -= bytes;
            if (full && ahead < READ_AHEAD) {
                channel.read();
            }
        }

        @Override
        public void channelInactive(ChannelHandlerContext context) {
            connection.leave();
            if (stage != null) {
                stage.invoke(Signal.GONE);
            }
        }

        @Override
        public void channelWritabilityChanged(ChannelHandlerContext context) {
            if (channel.isWritable() && stage != null) {
                stage.invoke(Signal.WRITABLE);
                connection.writable();
            }
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            context.close();
        }
    }

    /** Flushes what was written, says the end, and closes when the peer has or a moment later; on the channel's loop. */
    static void closeGently(Channel channel) {
        if (channel.pipeline().get("connection") == null) {
            channel.close();
            return;
        }
        if (!channel.isActive() || channel.pipeline().get("linger") != null) {
            return;
        }
        channel.pipeline().addBefore("connection", "linger", new Discard());
        channel.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(written -> {
            SslHandler tls = channel.pipeline().get(SslHandler.class);
            if (tls == null) {
                linger(channel);
            } else {
                tls.closeOutbound().addListener(notified -> linger(channel));
            }
        });
    }

    private static void linger(Channel channel) {
        if (channel instanceof DuplexChannel duplex) {
            duplex.shutdownOutput();
        }
        channel.config().setAutoRead(true);
        channel.eventLoop().schedule(() -> channel.close(), LINGER_MILLIS, TimeUnit.MILLISECONDS);
    }

    private static final class Discard extends ChannelInboundHandlerAdapter {
        @Override
        public void channelRead(ChannelHandlerContext context, Object message) {
            ReferenceCountUtil.release(message);
        }
    }
}
