package dev.weir.streams.transport;

import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.DispatcherSelector;
import org.apache.pekko.actor.typed.javadsl.Adapter;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.stream.ActorAttributes;
import org.apache.pekko.stream.Attributes;
import org.apache.pekko.stream.javadsl.Flow;
import org.apache.pekko.stream.javadsl.Sink;
import org.apache.pekko.stream.javadsl.Tcp;
import org.apache.pekko.util.ByteString;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Where what is told to an actor on the callers' dispatcher is done, and what the line does. */
@Timeout(30)
final class CallersDispatcherTest {

    private static final int PINGS = 100;

    private record WhereAreYou(CompletableFuture<Thread> here) {}

    private final EventLoops loops = EventLoops.start(3);
    private final ActorTestKit kit = ActorTestKit.create("callers", config());
    private final Executor line = executor(loops.lineDispatcher());
    private final Executor callers = executor(loops.callersDispatcher());

    private Config config() {
        return ConfigFactory.parseMap(Map.of(
                        "pekko.io.tcp.worker-dispatcher", loops.callersDispatcher(),
                        "pekko.io.tcp.selector-dispatcher", loops.lineDispatcher()))
                .withFallback(loops.dispatchers())
                .withFallback(ConfigFactory.load());
    }

    private Executor executor(String dispatcher) {
        return kit.system().dispatchers().lookup(DispatcherSelector.fromConfig(dispatcher));
    }

    @AfterEach
    void end() {
        kit.shutdownTestKit();
        loops.close();
    }

    private ActorRef<WhereAreYou> actor() {
        return kit.spawn(
                Behaviors.receiveMessage(asked -> {
                    asked.here.complete(Thread.currentThread());
                    return Behaviors.same();
                }),
                DispatcherSelector.fromConfig(loops.callersDispatcher()));
    }

    private static Thread threadOf(Executor executor) throws Exception {
        CompletableFuture<Thread> thread = new CompletableFuture<>();
        executor.execute(() -> thread.complete(Thread.currentThread()));
        return thread.get(10, TimeUnit.SECONDS);
    }

    private static Thread whereIsToldFrom(Executor executor, ActorRef<WhereAreYou> actor) throws Exception {
        CompletableFuture<Thread> here = new CompletableFuture<>();
        executor.execute(() -> actor.tell(new WhereAreYou(here)));
        return here.get(10, TimeUnit.SECONDS);
    }

    @Test
    void isDoneOnTheLoopThatTells() throws Exception {
        ActorRef<WhereAreYou> actor = actor();
        for (int i = 0; i < loops.count(); i++) {
            assertThat(whereIsToldFrom(loops.loop(i), actor)).isSameAs(threadOf(loops.loop(i)));
        }
    }

    @Test
    void isDoneOnTheFirstLoopWhereAnotherThreadTells() throws Exception {
        Thread first = threadOf(loops.loop(0));
        assertThat(whereIsToldFrom(Runnable::run, actor())).isSameAs(first);
        try (EventLoops others = EventLoops.start(1)) {
            assertThat(whereIsToldFrom(others.loop(0), actor())).isSameAs(first);
        }
    }

    @Test
    void isDoneOnTheLineAfterTheTaskThatTells() throws Exception {
        ActorRef<WhereAreYou> actor = actor();
        CompletableFuture<Thread> here = new CompletableFuture<>();
        AtomicReference<Thread> teller = new AtomicReference<>();
        AtomicBoolean early = new AtomicBoolean();
        line.execute(() -> {
            teller.set(Thread.currentThread());
            actor.tell(new WhereAreYou(here));
            early.set(here.isDone());
        });
        assertThat(here.get(10, TimeUnit.SECONDS)).isSameAs(teller.get());
        assertThat(early).isFalse();
    }

    @Test
    void whatCausesMoreWithoutEndLeavesTheLine() throws Exception {
        Set<Thread> threads = ConcurrentHashMap.newKeySet();
        AtomicBoolean stopped = new AtomicBoolean();
        Runnable endless = new Runnable() {
            @Override
            public void run() {
                threads.add(Thread.currentThread());
                if (!stopped.get()) {
                    callers.execute(this);
                }
            }
        };
        line.execute(() -> callers.execute(endless));
        try {
            Thread itself = threadOf(line); // so it is free again
            Thread first = threadOf(loops.loop(0));
            assertThat(threads).containsExactlyInAnyOrder(itself, first);
        } finally {
            stopped.set(true);
        }
    }

    @Test
    void whatComesFromSocketsOfPekkoIsDoneOnTheLine() throws Exception {
        Thread itself = threadOf(line); // later it waits for sockets
        Set<Thread> threads = ConcurrentHashMap.newKeySet();
        Tcp tcp = Tcp.get(Adapter.toClassic(kit.system()));
        Attributes callersLoop = ActorAttributes.dispatcher(loops.callersDispatcher());
        InetSocketAddress address = tcp.bind("127.0.0.1", 0)
                .to(Sink.foreach(connection -> connection
                        .flow()
                        .join(Flow.of(ByteString.class).map(bytes -> {
                            threads.add(Thread.currentThread());
                            return bytes;
                        }))
                        .withAttributes(callersLoop)
                        .run(kit.system())))
                .run(kit.system())
                .toCompletableFuture()
                .get(10, TimeUnit.SECONDS)
                .localAddress();
        try (Socket socket = new Socket(address.getAddress(), address.getPort())) {
            for (int ping = 0; ping < PINGS; ping++) {
                socket.getOutputStream().write(ping);
                assertThat(socket.getInputStream().read()).isEqualTo(ping);
            }
        }
        assertThat(threads).contains(itself);
    }
}
