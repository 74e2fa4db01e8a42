package dev.weir.streams.pool;

import dev.weir.streams.transport.EventLoops;
import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.EventLoop;
import io.netty.handler.codec.http.HttpClientCodec;
import io.netty.handler.codec.http.HttpDecoderConfig;
import io.netty.handler.proxy.HttpProxyHandler;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslHandler;
import io.netty.resolver.NoopAddressResolverGroup;
import java.util.ArrayDeque;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * The bounded connections of one deployment.
 *
 * <p>A connection belongs to the loop that made it and serves calls of that loop only, so nothing of an exchange ever
 * changes threads. The bound is one for all loops: a permit per exchange, given in order of asking, and handed directly
 * to the longest waiting exchange when one comes back. When the bound is reached by connections that lie idle on
 * another loop, one of those is closed first.
 */
public final class UpstreamPool implements AutoCloseable {

    private static final int RECEIVE_BUFFER = 256 * 1024;

    private final Endpoint endpoint;
    private final PoolSettings settings;
    private final EventLoops loops;
    private final @Nullable SslContext tls;
    private final HostNames names;
    private final LoopConnections[] connections;
    private final AtomicInteger open = new AtomicInteger();

    /** Guards {@link #inUse}, {@link #waiting} and {@link #closing}. */
    private final Object lock = new Object();

    private final Set<Exchange> waiting = new LinkedHashSet<>();
    private int inUse;
    private boolean closing;

    /** @param tls needed for an endpoint that speaks TLS */
    public UpstreamPool(
            Endpoint endpoint, PoolSettings settings, EventLoops loops, @Nullable SslContext tls, HostNames names) {
        if (endpoint.tls() && tls == null) {
            throw new IllegalArgumentException("tls: none (expected: a context for " + endpoint.authority() + ")");
        }
        this.endpoint = endpoint;
        this.settings = settings;
        this.loops = loops;
        this.tls = tls;
        this.names = names;
        this.connections = new LoopConnections[loops.count()];
        for (int i = 0; i < connections.length; i++) {
            connections[i] = new LoopConnections(i);
        }
    }

    /** Starts an exchange on the caller's loop; the listener is told everything, at the earliest before this returns. */
    public Exchange send(int loopIndex, UpstreamRequest request, Exchange.Listener listener) {
        Exchange exchange = new Exchange(this, loopIndex, request, listener);
        switch (ask(exchange)) {
            case PERMITTED -> exchange.permitted();
            case WAIT -> exchange.await(settings.queueTimeout().toNanos());
            case FULL ->
                exchange.refused(
                        UpstreamFailure.Kind.QUEUE_FULL,
                        settings.maxConnections() + " in use, " + settings.maxQueue() + " waiting");
            case CLOSED -> exchange.refused(UpstreamFailure.Kind.CLOSING, "the pool is closing");
        }
        return exchange;
    }

    public Endpoint endpoint() {
        return endpoint;
    }

    /** Exchanges that have a permit now. */
    public int inUse() {
        synchronized (lock) {
            return inUse;
        }
    }

    /** Exchanges that wait for one. */
    public int waiting() {
        synchronized (lock) {
            return waiting.size();
        }
    }

    /** Connections that are open, in use or idle. */
    public int open() {
        return open.get();
    }

    private enum Answer {
        PERMITTED,
        WAIT,
        FULL,
        CLOSED
    }

    private Answer ask(Exchange exchange) {
        synchronized (lock) {
            if (closing) {
                return Answer.CLOSED;
            }
            if (inUse < settings.maxConnections()) {
                inUse++;
                return Answer.PERMITTED;
            }
            if (waiting.size() < settings.maxQueue()) {
                waiting.add(exchange);
                return Answer.WAIT;
            }
            return Answer.FULL;
        }
    }

    /** False when the exchange no longer waits, because a permit is on its way to it. */
    boolean forget(Exchange exchange) {
        synchronized (lock) {
            return waiting.remove(exchange);
        }
    }

    void release() {
        Exchange next;
        synchronized (lock) {
            Iterator<Exchange> first = waiting.iterator();
            if (!first.hasNext()) {
                inUse--;
                return;
            }
            next = first.next();
            first.remove();
        }
        next.loop().execute(next::permitted);
    }

    EventLoop loop(int index) {
        return loops.loop(index);
    }

    void connect(Exchange exchange) {
        UpstreamConnection kept = connections[exchange.loopIndex()].take();
        if (kept == null) {
            connectFresh(exchange);
        } else {
            start(kept, exchange);
        }
    }

    private void start(UpstreamConnection connection, Exchange exchange) {
        if (exchange.start(connection)) {
            connection.send(exchange);
        } else {
            connection.idle();
        }
    }

    void connectFresh(Exchange exchange) {
        int mine = exchange.loopIndex();
        if (open.get() < settings.maxConnections()) {
            open(exchange);
            return;
        }
        for (LoopConnections other : connections) {
            if (other.index != mine && other.mayHaveIdle) {
                loop(other.index).execute(() -> {
                    other.closeOldest();
                    loop(mine).execute(() -> open(exchange));
                });
                return;
            }
        }
        open(exchange);
    }

    private void open(Exchange exchange) {
        open.incrementAndGet();
        UpstreamConnection connection = new UpstreamConnection(this, exchange.loopIndex(), endpoint);
        new Bootstrap()
                .group(loop(exchange.loopIndex()))
                .channel(loops.clientChannel())
                .resolver(settings.proxy() == null ? names : NoopAddressResolverGroup.INSTANCE)
                .option(ChannelOption.AUTO_READ, false)
                .option(ChannelOption.TCP_NODELAY, true)
                .option(ChannelOption.SO_KEEPALIVE, true)
                .option(ChannelOption.SO_RCVBUF, RECEIVE_BUFFER)
                .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, (int)
                        settings.connectTimeout().toMillis())
                .handler(new ChannelInitializer<>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        connection.attach(channel);
                        pipeline(channel, connection);
                    }
                })
                .connect(endpoint.host(), endpoint.port())
                .addListener((ChannelFutureListener) connected -> {
                    SslHandler handshake = connected.channel().pipeline().get(SslHandler.class);
                    if (!connected.isSuccess()) {
                        failed(exchange, connected.cause());
                    } else if (handshake == null) {
                        start(connection, exchange);
                    } else {
                        handshake.handshakeFuture().addListener(shaken -> {
                            if (shaken.isSuccess()) {
                                start(connection, exchange);
                            } else {
                                connected.channel().close();
                                exchange.unreachable(describe(shaken.cause()));
                            }
                        });
                    }
                });
    }

    private void failed(Exchange exchange, Throwable cause) {
        exchange.unreachable(describe(cause));
    }

    private static String describe(Throwable cause) {
        return cause.getClass().getSimpleName() + ": " + cause.getMessage();
    }

    private void pipeline(Channel channel, UpstreamConnection connection) {
        ChannelPipeline pipeline = channel.pipeline();
        if (settings.proxy() != null) {
            HttpProxyHandler proxy = new HttpProxyHandler(settings.proxy());
            proxy.setConnectTimeoutMillis(settings.connectTimeout().toMillis());
            pipeline.addLast(proxy);
        }
        if (endpoint.tls() && tls != null) {
            SslHandler handshake = tls.newHandler(channel.alloc(), endpoint.host(), endpoint.port());
            handshake.setHandshakeTimeoutMillis(settings.connectTimeout().toMillis());
            pipeline.addLast(handshake);
        }
        HttpDecoderConfig decoder =
                new HttpDecoderConfig().setMaxInitialLineLength(8 * 1024).setMaxHeaderSize(64 * 1024);
        pipeline.addLast(connection.new FirstByte())
                .addLast(new HttpClientCodec(decoder, false, false))
                .addLast(connection);
        channel.closeFuture().addListener(closed -> open.decrementAndGet());
    }

    void keep(UpstreamConnection connection) {
        connections[connection.loopIndex()].keep(connection);
    }

    void closed(UpstreamConnection connection) {
        connections[connection.loopIndex()].forget(connection);
    }

    /** Refuses what waits and what comes, and closes idle connections; running exchanges go on. */
    @Override
    public void close() {
        Set<Exchange> refused;
        synchronized (lock) {
            closing = true;
            refused = Set.copyOf(waiting);
            waiting.clear();
        }
        refused.forEach(exchange ->
                exchange.loop().execute(() -> exchange.refused(UpstreamFailure.Kind.CLOSING, "the pool is closing")));
        for (LoopConnections each : connections) {
            loop(each.index).execute(each::closeAll);
        }
    }

    private boolean isClosing() {
        synchronized (lock) {
            return closing;
        }
    }

    /** The idle connections of one loop, the freshest first. */
    private final class LoopConnections {

        private final int index;
        private final ArrayDeque<UpstreamConnection> idle = new ArrayDeque<>();
        private volatile boolean mayHaveIdle;
        private boolean sweeping;

        LoopConnections(int index) {
            this.index = index;
        }

        @Nullable
        UpstreamConnection take() {
            UpstreamConnection freshest = idle.pollFirst();
            mayHaveIdle = !idle.isEmpty();
            if (freshest == null) {
                return null;
            }
            if (isStale(freshest) || !freshest.isOpen()) {
                freshest.close();
                return take();
            }
            return freshest;
        }

        void keep(UpstreamConnection connection) {
            if (isClosing()) {
                connection.close();
                return;
            }
            idle.addFirst(connection);
            mayHaveIdle = true;
            if (!sweeping) {
                sweeping = true;
                loop(index).schedule(this::sweep, 1, TimeUnit.SECONDS);
            }
        }

        void forget(UpstreamConnection connection) {
            idle.remove(connection);
            mayHaveIdle = !idle.isEmpty();
        }

        void closeOldest() {
            UpstreamConnection oldest = idle.pollLast();
            mayHaveIdle = !idle.isEmpty();
            if (oldest != null) {
                oldest.close();
            }
        }

        void closeAll() {
            while (!idle.isEmpty()) {
                closeOldest();
            }
        }

        private void sweep() {
            while (!idle.isEmpty() && isStale(idle.peekLast())) {
                closeOldest();
            }
            sweeping = !idle.isEmpty();
            if (sweeping) {
                loop(index).schedule(this::sweep, 1, TimeUnit.SECONDS);
            }
        }

        private boolean isStale(UpstreamConnection connection) {
            return System.nanoTime() - connection.idleSince()
                    > settings.keepAlive().toNanos();
        }
    }
}
