package dev.weir.streams.pool;

import dev.weir.streams.transport.EventLoops;
import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.EventLoop;
import io.netty.handler.codec.http.HttpDecoderConfig;
import io.netty.handler.codec.http.HttpResponseDecoder;
import io.netty.handler.proxy.HttpProxyHandler;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslHandler;
import io.netty.resolver.NoopAddressResolverGroup;
import io.netty.util.concurrent.Future;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The bounded connections of one deployment.
 *
 * <p>A connection belongs to the loop that made it and serves calls of that loop only, so nothing of an exchange ever
 * changes threads. The bound is one for all loops: a permit per exchange, given in order of asking, and handed directly
 * to the longest waiting exchange when one comes back. A second count bounds the sockets: a permit that finds all places
 * taken by connections that lie idle on other loops (or are being closed) waits until one of those has closed.
 */
public final class UpstreamPool implements AutoCloseable {

    private static final int RECEIVE_BUFFER = 256 * 1024;

    /** No timeout of Netty's own: one timer of the exchange covers name, connection, proxy and TLS. */
    private static final int TIMED_BY_EXCHANGE = 0;

    /** An abort does not wait for a peer that takes no goodbye. */
    private static final int CLOSE_NOTIFY_MILLIS = 50;

    private final Endpoint endpoint;
    private final RequestBytes requests;
    private final PoolSettings settings;
    private final EventLoops loops;
    private final @Nullable SslContext tls;
    private final HostNames names;
    private final IdleConnections[] idle;

    /** Guards what follows, and {@link Exchange#granted}. */
    private final Object lock = new Object();

    private final Set<Exchange> waiting = new LinkedHashSet<>();
    private final Set<Exchange> unplaced = new LinkedHashSet<>();
    private int inUse;
    private int open;
    private boolean closing;

    /** @param tls needed for an endpoint that speaks TLS */
    public UpstreamPool(
            Endpoint endpoint, PoolSettings settings, EventLoops loops, @Nullable SslContext tls, HostNames names) {
        if (endpoint.tls() && tls == null) {
            throw new IllegalArgumentException("tls: none (expected: a context for " + endpoint.authority() + ")");
        }
        this.endpoint = endpoint;
        this.requests = new RequestBytes(endpoint);
        this.settings = settings;
        this.loops = loops;
        this.tls = tls;
        this.names = names;
        this.idle = new IdleConnections[loops.count()];
        for (int i = 0; i < idle.length; i++) {
            idle[i] = new IdleConnections(loops.loop(i), settings.keepAlive());
        }
    }

    /** Starts an exchange on the caller's loop; the listener is told everything, at the earliest before this returns. */
    public Exchange send(int loopIndex, UpstreamRequest request, Exchange.Listener listener) {
        Exchange exchange = new Exchange(this, loopIndex, request, listener);
        switch (ask(exchange)) {
            case PERMITTED -> exchange.permitted();
            case WAIT -> exchange.await(settings.queueTimeout());
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
        synchronized (lock) {
            return open;
        }
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
            waiting.remove(exchange);
            return !exchange.granted;
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
            next.granted = true;
        }
        next.loop().execute(next::permitted);
    }

    EventLoop loop(int index) {
        return loops.loop(index);
    }

    void connect(Exchange exchange) {
        UpstreamConnection kept = idle[exchange.loopIndex()].take();
        if (kept == null) {
            connectFresh(exchange);
        } else {
            start(kept, exchange);
        }
    }

    private static void start(UpstreamConnection connection, Exchange exchange) {
        if (exchange.start(connection)) {
            connection.send(exchange);
        } else {
            connection.idle();
        }
    }

    void connectFresh(Exchange exchange) {
        exchange.connectWithin(settings.connectTimeout());
        if (place(exchange)) {
            open(exchange);
        } else {
            evict(0);
        }
    }

    private boolean place(Exchange exchange) {
        synchronized (lock) {
            if (open == settings.maxConnections()) {
                unplaced.add(exchange);
                return false;
            }
            open++;
            return true;
        }
    }

    /**
     * Closes one idle connection, asking loop after loop. One round is enough: what became idle behind its back has seen
     * in {@link #keep} that somebody needs its place.
     */
    private void evict(int index) {
        if (index < idle.length && isCrowded()) {
            loop(index).execute(() -> {
                if (isCrowded() && !idle[index].closeOldest()) {
                    evict(index + 1);
                }
            });
        }
    }

    private boolean isCrowded() {
        synchronized (lock) {
            return !unplaced.isEmpty();
        }
    }

    void unplace(Exchange exchange) {
        synchronized (lock) {
            unplaced.remove(exchange);
        }
    }

    /** A place is free: for whom waits for one, or for whom comes. */
    void freed() {
        Exchange next;
        synchronized (lock) {
            Iterator<Exchange> first = unplaced.iterator();
            if (!first.hasNext()) {
                open--;
                return;
            }
            next = first.next();
            first.remove();
        }
        next.loop().execute(() -> {
            if (next.isConnecting()) {
                open(next);
            } else {
                freed();
            }
        });
    }

    private void open(Exchange exchange) {
        UpstreamConnection connection = new UpstreamConnection(this, exchange.loopIndex(), requests);
        ChannelFuture connecting = new Bootstrap()
                .group(exchange.loop())
                .channel(loops.clientChannel())
                .resolver(settings.proxy() == null ? names : NoopAddressResolverGroup.INSTANCE)
                .option(ChannelOption.AUTO_READ, false)
                .option(ChannelOption.TCP_NODELAY, true)
                .option(ChannelOption.SO_KEEPALIVE, true)
                .option(ChannelOption.SO_RCVBUF, RECEIVE_BUFFER)
                .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, TIMED_BY_EXCHANGE)
                .handler(new ChannelInitializer<>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        connection.attach(channel);
                        pipeline(channel, connection);
                    }
                })
                .connect(endpoint.host(), endpoint.port());
        exchange.connecting(connecting.channel());
        // A socket that could not even be made belongs to no loop, and its failure comes on any thread.
        connecting.addListener((ChannelFutureListener) connected -> {
            if (exchange.loop().inEventLoop()) {
                connected(connected, connection, exchange);
            } else {
                exchange.loop().execute(() -> connected(connected, connection, exchange));
            }
        });
    }

    private static void connected(ChannelFuture connected, UpstreamConnection connection, Exchange exchange) {
        if (!connected.isSuccess()) {
            connection.freePlace();
            exchange.unreachable(describe(connected.cause()));
            return;
        }
        ChannelPipeline pipeline = connected.channel().pipeline();
        HttpProxyHandler proxy = pipeline.get(HttpProxyHandler.class);
        SslHandler handshake = pipeline.get(SslHandler.class);
        if (handshake != null) {
            startAfter(handshake.handshakeFuture(), connection, exchange);
        } else if (proxy != null) {
            startAfter(proxy.connectFuture(), connection, exchange);
        } else {
            start(connection, exchange);
        }
    }

    private static void startAfter(Future<Channel> ready, UpstreamConnection connection, Exchange exchange) {
        ready.addListener(done -> {
            if (done.isSuccess()) {
                start(connection, exchange);
            } else {
                connection.close();
                exchange.unreachable(describe(done.cause()));
            }
        });
    }

    private static String describe(Throwable cause) {
        return cause.getClass().getSimpleName() + ": " + cause.getMessage();
    }

    private void pipeline(Channel channel, UpstreamConnection connection) {
        ChannelPipeline pipeline = channel.pipeline();
        if (settings.proxy() != null) {
            HttpProxyHandler proxy = new HttpProxyHandler(settings.proxy());
            proxy.setConnectTimeoutMillis(TIMED_BY_EXCHANGE);
            pipeline.addLast(proxy);
        }
        if (endpoint.tls() && tls != null) {
            SslHandler handshake = tls.newHandler(channel.alloc(), endpoint.host(), endpoint.port());
            handshake.setHandshakeTimeoutMillis(TIMED_BY_EXCHANGE);
            handshake.setCloseNotifyFlushTimeoutMillis(CLOSE_NOTIFY_MILLIS);
            pipeline.addLast(handshake);
        }
        HttpDecoderConfig decoder =
                new HttpDecoderConfig().setMaxInitialLineLength(8 * 1024).setMaxHeaderSize(64 * 1024);
        pipeline.addLast(connection.new FirstByte())
                .addLast(new HttpResponseDecoder(decoder))
                .addLast(connection);
        channel.closeFuture().addListener(closed -> connection.freePlace());
    }

    void keep(UpstreamConnection connection) {
        boolean needed;
        synchronized (lock) {
            needed = !closing && unplaced.isEmpty();
        }
        if (needed) {
            idle[connection.loopIndex()].keep(connection);
        } else {
            connection.close();
        }
    }

    void closed(UpstreamConnection connection) {
        idle[connection.loopIndex()].forget(connection);
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
        for (int i = 0; i < idle.length; i++) {
            loop(i).execute(idle[i]::closeAll);
        }
    }
}
