package dev.weir.streams.pool;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.streams.RawServer;
import dev.weir.streams.mock.MockSettings;
import dev.weir.streams.mock.MockUpstream;
import dev.weir.streams.transport.EventLoops;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Every permit comes back, no bound is exceeded, no connection carries anything from one exchange into the next. */
class UpstreamPoolTest {

    private static final Duration PATIENCE = Duration.ofSeconds(15);
    private static final HostNames NAMES = new HostNames();
    private static EventLoops loops;
    private static MockUpstream mock;

    private final List<UpstreamPool> pools = new ArrayList<>();
    private final List<RawServer> servers = new ArrayList<>();

    @BeforeAll
    static void open() {
        loops = EventLoops.start(2);
        mock = MockUpstream.start(MockSettings.forTests());
    }

    @AfterAll
    static void close() {
        mock.close();
        loops.close();
        NAMES.close();
    }

    @AfterEach
    void everyPermitIsBackAndEveryConnectionCloses() {
        for (UpstreamPool pool : pools) {
            Awaitility.await().atMost(PATIENCE).untilAsserted(() -> {
                assertThat(pool.inUse()).isZero();
                assertThat(pool.waiting()).isZero();
            });
            pool.close();
            Awaitility.await()
                    .atMost(PATIENCE)
                    .untilAsserted(() -> assertThat(pool.open()).isZero());
        }
        servers.forEach(RawServer::close);
    }

    @Test
    void aCallIsAnsweredAndItsConnectionUsedAgain() {
        UpstreamPool pool = pool(4, 4);

        Call.Outcome first = Call.send(pool, 0, "reuse", false).outcome();
        Call.Outcome second = Call.send(pool, 0, "reuse", false).outcome();

        assertThat(first.status()).isEqualTo(200);
        assertThat(second.status()).isEqualTo(200);
        assertThat(mock.witness().ofModel("reuse"))
                .extracting(seen -> seen.connection())
                .hasSize(2)
                .containsOnly(mock.witness().ofModel("reuse").get(0).connection());
        assertThat(pool.open()).isEqualTo(1);
    }

    @ParameterizedTest
    @CsvSource({
        "status=500, false,",
        "status=429;retry-after=3, true,",
        "reset=headers, true, BROKE_BEFORE_ANSWER",
        "reset-after=3, true, BROKE_IN_ANSWER",
        "fault=two-lengths, false, MALFORMED",
        "fault=bad-chunk, true, MALFORMED",
        "fault=early-eof, false, BROKE_IN_ANSWER",
        "fault=gzip, false,",
        "close, false,",
        "unframed, true,",
        "segments=1, true,"
    })
    void howeverAnAnswerEndsItsPermitComesBackAndTheNextCallIsClean(
            String script, boolean stream, UpstreamFailure.Kind expected) {
        UpstreamPool pool = pool(1, 1);
        Call call = Call.send(pool, 0, "m;" + script, stream);

        assertThat(call.outcome().kind()).isEqualTo(expected);
        assertThat(pool.inUse()).isZero();
        assertThat(call.told())
                .filteredOn(name -> name.equals("end") || name.equals("failed"))
                .hasSize(1);
        assertThat(Call.send(pool, 0, "next", false).outcome().body())
                .endsWith("}")
                .startsWith("{");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX: " + "HUGE",
                "garbage\r\n\r\n",
                "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\nraw",
                "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\nhello",
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"
            })
    void whatIsNoHttpAnswerFailsTypedAndClosesThatConnection(String answer) throws Exception {
        CountDownLatch closed = new CountDownLatch(1);
        RawServer server = server((self, socket, number) -> {
            self.request(socket);
            if (number > 1) {
                RawServer.send(socket, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ngood");
                self.request(socket);
                return;
            }
            try {
                RawServer.send(socket, answer.replace("HUGE", "x".repeat(80_000) + "\r\n\r\nhello"));
                while (socket.getInputStream().read() >= 0) {
                    // Until the pool closes.
                }
            } finally {
                closed.countDown();
            }
        });
        UpstreamPool pool = pool("http://127.0.0.1:" + server.port(), 1, 0);

        assertThat(Call.send(pool, 0, "m", false).outcome().kind()).isEqualTo(UpstreamFailure.Kind.MALFORMED);

        assertThat(closed.await(10, java.util.concurrent.TimeUnit.SECONDS)).isTrue();
        assertThat(Call.send(pool, 0, "m", false).outcome().body()).isEqualTo("good");
    }

    @Test
    void informationalAnswersAreNoAnswer() {
        RawServer server = server((self, socket, number) -> {
            self.request(socket);
            RawServer.send(
                    socket,
                    "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"
                            + "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
            self.request(socket);
        });
        UpstreamPool pool = pool("http://127.0.0.1:" + server.port(), 1, 0);
        Call call = Call.send(pool, 0, "m", false);

        assertThat(call.outcome()).isEqualTo(new Call.Outcome(200, "ok", null));
        assertThat(call.told()).containsExactly("sending", "head", "end");
    }

    @Test
    void aKeptConnectionThatTurnsOutToBeClosedIsReplacedOnceAndTheRequestSentAgain() {
        RawServer server = server((self, socket, number) -> {
            self.request(socket);
            if (number == 1) {
                RawServer.send(socket, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
                self.request(socket);
            } else {
                RawServer.send(socket, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nagain");
                self.request(socket);
            }
        });
        UpstreamPool pool = pool("http://127.0.0.1:" + server.port(), 1, 0);
        Call.send(pool, 0, "m", false).outcome();

        Call second = Call.send(pool, 0, "m", false);

        assertThat(second.outcome().body()).isEqualTo("again");
        assertThat(second.told()).containsExactly("sending", "head", "end");
        assertThat(server.requests()).isEqualTo(3);
        assertThat(server.connections()).isEqualTo(2);
    }

    @Test
    void aRequestOnAFreshConnectionIsSentExactlyOnce() {
        RawServer server = server((self, socket, number) -> self.request(socket));
        UpstreamPool pool = pool("http://127.0.0.1:" + server.port(), 1, 0);

        Call.Outcome outcome = Call.send(pool, 0, "m", false).outcome();

        assertThat(outcome.kind()).isEqualTo(UpstreamFailure.Kind.BROKE_BEFORE_ANSWER);
        assertThat(server.requests()).isEqualTo(1);
        assertThat(server.connections()).isEqualTo(1);
    }

    @ParameterizedTest
    @ValueSource(strings = {"H", "HTTP/1.1 200 OK\r\nContent-", "HTTP/1.1 100 Continue\r\n\r\n"})
    void aRequestIsNotSentAgainOnceAByteOfAnAnswerHasCome(String beginning) {
        RawServer server = server((self, socket, number) -> {
            self.request(socket);
            RawServer.send(socket, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
            self.request(socket);
            RawServer.send(socket, beginning);
        });
        UpstreamPool pool = pool("http://127.0.0.1:" + server.port(), 1, 0);
        Call.send(pool, 0, "m", false).outcome();

        Call.Outcome second = Call.send(pool, 0, "m", false).outcome();

        assertThat(second.kind()).isEqualTo(UpstreamFailure.Kind.BROKE_BEFORE_ANSWER);
        assertThat(server.requests()).isEqualTo(2);
        assertThat(server.connections()).isEqualTo(1);
    }

    @Test
    void anUpstreamThatClosesIdleConnectionsCostsNoCall() {
        UpstreamPool pool = pool(2, 0);

        for (int i = 0; i < 20; i++) {
            Call.Outcome outcome = Call.send(pool, 0, "m;keepalive=" + (1 + i % 5) + "ms", false)
                    .outcome();
            assertThat(outcome.status()).as("call %d: %s", i, outcome).isEqualTo(200);
        }
    }

    @Test
    void bytesThatNobodyAskedForCloseTheIdleConnection() {
        CountDownLatch answered = new CountDownLatch(1);
        RawServer server = server((self, socket, number) -> {
            self.request(socket);
            RawServer.send(socket, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
            answered.await();
            RawServer.send(socket, "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison");
            while (socket.getInputStream().read() >= 0) {
                // Until the pool closes.
            }
        });
        UpstreamPool pool = pool("http://127.0.0.1:" + server.port(), 1, 0);
        Call.send(pool, 0, "m", false).outcome();
        assertThat(pool.open()).isEqualTo(1);

        answered.countDown();

        Awaitility.await().atMost(PATIENCE).until(() -> pool.open() == 0);
    }

    @Test
    void aSecondAnswerInTheSameReadNeverAnswersTheNextCall() {
        RawServer server = server((self, socket, number) -> {
            self.request(socket);
            RawServer.send(
                    socket,
                    "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ngoodHTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison");
            while (socket.getInputStream().read() >= 0) {
                // Until the pool closes.
            }
        });
        UpstreamPool pool = pool("http://127.0.0.1:" + server.port(), 2, 0);
        CompletableFuture<Call> second = new CompletableFuture<>();
        Call first = new Call(() -> {});
        // The next call is made in the very turn that the first one ends in.
        first.onEnd(() -> second.complete(Call.send(pool, 0, "m", false)));
        first.start(pool, 0, "m", false);

        assertThat(first.outcome().body()).isEqualTo("good");
        assertThat(second.join().outcome().body()).isEqualTo("good");
        assertThat(server.connections()).isEqualTo(2);
    }

    @Test
    void waitingCallsAreServedInTheOrderOfAskingAndTheRestIsRefusedAtOnce() {
        UpstreamPool pool = pool(1, 3);
        Call running = Call.send(pool, 0, "m;stall=headers", false);
        mock.witness().awaitArrived("m;stall=headers", PATIENCE);
        List<Call> waiting = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            waiting.add(Call.send(pool, i % 2, "order-" + i, false));
            int expected = i + 1;
            Awaitility.await().atMost(PATIENCE).until(() -> pool.waiting() == expected);
        }

        Call.Outcome refused = Call.send(pool, 0, "m", false).outcome();
        running.cancel(pool);
        waiting.forEach(Call::outcome);

        assertThat(refused.kind()).isEqualTo(UpstreamFailure.Kind.QUEUE_FULL);
        assertThat(mock.witness().sightings().stream()
                        .filter(seen -> seen.model().startsWith("order-"))
                        .sorted(Comparator.comparingLong(seen -> seen.serial()))
                        .map(seen -> seen.model()))
                .containsExactly("order-0", "order-1", "order-2");
        assertThat(running.told()).containsExactly("sending");
    }

    @Test
    void aCallThatWaitedTooLongIsToldSo() {
        UpstreamPool pool = pool(mock.baseUrl(), settings(1, 3, Duration.ofMillis(50), Duration.ofSeconds(5)));
        Call running = Call.send(pool, 0, "m;stall=headers", false);
        Awaitility.await().atMost(PATIENCE).until(() -> pool.inUse() == 1);

        Call.Outcome late = Call.send(pool, 1, "m", false).outcome();

        assertThat(late.kind()).isEqualTo(UpstreamFailure.Kind.QUEUE_TIMEOUT);
        assertThat(pool.inUse()).isEqualTo(1);
        running.cancel(pool);
    }

    @Test
    void aCallThatGaveUpWaitingIsToldNothing() {
        UpstreamPool pool = pool(1, 3);
        Call running = Call.send(pool, 0, "m;stall=headers", false);
        Awaitility.await().atMost(PATIENCE).until(() -> pool.inUse() == 1);
        Call waiting = Call.send(pool, 1, "m", false);
        Awaitility.await().atMost(PATIENCE).until(() -> pool.waiting() == 1);

        waiting.cancel(pool);
        running.cancel(pool);

        assertThat(pool.waiting()).isZero();
        Awaitility.await().atMost(PATIENCE).until(() -> pool.inUse() == 0);
        assertThat(waiting.told()).isEmpty();
    }

    @Test
    void closingRefusesWhatWaitsLetsWhatRunsEndAndCountsNoPermitTwice() throws Exception {
        UpstreamPool pool = pool(1, 3);
        Call running = Call.send(pool, 0, "m;latency=1500ms", false);
        Awaitility.await().atMost(PATIENCE).until(() -> pool.inUse() == 1);
        Call waiting = Call.send(pool, 0, "m", false);
        Call cancelled = Call.send(pool, 0, "m", false);
        Awaitility.await().atMost(PATIENCE).until(() -> pool.waiting() == 2);

        CountDownLatch busy = new CountDownLatch(1);
        CompletableFuture<Void> loop = CompletableFuture.runAsync(
                () -> {
                    pool.close();
                    cancelled.exchangeNow().cancel();
                    busy.countDown();
                },
                pool.loop(0));
        loop.join();
        busy.await();

        assertThat(waiting.outcome().kind()).isEqualTo(UpstreamFailure.Kind.CLOSING);
        assertThat(pool.inUse()).isEqualTo(1);
        assertThat(running.outcome().status()).isEqualTo(200);
        assertThat(pool.inUse()).isZero();
        assertThat(cancelled.told()).isEmpty();
        assertThat(Call.send(pool, 0, "m", false).outcome().kind()).isEqualTo(UpstreamFailure.Kind.CLOSING);
    }

    @Test
    void aCallCancelledWhileItConnectsLeavesNoConnectionBehind() throws IOException {
        try (ServerSocket full = new ServerSocket(0, 1, java.net.InetAddress.getByName("127.0.0.1"))) {
            UpstreamPool pool = pool("http://127.0.0.1:" + full.getLocalPort(), 8, 0);
            List<Call> calls = new ArrayList<>();
            for (int i = 0; i < 8; i++) {
                calls.add(Call.send(pool, i % 2, "m", false));
            }
            Awaitility.await().atMost(PATIENCE).until(() -> pool.open() == 8);

            calls.forEach(call -> call.cancel(pool));

            assertThat(pool.inUse()).isZero();
            assertThat(pool.open()).isZero();
        }
    }

    @Test
    void connectingEndsInTime() throws IOException {
        try (ServerSocket full = new ServerSocket(0, 1, java.net.InetAddress.getByName("127.0.0.1"))) {
            UpstreamPool pool = pool(
                    "http://127.0.0.1:" + full.getLocalPort(),
                    settings(8, 0, Duration.ofSeconds(5), Duration.ofMillis(300)));
            List<Call> calls = new ArrayList<>();
            for (int i = 0; i < 8; i++) {
                calls.add(Call.send(pool, 0, "m", false));
            }

            Awaitility.await()
                    .atMost(PATIENCE)
                    .until(() -> calls.stream().filter(Call::isOver).count() >= 4);

            assertThat(calls.stream()
                            .filter(Call::isOver)
                            .map(call -> call.outcome().kind()))
                    .containsOnly(UpstreamFailure.Kind.UNREACHABLE);
            calls.forEach(call -> call.cancel(pool));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"http://no-such-host.invalid", "http://127.0.0.1:1"})
    void anUpstreamThatIsNotThereIsUnreachable(String base) {
        UpstreamPool pool = pool(base, 1, 0);

        Call call = Call.send(pool, 0, "m", false);

        assertThat(call.outcome().kind()).isEqualTo(UpstreamFailure.Kind.UNREACHABLE);
        assertThat(call.told()).containsExactly("failed");
        assertThat(pool.open()).isZero();
    }

    @ParameterizedTest
    @CsvSource({"127.0.0.1, localhost", "::1, [::1]"})
    void namesAndIpv6LiteralsAreReached(String bound, String written) {
        RawServer server = RawServer.start(bound, (socket, number) -> {
            socket.getInputStream().read();
            RawServer.send(socket, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok");
            while (socket.getInputStream().read() >= 0) {
                // Until the pool closes.
            }
        });
        servers.add(server);
        UpstreamPool pool = pool("http://" + written + ":" + server.port(), 1, 0);

        assertThat(Call.send(pool, 0, "m", false).outcome().body()).isEqualTo("ok");
    }

    @Test
    void connectionsThatLieIdleOnAnotherLoopMakePlace() {
        UpstreamPool pool = pool(3, 10);
        List<Call> first = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            first.add(Call.send(pool, 0, "m;latency=30ms", false));
        }
        first.forEach(Call::outcome);
        assertThat(pool.open()).isEqualTo(3);

        AtomicInteger most = new AtomicInteger();
        List<Call> second = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            second.add(new Call(() -> most.accumulateAndGet(pool.open(), Math::max))
                    .start(pool, 1, "m;latency=30ms", false));
        }

        assertThat(second)
                .allSatisfy(call -> assertThat(call.outcome().status()).isEqualTo(200));
        assertThat(most).hasValue(3);
        assertThat(pool.open()).isEqualTo(3);
    }

    @Test
    void withManyCallsOnTwoLoopsThatEndInEveryWayNoBoundIsExceededAndEveryCallEndsOnce() {
        SplittableRandom random = new SplittableRandom(42);
        UpstreamPool pool = pool(mock.baseUrl(), settings(3, 6, Duration.ofSeconds(20), Duration.ofSeconds(5)));
        String[] scripts = {
            "",
            ";latency=3ms",
            ";reset=headers",
            ";reset-after=2",
            ";fault=bad-chunk",
            ";fault=early-eof",
            ";status=500",
            ";close",
            ";unframed",
            ";keepalive=1ms",
            ";stall=headers",
            ";gap=1ms",
            ";fault=two-lengths"
        };
        AtomicInteger mostOpen = new AtomicInteger();
        AtomicInteger mostInUse = new AtomicInteger();
        List<Call> calls = new ArrayList<>();
        int cancelled = 0;
        for (int i = 0; i < 1_500; i++) {
            String script = scripts[random.nextInt(scripts.length)];
            Call call = new Call(() -> {
                        mostOpen.accumulateAndGet(pool.open(), Math::max);
                        mostInUse.accumulateAndGet(pool.inUse(), Math::max);
                    })
                    .start(pool, random.nextInt(2), "m" + script, random.nextBoolean());
            calls.add(call);
            if (script.equals(";stall=headers") || random.nextInt(5) == 0) {
                cancelled++;
                call.cancel(pool);
            } else if (random.nextInt(3) == 0) {
                call.outcome();
            }
        }

        Awaitility.await().atMost(PATIENCE).until(() -> pool.inUse() == 0 && pool.waiting() == 0);

        assertThat(mostOpen).hasValue(3);
        assertThat(mostInUse).hasValue(3);
        assertThat(cancelled).isPositive();
        assertThat(calls)
                .allSatisfy(call -> assertThat(call.told())
                        .filteredOn(name -> name.equals("end") || name.equals("failed"))
                        .hasSizeLessThanOrEqualTo(1));
        assertThat(calls.stream().filter(call -> !call.isOver()).count()).isLessThanOrEqualTo(cancelled);
        mock.witness().awaitTotals(totals -> totals.openConnections() <= 3, PATIENCE);
    }

    @Test
    void aPeerThatIsNotReadFromIsHeldBack() {
        UpstreamPool pool = pool(1, 0);
        Call call = new Call(() -> {}).withoutReading().start(pool, 0, "slow;bytes=200MB", true);
        mock.witness().awaitArrived("slow;bytes=200MB", PATIENCE);

        Awaitility.await()
                .during(Duration.ofMillis(300))
                .atMost(PATIENCE)
                .until(() -> mock.witness().ofModel("slow;bytes=200MB").get(0).bytes() < 20_000_000);

        call.cancel(pool);
        mock.witness().awaitClosed("slow;bytes=200MB", PATIENCE);
    }

    private interface Conduct {
        void with(RawServer self, java.net.Socket socket, int number) throws IOException, InterruptedException;
    }

    private RawServer server(Conduct conduct) {
        CompletableFuture<RawServer> self = new CompletableFuture<>();
        RawServer server = RawServer.start((socket, number) -> conduct.with(self.join(), socket, number));
        self.complete(server);
        servers.add(server);
        return server;
    }

    private UpstreamPool pool(int connections, int queue) {
        return pool(mock.baseUrl(), connections, queue);
    }

    private UpstreamPool pool(String base, int connections, int queue) {
        return pool(base, settings(connections, queue, Duration.ofSeconds(10), Duration.ofSeconds(5)));
    }

    private UpstreamPool pool(String base, PoolSettings settings) {
        UpstreamPool pool = new UpstreamPool(Endpoint.of(URI.create(base)), settings, loops, null, NAMES);
        pools.add(pool);
        return pool;
    }

    private static PoolSettings settings(int connections, int queue, Duration queueTimeout, Duration connectTimeout) {
        return new PoolSettings(connections, queue, queueTimeout, connectTimeout, Duration.ofSeconds(30), null);
    }
}
