package dev.weir.streams.transport;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.epoll.Epoll;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class EventLoopsTest {

    private static final int PINGS = 10;
    private static final long TASK_NANOS = 100_000;

    /** Netty's own loops do ten thousand such tasks before they look at a socket. */
    private static final long MOST_TASKS_A_PING = 1_000;

    private static final class Busy implements Runnable {
        private final EventLoops loops;
        private final AtomicLong runs = new AtomicLong();
        private volatile boolean stopped;

        Busy(EventLoops loops) {
            this.loops = loops;
        }

        @Override
        public void run() {
            long end = System.nanoTime() + TASK_NANOS;
            while (System.nanoTime() < end) {
                Thread.onSpinWait();
            }
            runs.incrementAndGet();
            if (!stopped) {
                loops.loop(0).execute(this);
            }
        }
    }

    private static Channel echo(EventLoops loops) {
        return new ServerBootstrap()
                .group(loops.group())
                .channel(loops.serverChannel())
                .childHandler(new ChannelInitializer<>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        channel.pipeline().addLast(new ChannelInboundHandlerAdapter() {
                            @Override
                            public void channelRead(ChannelHandlerContext context, Object message) {
                                context.writeAndFlush(message);
                            }
                        });
                    }
                })
                .bind(InetAddress.getLoopbackAddress(), 0)
                .syncUninterruptibly()
                .channel();
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void tasksWithoutEndDoNotStarveSockets(boolean epoll) throws IOException {
        try (EventLoops loops = EventLoops.start(1, epoll && Epoll.isAvailable())) {
            Busy busy = new Busy(loops);
            Channel server = echo(loops);
            InetSocketAddress address = (InetSocketAddress) server.localAddress();
            loops.loop(0).execute(busy);
            long before = busy.runs.get();
            try (Socket socket = new Socket(address.getAddress(), address.getPort())) {
                for (int i = 0; i < PINGS; i++) {
                    socket.getOutputStream().write(i);
                    assertThat(socket.getInputStream().read()).isEqualTo(i);
                }
            } finally {
                busy.stopped = true;
            }
            assertThat((busy.runs.get() - before) / PINGS).isLessThan(MOST_TASKS_A_PING);
        }
    }
}
