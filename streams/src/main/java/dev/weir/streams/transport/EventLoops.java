package dev.weir.streams.transport;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import io.netty.channel.Channel;
import io.netty.channel.DefaultSelectStrategyFactory;
import io.netty.channel.EventLoop;
import io.netty.channel.IoEventLoop;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.ServerChannel;
import io.netty.channel.SingleThreadIoEventLoop;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.netty.util.concurrent.RejectedExecutionHandlers;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The event loops, one per core, each of which is also the Pekko dispatcher of everything that a client connection
 * touches: its server graph, its handler, its upstream connection. What belongs to no connection can be where it is needed: the
 * {@linkplain #callersDispatcher() callers' dispatcher} has no threads, and {@linkplain #lineDispatcher() the line} is a loop of
 * Pekko's own sockets.
 *
 * <p>Make it before the actor system, give {@link #dispatchers()} to the system's configuration, and close it after
 * the system has ended.
 */
public final class EventLoops implements AutoCloseable {

    private static final Map<String, EventLoops> RUNNING = new ConcurrentHashMap<>();

    /** A turn of tasks before the sockets are looked at again; of Netty's second a busy loop's sockets would starve. */
    private static final long TASKS_MILLIS = 2;

    private static final int UNBOUNDED = Integer.MAX_VALUE;

    private static final String CALLERS = "weir-callers-loop";
    private static final String LINE = "weir-line";

    /** Whose a thread is, and where it does what it submits to the callers' dispatcher. */
    private record Home(EventLoops of, Executor executor) {}

    private static final ThreadLocal<@Nullable Home> HOME = new ThreadLocal<>();

    private static final class FairGroup extends MultiThreadIoEventLoopGroup {

        FairGroup(int count, IoHandlerFactory io) {
            super(count, new DefaultThreadFactory("weir-loop"), io);
        }

        @Override
        protected IoEventLoop newChild(Executor executor, IoHandlerFactory io, Object... none) {
            return new SingleThreadIoEventLoop(
                    this, executor, io, UNBOUNDED, RejectedExecutionHandlers.reject(), TASKS_MILLIS);
        }
    }

    /**
     * Sockets looked at before what they caused is done. With more of them, calls go through their stages in lockstep: all are
     * read, then all admitted, then all sent, and a thousand of them come back from their upstreams at one moment, before and after which
     * the machine is idle.
     */
    private static final int EVENTS_PER_TURN = 16;

    private final String id;
    private final boolean epoll;
    private final MultiThreadIoEventLoopGroup group;
    private final List<EventLoop> loops;

    private EventLoops(int count, boolean epoll) {
        this.id = Long.toHexString(System.identityHashCode(this)) + "-" + Long.toHexString(System.nanoTime());
        this.epoll = epoll;
        IoHandlerFactory io = epoll
                ? EpollIoHandler.newFactory(EVENTS_PER_TURN, DefaultSelectStrategyFactory.INSTANCE)
                : NioIoHandler.newFactory();
        this.group = new FairGroup(count, io);
        List<EventLoop> all = new ArrayList<>(count);
        group.forEach(executor -> all.add((EventLoop) executor));
        this.loops = List.copyOf(all);
        loops.forEach(loop -> loop.execute(() -> makeHome(loop)));
        RUNNING.put(id, this);
    }

    /** @param count 0 for one per core */
    public static EventLoops start(int count) {
        return start(count, Epoll.isAvailable());
    }

    /** @param epoll false for Java's own selector, which every platform has */
    public static EventLoops start(int count, boolean epoll) {
        return new EventLoops(count > 0 ? count : Runtime.getRuntime().availableProcessors(), epoll);
    }

    /** All dispatchers of these loops, as configuration for the actor system. */
    public Config dispatchers() {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < loops.size(); i++) {
            text.append(dispatcher(dispatcher(i), LoopExecutorConfigurator.class, 16, "loop = " + i));
        }
        return ConfigFactory.parseString(text.append(dispatcher(CALLERS, LoopExecutorConfigurator.class, 16, ""))
                .append(dispatcher(LINE, LineExecutorConfigurator.class, 1, ""))
                .toString());
    }

    private String dispatcher(String name, Class<?> executor, int throughput, String more) {
        return String.format(
                "%s { type = Dispatcher, throughput = %d, executor = \"%s\", loops = \"%s\", %s }%n",
                name, throughput, executor.getName(), id, more);
    }

    /** The dispatcher that is one of the loops. */
    public String dispatcher(int index) {
        return "weir-loop-" + index;
    }

    /**
     * The dispatcher of actors that many connections use: a message to one is taken on the thread that sends it where that is one of
     * the loops, or the line, after what runs there now; else on the first loop. Nobody is woken for it, and actors stay what they
     * are: one that is busy on another thread takes it there.
     */
    public String callersDispatcher() {
        return CALLERS;
    }

    /** The dispatcher for the selectors of Pekko's own sockets, a thread that does what came from them on the callers' dispatcher. */
    public String lineDispatcher() {
        return LINE;
    }

    public int count() {
        return loops.size();
    }

    public EventLoop loop(int index) {
        return loops.get(index);
    }

    /** Which of the loops {@code loop} is. */
    public int index(EventLoop loop) {
        return loops.indexOf(loop);
    }

    MultiThreadIoEventLoopGroup group() {
        return group;
    }

    Class<? extends ServerChannel> serverChannel() {
        return epoll ? EpollServerSocketChannel.class : NioServerSocketChannel.class;
    }

    public Class<? extends Channel> clientChannel() {
        return epoll ? EpollSocketChannel.class : NioSocketChannel.class;
    }

    /** From now on the thread that calls does there what it submits to the callers' dispatcher. */
    void makeHome(Executor executor) {
        HOME.set(new Home(this, executor));
    }

    void executeAtCallers(Runnable task) {
        Home home = HOME.get();
        Executor executor = home != null && home.of == this ? home.executor : loops.get(0);
        executor.execute(task);
    }

    boolean isShuttingDown() {
        return group.isShuttingDown();
    }

    boolean isTerminated() {
        return group.isTerminated();
    }

    static EventLoops running(String id) {
        EventLoops loops = RUNNING.get(id);
        if (loops == null) {
            throw new IllegalStateException("event loops " + id + " are closed");
        }
        return loops;
    }

    @Override
    public void close() {
        RUNNING.remove(id);
        group.shutdownGracefully(0, 2, TimeUnit.SECONDS).awaitUninterruptibly(5, TimeUnit.SECONDS);
    }
}
