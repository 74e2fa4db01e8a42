package dev.weir.streams.relay;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.streams.RawServer;
import dev.weir.streams.pool.UpstreamPool;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Calls through a real listener to real upstreams: what the client gets, and what the watch is told, on every way. */
class AttemptWalkTest {

    private static final Duration PATIENCE = Duration.ofSeconds(15);
    private static final String HEAD = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n";
    private static final String CONTENT = "data: {\"choices\":[{\"delta\":{\"content\":\"x\"}}]}\n\n";
    private static final String DONE = "data: [DONE]\n\n";

    private static final WalkRig EPOLL = new WalkRig(true);
    private static final WalkRig NIO = new WalkRig(false);

    private WalkRig rig = EPOLL;

    @AfterAll
    static void close() {
        EPOLL.close();
        NIO.close();
    }

    @AfterEach
    void nothingIsHeldAnyMore() {
        for (WalkRig each : List.of(EPOLL, NIO)) {
            each.with(WalkRig.settings(Duration.ZERO));
            Awaitility.await()
                    .atMost(PATIENCE)
                    .untilAsserted(() -> assertThat(each.held()).isZero());
        }
    }

    /** What a call was doing. */
    enum Phase {
        WAITING_FOR_A_PERMIT("tokens=1", true, 0),
        BEFORE_HEADERS("stall=headers", true, 1),
        BEFORE_CONTENT("early-headers;latency=60s", true, 1),
        IN_A_SILENT_GAP("tokens=10;stall-after=3", true, 1),
        MID_STREAM("tokens=100000;gap=2ms", true, 1),
        NOT_READ("bytes=100MB", true, 1),
        BEFORE_A_WHOLE_ANSWER("latency=60s", false, 1);

        private final String script;
        private final boolean stream;
        private final int attempts;

        Phase(String script, boolean stream, int attempts) {
            this.script = script;
            this.stream = stream;
            this.attempts = attempts;
        }

        boolean isCommitted() {
            return this == IN_A_SILENT_GAP || this == MID_STREAM || this == NOT_READ;
        }
    }

    static Stream<Arguments> leavings() {
        return Stream.of(true, false)
                .flatMap(transport -> Stream.of(Phase.values())
                        .flatMap(phase ->
                                Stream.of(Client.Way.values()).map(way -> Arguments.of(transport, phase, way))));
    }

    @ParameterizedTest
    @MethodSource("leavings")
    void aClientThatLeavesFreesItsUpstreamAndIsSettledOnce(boolean onEpoll, Phase phase, Client.Way way) {
        rig = onEpoll ? EPOLL : NIO;
        String model = "leave-" + onEpoll + way + phase + ";" + phase.script;
        UpstreamPool pool = rig.pool(rig.mock.baseUrl(), 1);
        WalkRig.Watched first = rig.serve(WalkRig.target(pool, "first;stall=headers", WalkRig.PATIENT));
        Client occupant = phase == Phase.WAITING_FOR_A_PERMIT ? Client.stream(rig) : null;
        Awaitility.await().atMost(PATIENCE).until(() -> pool.inUse() == (occupant == null ? 0 : 1));
        WalkRig.Watched watched = rig.serve(WalkRig.target(pool, model, WalkRig.PATIENT));
        Client client = begin(phase, pool, model);

        client.leave(way);

        Awaitility.await().atMost(PATIENCE).until(() -> !watched.callEnds().isEmpty());
        if (phase.attempts > 0) {
            rig.mock.witness().awaitClosed(model, PATIENCE);
        }
        assertThat(pool.waiting()).isZero();
        assertThat(pool.inUse()).isEqualTo(occupant == null ? 0 : 1);
        assertThat(watched.callEnds()).containsExactly("CLIENT_LEFT");
        assertThat(watched.outcomes()).hasSize(phase.attempts).allMatch("CLIENT_LEFT"::equals);
        assertThat(watched.begun()).isEqualTo(phase.attempts);
        if (occupant != null) {
            occupant.leave(Client.Way.RST);
            Awaitility.await().atMost(PATIENCE).until(() -> !first.callEnds().isEmpty());
        }
        client.close();
    }

    private Client begin(Phase phase, UpstreamPool pool, String model) {
        Client client = phase.stream ? Client.stream(rig) : Client.whole(rig);
        if (phase == Phase.WAITING_FOR_A_PERMIT) {
            Awaitility.await().atMost(PATIENCE).until(() -> pool.waiting() == 1);
        } else {
            rig.mock.witness().awaitArrived(model, PATIENCE);
        }
        if (phase.isCommitted()) {
            client.until(phase == Phase.NOT_READ ? "t0" : "t2 ");
        }
        return client;
    }

    @ParameterizedTest
    @EnumSource(Phase.class)
    void drainingEndsTheCallInEveryPhaseAndSaysSo(Phase phase) {
        String model = "drain-" + phase + ";" + phase.script;
        UpstreamPool pool = rig.pool(rig.mock.baseUrl(), 1);
        rig.serve(WalkRig.target(pool, "occupied;stall=headers", WalkRig.PATIENT));
        Client occupant = phase == Phase.WAITING_FOR_A_PERMIT ? Client.stream(rig) : null;
        Awaitility.await().atMost(PATIENCE).until(() -> pool.inUse() == (occupant == null ? 0 : 1));
        WalkRig.Watched watched = rig.serve(WalkRig.target(pool, model, WalkRig.PATIENT));
        try (Client client = begin(phase, pool, model)) {
            rig.drain();

            String answer = client.until("DRAINING");

            assertThat(answer)
                    .contains(phase.isCommitted() ? " 200 OK" : " 502 ")
                    .doesNotContain("[DONE]");
            assertThat(watched.callEnds()).containsExactly("DRAINING");
            assertThat(watched.outcomes()).hasSize(phase.attempts).allMatch("DRAINING"::equals);
            if (occupant != null) {
                occupant.close();
            }
        }
    }

    @ParameterizedTest
    @CsvSource({
        "status=500, UPSTREAM_ERROR",
        "status=429, UPSTREAM_LIMIT",
        "status=401, UPSTREAM_AUTH",
        "reset=headers, BROKEN",
        "early-headers;reset-after=0, BROKEN",
        "end-after=0, TRUNCATED",
        "fault=content-type=text/html, MALFORMED",
        "fault=gzip, MALFORMED",
        "fault=bad-chunk;tokens=0, MALFORMED"
    })
    void beforeAnythingWasPromisedTheNextDeploymentIsTried(String script, String failure) {
        WalkRig.Watched watched =
                rig.serve(rig.target("bad;" + script, WalkRig.PATIENT), rig.target("good;tokens=3", WalkRig.PATIENT));

        String answer;
        try (Client client = Client.stream(rig)) {
            answer = client.toEnd();
        }

        assertThat(answer).contains("t0 ", "t2 ", "[DONE]").doesNotContain("error");
        assertThat(watched.outcomes()).containsExactly(failure, "OK");
        assertThat(watched.callEnds()).containsExactly("OK");
        assertThat(watched.usage().completion()).isEqualTo(3);
    }

    @ParameterizedTest
    @CsvSource({"reset-after=3, BROKEN", "end-after=3, TRUNCATED"})
    void afterTheFirstContentNothingIsTriedAgainAndTheStreamSaysThatItBroke(String script, String failure) {
        WalkRig.Watched watched = rig.serve(
                rig.target("bad;tokens=8;gap=20ms;" + script, WalkRig.PATIENT),
                rig.target("good;tokens=3", WalkRig.PATIENT));

        String answer;
        try (Client client = Client.stream(rig)) {
            answer = client.toEnd();
        }

        assertThat(answer)
                .contains("t0 ", "data: {\"error\":\"" + failure + "\"}\n\n")
                .doesNotContain("[DONE]");
        assertThat(watched.outcomes()).containsExactly(failure);
        assertThat(watched.callEnds()).containsExactly(failure);
        assertThat(watched.ends().get(0).estimated()).isTrue();
    }

    @Test
    void everythingIsSettledBeforeTheLastByteReachesTheClient() {
        Target target = rig.target("m;tokens=5", WalkRig.PATIENT);
        for (int i = 0; i < 50; i++) {
            WalkRig.Watched watched = rig.serve(target);
            try (Client client = Client.stream(rig)) {
                client.until("[DONE]");

                assertThat(watched.callEnds()).containsExactly("OK");
                assertThat(watched.outcomes()).containsExactly("OK");
            }
            WalkRig.Watched whole = rig.serve(target);
            try (Client client = Client.whole(rig)) {
                client.until("completion_tokens");

                assertThat(whole.callEnds()).containsExactly("OK");
            }
        }
    }

    @Test
    void aProviderThatFindsNoFirstContentInTimeIsLeftForTheNext() {
        WalkRig.Watched watched = rig.serve(
                rig.target("slow;early-headers;latency=60s", clocks(200, 60_000, 0)),
                rig.target("good;tokens=2", WalkRig.PATIENT));

        try (Client client = Client.stream(rig)) {
            assertThat(client.toEnd()).contains("[DONE]");
        }

        assertThat(watched.outcomes()).containsExactly("TIMED_OUT", "OK");
    }

    @ParameterizedTest
    @ValueSource(longs = {60_000, 0})
    void silenceBehindTheFirstContentEndsTheStreamInTime(long firstContent) {
        WalkRig.Watched watched =
                rig.serve(rig.target("m;tokens=9;gap=1ms;stall-after=3", clocks(firstContent, 300, 0)));

        try (Client client = Client.stream(rig)) {
            assertThat(client.toEnd()).contains("{\"error\":\"TIMED_OUT\"}");
        }

        assertThat(watched.callEnds()).containsExactly("TIMED_OUT");
    }

    @Test
    void aStalledClientIsNotTheProvidersSilence() {
        WalkRig.Watched watched = rig.serve(rig.target("m;bytes=30MB", clocks(60_000, 150, 0)));

        try (Client client = Client.stream(rig)) {
            client.until("t0");
            Awaitility.await()
                    .during(Duration.ofMillis(700))
                    .atMost(PATIENCE)
                    .until(() -> watched.callEnds().isEmpty());

            client.toEnd();
        }

        assertThat(watched.callEnds()).containsExactly("OK");
    }

    @Test
    void theTotalEndsAStreamThatGoesOn() {
        WalkRig.Watched watched = rig.serve(rig.target("m;tokens=100000;gap=5ms", clocks(60_000, 60_000, 300)));

        try (Client client = Client.stream(rig)) {
            assertThat(client.toEnd()).contains("{\"error\":\"TIMED_OUT\"}");
        }

        assertThat(watched.callEnds()).containsExactly("TIMED_OUT");
    }

    @Test
    void theTotalIsOneForAllAttempts() {
        Target slow = rig.target("slow;latency=60s", clocks(60_000, 60_000, 300));
        WalkRig.Watched watched = rig.serve(slow, slow, slow);

        try (Client client = Client.stream(rig)) {
            client.until("TIMED_OUT");
        }

        assertThat(watched.outcomes()).containsExactly("TIMED_OUT");
    }

    @Test
    void anErrorInAStreamBeforeItsContentIsAnotherDeploymentsChance() {
        try (RawServer server = upstream(HEAD + "data: {\"error\":{\"message\":\"no\"}}\n\n" + DONE)) {
            WalkRig.Watched watched = rig.serve(raw(server), rig.target("good;tokens=2", WalkRig.PATIENT));

            try (Client client = Client.stream(rig)) {
                assertThat(client.toEnd()).contains("t1 ", "[DONE]").doesNotContain("error");
            }

            assertThat(watched.outcomes()).containsExactly("IN_BAND", "OK");
        }
    }

    @Test
    void anErrorBehindContentIsPassedOnceAndIsTheCallsFailure() {
        try (RawServer server = upstream(HEAD + CONTENT + "data: {\"error\":{\"message\":\"no\"}}\n\n")) {
            WalkRig.Watched watched = rig.serve(raw(server), rig.target("good;tokens=2", WalkRig.PATIENT));

            String answer;
            try (Client client = Client.stream(rig)) {
                answer = client.toEnd();
            }

            assertThat(answer).containsOnlyOnce("\"error\"").doesNotContain("[DONE]");
            assertThat(watched.outcomes()).containsExactly("IN_BAND");
        }
    }

    @Test
    void halfAnEventIsNeverGluedToTheErrorBehindIt() {
        try (RawServer server = upstream(HEAD + CONTENT + "data: {\"choices\":[{\"del")) {
            WalkRig.Watched watched = rig.serve(raw(server));

            String answer;
            try (Client client = Client.stream(rig)) {
                answer = client.toEnd();
            }

            assertThat(answer)
                    .doesNotContain("[{\"del\r\n", "[{\"deldata")
                    .contains("data: {\"error\":\"TRUNCATED\"}\n\n");
            assertThat(watched.outcomes()).containsExactly("TRUNCATED");
        }
    }

    @Test
    void aMarkerWithoutItsEmptyLineEndsTheStreamWell() {
        try (RawServer server = upstream(HEAD + CONTENT + "data: [DONE]")) {
            WalkRig.Watched watched = rig.serve(raw(server));

            try (Client client = Client.stream(rig)) {
                assertThat(client.toEnd()).contains("data: [DONE]");
            }

            assertThat(watched.callEnds()).containsExactly("OK");
        }
    }

    @Test
    void whatComesBehindTheMarkerIsPassedAndTheConnectionIsNotWaitedForLong() throws Exception {
        CountDownLatch closed = new CountDownLatch(1);
        try (RawServer server = RawServer.start((socket, number) -> {
            socket.getInputStream().read(new byte[4_096]);
            RawServer.send(socket, HEAD + CONTENT + DONE + ": behind\n\n");
            while (socket.getInputStream().read() >= 0) {
                // Never ends by itself.
            }
            closed.countDown();
        })) {
            WalkRig.Watched watched = rig.serve(raw(server));

            try (Client client = Client.stream(rig)) {
                assertThat(client.toEnd()).contains("[DONE]", ": behind");
            }

            assertThat(watched.callEnds()).containsExactly("OK");
            assertThat(closed.await(10, java.util.concurrent.TimeUnit.SECONDS)).isTrue();
        }
    }

    @Test
    void drainingBehindTheMarkerGivesThePermitBack() {
        try (RawServer server = RawServer.start((socket, number) -> {
            socket.getInputStream().read(new byte[4_096]);
            RawServer.send(socket, HEAD + CONTENT + DONE);
            while (socket.getInputStream().read() >= 0) {
                // Never ends by itself.
            }
        })) {
            WalkRig.Watched watched = rig.serve(raw(server));
            try (Client client = Client.stream(rig)) {
                client.until("[DONE]");

                rig.drain();

                client.toEnd();
                assertThat(rig.held()).isZero();
                assertThat(watched.callEnds()).containsExactly("OK");
            }
        }
    }

    @Test
    void aFloodBehindTheMarkerIsCutOff() {
        try (RawServer server = RawServer.start((socket, number) -> {
            socket.getInputStream().read(new byte[4_096]);
            RawServer.send(socket, HEAD + CONTENT + DONE);
            while (true) {
                RawServer.send(socket, ": flood\n\n".repeat(1_000));
            }
        })) {
            WalkRig.Watched watched = rig.serve(raw(server));

            String answer;
            try (Client client = Client.stream(rig)) {
                answer = client.toEnd();
            }

            assertThat(answer.length()).isLessThan(300_000);
            assertThat(watched.callEnds()).containsExactly("OK");
        }
    }

    @Test
    void aSilentStreamIsKeptAliveBetweenItsEventsOnly() {
        CountDownLatch seen = new CountDownLatch(1);
        rig.with(WalkRig.settings(Duration.ofMillis(50)));
        try (RawServer server = RawServer.start((socket, number) -> {
            socket.getInputStream().read(new byte[4_096]);
            RawServer.send(socket, HEAD + CONTENT + "data: {\"choices\":[{\"delta\":");
            seen.await();
            RawServer.send(socket, "{\"content\":\"y\"}}]}\n\n" + DONE);
        })) {
            WalkRig.Watched watched = rig.serve(raw(server));

            String answer;
            try (Client client = Client.stream(rig)) {
                client.until(": keep-alive\n\n");
                seen.countDown();
                answer = client.toEnd();
            }

            assertThat(answer).contains("data: {\"choices\":[{\"delta\":{\"content\":\"y\"}}]}\n\n");
            assertThat(watched.callEnds()).containsExactly("OK");
        }
    }

    @Test
    void aCommentBeforeTheContentPromisesAStreamWhereThatWasAskedFor() {
        rig.with(WalkRig.settings(new AttemptWalk.Comments(Duration.ofMillis(50), true)));
        CountDownLatch seen = new CountDownLatch(1);
        try (RawServer server = RawServer.start((socket, number) -> {
            socket.getInputStream().read(new byte[4_096]);
            seen.await();
            RawServer.send(socket, "HTTP/1.1 500 Oh\r\nContent-Length: 0\r\n\r\n");
        })) {
            WalkRig.Watched watched = rig.serve(raw(server));

            String answer;
            try (Client client = Client.stream(rig)) {
                client.until(": keep-alive\n\n");
                seen.countDown();
                answer = client.toEnd();
            }

            assertThat(answer).contains("{\"error\":\"UPSTREAM_ERROR\"}").doesNotContain("[DONE]");
            assertThat(watched.callEnds()).containsExactly("UPSTREAM_ERROR");
        }
    }

    @Test
    void theOutputOfALongStreamIsSaidBeforeItIsPassedOn() {
        WalkRig.Watched watched = rig.serve(rig.target("m;tokens=700;usage=off", WalkRig.PATIENT));

        try (Client client = Client.stream(rig)) {
            client.toEnd();
        }

        assertThat(watched.progress()).isNotEmpty();
        assertThat(watched.progress().getLast().output()).isGreaterThanOrEqualTo(700 - 256);
    }

    @Test
    void anEventBeyondTheLimitBreaksTheStreamBehindWhatWasWhole() {
        try (RawServer server = upstream(HEAD + CONTENT + "data: " + "x".repeat(200_000))) {
            WalkRig.Watched watched = rig.serve(raw(server));

            try (Client client = Client.stream(rig)) {
                assertThat(client.toEnd()).contains("\"content\":\"x\"", "{\"error\":\"TOO_LARGE\"}");
            }

            assertThat(watched.outcomes()).containsExactly("TOO_LARGE");
        }
    }

    @Test
    void aWholeAnswerBeyondTheLimitIsNoAnswer() {
        WalkRig.Watched watched = rig.serve(rig.target("m;bytes=2MB", WalkRig.PATIENT));

        try (Client client = Client.whole(rig)) {
            client.until("TOO_LARGE");
        }

        assertThat(watched.outcomes()).containsExactly("TOO_LARGE");
    }

    @Test
    void aWholeAnswerInChunksOfAByteEachIsOne() {
        String json = "{\"choices\":[{\"message\":{\"content\":\"" + "y".repeat(50_000) + "\"}}]}";
        StringBuilder chunks = new StringBuilder();
        json.chars().forEach(c -> chunks.append("1\r\n").append((char) c).append("\r\n"));
        try (RawServer server = upstream("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                + "Transfer-Encoding: chunked\r\n\r\n" + chunks + "0\r\n\r\n")) {
            WalkRig.Watched watched = rig.serve(raw(server));

            try (Client client = Client.whole(rig)) {
                client.until(json);
            }

            assertThat(watched.outcomes()).containsExactly("OK");
        }
    }

    @Test
    void anAttemptThatIsNotJournalledIsNotMade() {
        WalkRig.Watched watched = rig.serve(new WalkRig.Watched(false), rig.target("unjournalled", WalkRig.PATIENT));

        try (Client client = Client.stream(rig)) {
            client.until("NOT_JOURNALLED");
        }

        assertThat(watched.ends()).isEmpty();
        assertThat(watched.callEnds()).containsExactly("NOT_JOURNALLED");
        assertThat(rig.mock.witness().ofModel("unjournalled")).isEmpty();
    }

    @Test
    void aRefusalOfTheRequestIsPassedAsItCameAndNotTriedElsewhere() {
        WalkRig.Watched watched = rig.serve(
                rig.target("bad;status=400;code=no_such_thing", WalkRig.PATIENT), rig.target("good", WalkRig.PATIENT));

        try (Client client = Client.stream(rig)) {
            assertThat(client.until("no_such_thing")).contains(" 400 ");
        }

        assertThat(watched.outcomes()).containsExactly("UPSTREAM_REFUSED");
    }

    private static Clocks clocks(long firstContent, long idle, long total) {
        return new Clocks(Duration.ofMillis(firstContent), Duration.ofMillis(idle), Duration.ofMillis(total));
    }

    private Target raw(RawServer server) {
        return WalkRig.target(rig.pool("http://127.0.0.1:" + server.port(), 1), "m", WalkRig.PATIENT);
    }

    /** Answers every request with this and closes. */
    private static RawServer upstream(String answer) {
        return RawServer.start((socket, number) -> {
            socket.getInputStream().read(new byte[4_096]);
            RawServer.send(socket, answer);
            socket.shutdownOutput();
            while (socket.getInputStream().read() >= 0) {
                // Until the pool closes.
            }
        });
    }
}
