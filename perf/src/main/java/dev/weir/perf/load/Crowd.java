package dev.weir.perf.load;

import dev.weir.perf.load.LoadSettings.Arrivals;
import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.FixedRecvByteBufAllocator;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.util.InsecureTrustManagerFactory;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.net.InetSocketAddress;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/** All virtual users of a load, on one event loop. */
public final class Crowd implements VirtualUser.Company, AutoCloseable {
    private static final int SWEEP_MILLIS = 250;
    private static final int SCRATCH_BYTES = 64 * 1024;
    private static final int SLOW_READ_BYTES = 1024;
    private static final int SLOW_RECEIVE_BUFFER = 4096;

    private final LoadSettings settings;
    private final Consumer<Phase> phases;
    private final EventLoopGroup loops;
    private final EventLoop loop;
    private final Bootstrap bootstrap;
    private final InetSocketAddress address;
    private final @Nullable SslContext tls;
    private final byte[] numbered;
    private final int lastDigit;
    private final ByteBuf request;
    private final Tally tally = new Tally();
    private final byte[] scratch = new byte[SCRATCH_BYTES];
    private final List<VirtualUser> users = new ArrayList<>();
    private final CompletableFuture<LoadResult> result = new CompletableFuture<>();
    private final Random random = new Random(20_260_301);
    private final Pacing pacing;
    private long calls;
    private double slow;
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
        this.tls = tls(settings.target());
        LoadSettings.Call call = settings.call();
        this.request = Unpooled.directBuffer().writeBytes(call.request(settings.target(), call.body()));
        this.numbered = call.request(settings.target(), call.numbered());
        this.lastDigit = numbered.length - "\"}".length() - 1;
        this.bootstrap = new Bootstrap()
                .group(loop)
                .channel(Epoll.isAvailable() ? EpollSocketChannel.class : NioSocketChannel.class)
                .option(ChannelOption.TCP_NODELAY, true)
                .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, 5_000);
        this.pacing = switch (settings.arrivals()) {
            case Arrivals.Closed closed ->
                new ClosedLoop(this, closed.users(), nanos(settings.times().ramp()), nanos(closed.pause()));
            case Arrivals.Open open -> new OpenLoop(this, open);
        };
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
        request.release();
    }

    EventLoop loop() {
        return loop;
    }

    /** A user that is not connected yet; every so many of them read slowly. */
    VirtualUser user() {
        slow += settings.habits().slowShare();
        long readEvery = 0;
        if (slow >= 1) {
            slow--;
            readEvery = nanos((double) SLOW_READ_BYTES / settings.habits().slowBytesPerSecond());
        }
        VirtualUser user = new VirtualUser(this, verifier(), settings.call().tokens(), readEvery);
        users.add(user);
        return user;
    }

    void connect(VirtualUser user) {
        Bootstrap connection = bootstrap.clone().handler(tls == null ? user : secured(tls, user));
        if (user.isSlow()) {
            connection
                    .option(ChannelOption.AUTO_READ, false)
                    .option(ChannelOption.SO_RCVBUF, SLOW_RECEIVE_BUFFER)
                    .option(
                            ChannelOption.RECVBUF_ALLOCATOR,
                            new FixedRecvByteBufAllocator(SLOW_READ_BYTES).maxMessagesPerRead(1));
        }
        connection.connect(address).addListener(connected -> {
            if (!connected.isSuccess()) {
                user.notConnected();
            }
        });
    }

    private ChannelHandler secured(SslContext context, VirtualUser user) {
        return new ChannelInitializer<>() {
            @Override
            protected void initChannel(Channel channel) {
                channel.pipeline()
                        .addLast(context.newHandler(channel.alloc(), address.getHostString(), address.getPort()), user);
            }
        };
    }

    /** Trusts everybody: what is called vouches for itself. */
    private static @Nullable SslContext tls(URI target) {
        try {
            return target.getScheme().equals("https")
                    ? SslContextBuilder.forClient()
                            .trustManager(InsecureTrustManagerFactory.INSTANCE)
                            .build()
                    : null;
        } catch (SSLException e) {
            throw new IllegalStateException("This JDK has no TLS", e);
        }
    }

    /** A call that was given up before it had a connection. */
    void neverSent(long intended, long now) {
        tally.ended(Outcome.TIMEOUT, now - intended, now, null);
    }

    @Override
    public ByteBuf call(long number) {
        if (settings.habits().leaveShare() == 0) {
            return request.retainedDuplicate();
        }
        long rest = number;
        for (int i = 0; i < LoadSettings.Call.DIGITS; i++) {
            numbered[lastDigit - i] = (byte) ('0' + rest % 10);
            rest /= 10;
        }
        return Unpooled.copiedBuffer(numbered);
    }

    @Override
    public long number() {
        return ++calls;
    }

    @Override
    public int patience() {
        double share = settings.habits().leaveShare();
        return share > 0 && random.nextDouble() < share
                ? 1 + random.nextInt(settings.call().tokens() - 1)
                : VirtualUser.STAYS;
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
    public Pacing pacing() {
        return pacing;
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
        if (stopping && inFlight == 0 && !pacing.hasWaiting()) {
            result.complete(tally.result(settings));
        }
    }

    private void begin() {
        long now = System.nanoTime();
        long from = now + nanos(settings.times().warmup());
        long upTo = from + nanos(settings.times().measured());
        tally.window(now, from, upTo);
        pacing.begin();
        loop.schedule(() -> phases.accept(Phase.MEASURING), from - now, TimeUnit.NANOSECONDS);
        loop.schedule(this::stop, upTo - now, TimeUnit.NANOSECONDS);
        loop.scheduleWithFixedDelay(this::sweep, SWEEP_MILLIS, SWEEP_MILLIS, TimeUnit.MILLISECONDS);
    }

    private void stop() {
        stopping = true;
        phases.accept(Phase.MEASURED);
        pacing.stop();
        completeWhenQuiet();
    }

    private void sweep() {
        long now = System.nanoTime();
        long beganBefore = now - nanos(settings.times().timeout());
        for (VirtualUser user : users) {
            user.giveUp(beganBefore, now);
        }
        pacing.sweep(beganBefore, now);
        completeWhenQuiet();
    }

    private Verifier verifier() {
        Completion completion =
                new Completion(settings.call().tokens(), settings.call().eventBytes());
        return settings.call().streamed() ? new StreamVerifier(completion) : new CallVerifier(completion);
    }

    /** Any number from 0 to less than {@code bound}, all equally likely. */
    long anyUpTo(long bound) {
        return random.nextLong(bound);
    }

    private static long nanos(double seconds) {
        return (long) (seconds * 1e9);
    }
}
