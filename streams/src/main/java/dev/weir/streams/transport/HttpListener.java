package dev.weir.streams.transport;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.channel.group.ChannelGroup;
import io.netty.channel.group.DefaultChannelGroup;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslHandshakeCompletionEvent;
import io.netty.util.concurrent.GlobalEventExecutor;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.apache.pekko.NotUsed;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.http.javadsl.Http;
import org.apache.pekko.http.javadsl.model.HttpRequest;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.stream.ActorAttributes;
import org.apache.pekko.stream.Materializer;
import org.apache.pekko.stream.SystemMaterializer;
import org.apache.pekko.stream.TLSProtocol.SslTlsInbound;
import org.apache.pekko.stream.TLSProtocol.SslTlsOutbound;
import org.apache.pekko.stream.javadsl.BidiFlow;
import org.apache.pekko.stream.javadsl.Flow;
import org.jspecify.annotations.Nullable;

/**
 * A listening socket whose connections each run Pekko HTTP's server layer on the event loop that accepted them.
 *
 * <pre>
 *   socket -> [tls] -> framing guard -> connection flow -> Http.serverLayer -> handler
 * </pre>
 */
public final class HttpListener {

    private static final int BACKLOG = 8_192;
    private static final int SEND_BUFFER = 256 * 1024;
    private static final long TLS_HANDSHAKE_SECONDS = 10;

    /** An answer that is complete takes a few turns of its loop to the socket. */
    private static final long ANSWERED_MILLIS = 50;

    private static final long FLUSH_SECONDS = 5;

    private final Channel server;
    private final ChannelGroup connections;

    private HttpListener(Channel server, ChannelGroup connections) {
        this.server = server;
        this.connections = connections;
    }

    /**
     * Binds and serves.
     *
     * @param port 0 for any free one
     * @param tls null for plain text
     * @param handler makes the flow of one connection's requests to its responses, in order
     * @throws IOException when the address cannot be bound
     */
    public static HttpListener bind(
            String host,
            int port,
            @Nullable SslContext tls,
            HttpLimits limits,
            EventLoops loops,
            ActorSystem<?> system,
            Function<ClientConnection, Flow<HttpRequest, HttpResponse, NotUsed>> handler)
            throws IOException {
        ChannelGroup connections = new DefaultChannelGroup(GlobalEventExecutor.INSTANCE);
        // Made once: of its own, each connection would have the plan of the graph and a table of header names to
        // itself.
        BidiFlow<HttpResponse, SslTlsOutbound, SslTlsInbound, HttpRequest, NotUsed> http =
                Http.get(system).serverLayer();
        Materializer materializer = SystemMaterializer.get(system).materializer();
        ServerBootstrap bootstrap = new ServerBootstrap()
                .group(loops.group())
                .channel(loops.serverChannel())
                .option(ChannelOption.SO_BACKLOG, BACKLOG)
                .option(ChannelOption.SO_REUSEADDR, true)
                .childOption(ChannelOption.AUTO_READ, false)
                .childOption(ChannelOption.TCP_NODELAY, true)
                .childOption(ChannelOption.SO_SNDBUF, SEND_BUFFER)
                .childOption(ChannelOption.WRITE_BUFFER_WATER_MARK, new WriteBufferWaterMark(32 * 1024, 64 * 1024))
                .childHandler(new ChannelInitializer<>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        connections.add(channel);
                        int index = loops.index(channel.eventLoop());
                        ClientConnection connection = new ClientConnection(channel, index);
                        Runnable serve = () -> {
                            if (!channel.isActive()) {
                                return;
                            }
                            channel.pipeline().addLast("framing", new FramingGuard(limits, connection));
                            handler.apply(connection)
                                    .join(http.join(Flow.fromGraph(new ConnectionFlow(channel, connection))))
                                    .withAttributes(ActorAttributes.dispatcher(loops.dispatcher(index)))
                                    .run(materializer);
                        };
                        if (tls == null) {
                            channel.eventLoop().execute(serve);
                        } else {
                            SslHandler handshake = tls.newHandler(channel.alloc());
                            handshake.setHandshakeTimeout(TLS_HANDSHAKE_SECONDS, TimeUnit.SECONDS);
                            channel.pipeline()
                                    .addLast("tls", handshake)
                                    .addLast("handshake", new AfterHandshake(serve));
                        }
                    }
                });
        try {
            return new HttpListener(
                    bootstrap.bind(host, port).syncUninterruptibly().channel(), connections);
        } catch (Exception failure) {
            throw new IOException(host + ":" + port + ": " + failure.getMessage(), failure);
        }
    }

    public int port() {
        return ((InetSocketAddress) server.localAddress()).getPort();
    }

    /** Connections that are open now. */
    public int connections() {
        return connections.size();
    }

    /** Accepts no further connection; open ones stay. */
    public void unbind() {
        server.close().syncUninterruptibly();
    }

    /** Closes every connection behind the answers that are on their way through its loop; blocks for a few seconds at most. */
    public void close() {
        unbind();
        for (Channel connection : connections) {
            connection
                    .eventLoop()
                    .schedule(() -> ConnectionFlow.closeGently(connection), ANSWERED_MILLIS, TimeUnit.MILLISECONDS);
        }
        connections.newCloseFuture().awaitUninterruptibly(FLUSH_SECONDS, TimeUnit.SECONDS);
        connections.close().awaitUninterruptibly(FLUSH_SECONDS, TimeUnit.SECONDS);
    }

    /** Starts serving once the peer has shown that it speaks TLS. */
    private static final class AfterHandshake extends ChannelInboundHandlerAdapter {

        private final Runnable serve;

        AfterHandshake(Runnable serve) {
            this.serve = serve;
        }

        @Override
        public void channelActive(ChannelHandlerContext context) {
            context.read();
            context.fireChannelActive();
        }

        @Override
        public void channelReadComplete(ChannelHandlerContext context) {
            context.read();
        }

        @Override
        public void userEventTriggered(ChannelHandlerContext context, Object event) {
            if (event instanceof SslHandshakeCompletionEvent handshake) {
                if (handshake.isSuccess()) {
                    context.pipeline().remove(this);
                    serve.run();
                } else {
                    context.close();
                }
            }
            context.fireUserEventTriggered(event);
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            context.close();
        }
    }
}
