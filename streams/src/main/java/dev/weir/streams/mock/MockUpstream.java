package dev.weir.streams.mock;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.group.ChannelGroup;
import io.netty.channel.group.DefaultChannelGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.ServerSocketChannel;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.handler.codec.http.HttpDecoderConfig;
import io.netty.handler.codec.http.HttpRequestDecoder;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.netty.util.concurrent.GlobalEventExecutor;
import java.net.InetSocketAddress;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/** A running mock upstream. Its behaviour is in the model names ({@link Script}), its memory is the {@link #witness()}. */
public final class MockUpstream implements AutoCloseable {

    /** What the kernel takes off the mock's hands counts as sent: left alone it would grow to megabytes. */
    private static final int SEND_BUFFER = 256 * 1024;

    private static final int LOW_WATER_BYTES = 64 * 1024;
    private static final int HIGH_WATER_BYTES = 192 * 1024;
    private static final int BACKLOG = 16 * 1024;
    private static final int MAX_LINE = 16 * 1024;
    private static final int MAX_HEADERS = 64 * 1024;

    private final EventLoopGroup loops;
    private final ChannelGroup channels = new DefaultChannelGroup(GlobalEventExecutor.INSTANCE);
    private final ServerSocketChannel server;
    private final Witness witness;
    private final boolean tls;

    private MockUpstream(EventLoopGroup loops, MockSettings settings, @Nullable SslContext ssl) {
        this.loops = loops;
        this.tls = ssl != null;
        this.witness = new Witness(settings.keeping().sightings());
        Repertoire repertoire = new Repertoire(settings.script());
        AtomicLong connections = new AtomicLong();
        this.server = (ServerSocketChannel) new ServerBootstrap()
                .group(loops)
                .channel(Epoll.isAvailable() ? EpollServerSocketChannel.class : NioServerSocketChannel.class)
                .option(ChannelOption.SO_BACKLOG, BACKLOG)
                .option(ChannelOption.SO_REUSEADDR, true)
                .childOption(ChannelOption.TCP_NODELAY, true)
                .childOption(ChannelOption.SO_SNDBUF, SEND_BUFFER)
                .childOption(
                        ChannelOption.WRITE_BUFFER_WATER_MARK,
                        new WriteBufferWaterMark(LOW_WATER_BYTES, HIGH_WATER_BYTES))
                .childHandler(new ChannelInitializer<SocketChannel>() {
                    @Override
                    protected void initChannel(SocketChannel channel) {
                        channels.add(channel);
                        if (ssl != null) {
                            channel.pipeline().addLast(ssl.newHandler(channel.alloc()));
                        }
                        channel.pipeline()
                                .addLast(new HttpRequestDecoder(new HttpDecoderConfig()
                                        .setMaxInitialLineLength(MAX_LINE)
                                        .setMaxHeaderSize(MAX_HEADERS)))
                                .addLast(new MockConnection(
                                        witness, repertoire, settings.keeping(), connections.incrementAndGet()));
                    }
                })
                .bind(settings.host(), settings.port())
                .syncUninterruptibly()
                .channel();
    }

    /**
     * Binds and serves.
     *
     * @throws IllegalArgumentException when certificate and key are of no use
     */
    public static MockUpstream start(MockSettings settings) {
        SslContext ssl = settings.tls() == null ? null : ssl(settings.tls());
        DefaultThreadFactory threads = new DefaultThreadFactory("mock", true);
        EventLoopGroup loops = new MultiThreadIoEventLoopGroup(
                settings.loops(),
                threads,
                Epoll.isAvailable() ? EpollIoHandler.newFactory() : NioIoHandler.newFactory());
        try {
            return new MockUpstream(loops, settings, ssl);
        } catch (RuntimeException e) {
            loops.shutdownGracefully(0, 1, TimeUnit.SECONDS);
            throw e;
        }
    }

    private static SslContext ssl(MockSettings.Tls tls) {
        try {
            return SslContextBuilder.forServer(
                            tls.certificate().toFile(), tls.key().toFile())
                    .build();
        } catch (SSLException e) {
            throw new IllegalArgumentException("No TLS with " + tls, e);
        }
    }

    public int port() {
        return address().getPort();
    }

    /** What a client's {@code base_url} is: {@code http://127.0.0.1:port/v1}. */
    public String baseUrl() {
        return (tls ? "https://" : "http://") + address().getHostString() + ":" + port() + "/v1";
    }

    public Witness witness() {
        return witness;
    }

    /** Stops listening and closes every connection, in whatever state its answer is. */
    @Override
    public void close() {
        if (loops.isShuttingDown()) {
            return;
        }
        server.close().syncUninterruptibly();
        channels.close().awaitUninterruptibly();
        loops.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly();
    }

    void awaitClose() throws InterruptedException {
        server.closeFuture().sync();
    }

    private InetSocketAddress address() {
        return server.localAddress();
    }
}
