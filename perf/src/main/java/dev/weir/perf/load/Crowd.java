package dev.weir.perf.load;

import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/** All virtual users of a load, on one event loop: they join over the ramp, call in a closed loop, and leave after their last answer. */
public final class Crowd implements VirtualUser.Crowd, AutoCloseable {
    private static final int RECONNECT_MILLIS = 50;
    private static final int SWEEP_MILLIS = 250;
    private static final int SCRATCH_BYTES = 64 * 1024;

    private final LoadSettings settings;
    private final Consumer<Phase> phases;
    private final EventLoopGroup loops;
    private final EventLoop loop;
    private final Bootstrap bootstrap;
    private final SocketAddress address;
    private final ByteBuf call;
    private final Tally tally = new Tally();
    private final byte[] scratch = new byte[SCRATCH_BYTES];
    private final List<VirtualUser> users = new ArrayList<>();
    private final CompletableFuture<LoadResult> result = new CompletableFuture<>();
    private int inFlight;
    private boolean stopping;

    /** What a crowd announces, so that others can read their meters at the same moments. */
    public enum Phase {
        /** The measured window begins. */
        MEASURING,
        /** It has ended; calls in flight are still awaited. */
        MEASURED
    }

    private Crowd(LoadSettings settings, Consumer<Phase> phases) {
        this.settings = settings;
        this.phases = phases;
        this.loops = new MultiThreadIoEventLoopGroup(
                1,
                new DefaultThreadFactory("load", true),
                Epoll.isAvailable() ? EpollIoHandler.newFactory() : NioIoHandler.newFactory());
        this.loop = loops.next();
        this.address = new InetSocketAddress(
                settings.target().getHost(), settings.target().getPort());
        this.call = Unpooled.directBuffer().writeBytes(request(settings).getBytes(StandardCharsets.UTF_8));
        this.bootstrap = new Bootstrap()
                .group(loop)
                .channel(Epoll.isAvailable() ? EpollSocketChannel.class : NioSocketChannel.class)
                .option(ChannelOption.TCP_NODELAY, true)
                .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, 5_000);
    }

    /** Starts; the result comes when the last call has ended or has been given up. */
    public static Crowd start(LoadSettings settings, Consumer<Phase> phases) {
        Crowd crowd = new Crowd(settings, phases);
        crowd.loop.execute(crowd::begin);
        return crowd;
    }

    public CompletableFuture<LoadResult> result() {
        return result;
    }

    @Override
    public void close() {
        loops.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly();
        call.release();
    }

    @Override
    public boolean goesOn() {
        return !stopping;
    }

    @Override
    public ByteBuf call() {
        return call.retainedDuplicate();
    }

    @Override
    public byte[] scratch() {
        return scratch;
    }

    @Override
    public Tally tally() {
        return tally;
    }

    @Override
    public void reconnect(VirtualUser user, boolean failed) {
        if (stopping) {
            return;
        }
        if (failed) {
            loop.schedule(() -> connect(user), RECONNECT_MILLIS, TimeUnit.MILLISECONDS);
        } else {
            connect(user);
        }
    }

    @Override
    public void began() {
        inFlight++;
    }

    @Override
    public void ended() {
        inFlight--;
        completeWhenQuiet();
    }

    private void completeWhenQuiet() {
        if (stopping && inFlight == 0) {
            result.complete(tally.result(settings));
        }
    }

    private void begin() {
        long now = System.nanoTime();
        long from = now + nanos(settings.warmupSeconds());
        long upTo = from + nanos(settings.seconds());
        tally.window(from, upTo);
        for (int i = 0; i < settings.users(); i++) {
            VirtualUser user = new VirtualUser(this, verifier(), settings.call().tokens());
            users.add(user);
            long joins = nanos(settings.rampSeconds()) * i / settings.users();
            loop.schedule(() -> connect(user), joins, TimeUnit.NANOSECONDS);
        }
        loop.schedule(() -> phases.accept(Phase.MEASURING), from - now, TimeUnit.NANOSECONDS);
        loop.schedule(this::stop, upTo - now, TimeUnit.NANOSECONDS);
        loop.scheduleWithFixedDelay(this::sweep, SWEEP_MILLIS, SWEEP_MILLIS, TimeUnit.MILLISECONDS);
    }

    private void stop() {
        stopping = true;
        phases.accept(Phase.MEASURED);
        completeWhenQuiet();
    }

    private void sweep() {
        long now = System.nanoTime();
        long beganBefore = now - nanos(settings.timeoutSeconds());
        for (VirtualUser user : users) {
            user.giveUp(beganBefore, now);
        }
    }

    private void connect(VirtualUser user) {
        if (stopping) {
            return;
        }
        bootstrap.clone().handler(user).connect(address).addListener(connected -> {
            if (!connected.isSuccess()) {
                user.notConnected();
            }
        });
    }

    private Verifier verifier() {
        int tokens = settings.call().tokens();
        return settings.call().streamed() ? new StreamVerifier(tokens) : new CallVerifier(tokens);
    }

    private static String request(LoadSettings settings) {
        String body = settings.call().body();
        String key = settings.call().key();
        return "POST " + settings.target().getRawPath() + " HTTP/1.1\r\n"
                + "host: " + settings.target().getAuthority() + "\r\n"
                + (key.isEmpty() ? "" : "authorization: Bearer " + key + "\r\n")
                + "content-type: application/json\r\n"
                + "accept: " + (settings.call().streamed() ? "text/event-stream" : "application/json") + "\r\n"
                + "user-agent: weir-perf\r\n"
                + "content-length: " + body.getBytes(StandardCharsets.UTF_8).length + "\r\n\r\n" + body;
    }

    private static long nanos(double seconds) {
        return (long) (seconds * 1e9);
    }
}
