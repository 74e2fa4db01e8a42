package dev.weir.streams.relay;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Streams that come to more than is held for them. */
class AllowanceTest {

    private static final Duration PATIENCE = Duration.ofSeconds(15);
    private static final Failure NO_MORE = new Failure(Failure.Kind.QUOTA, "nothing left");
    private static final WalkRig RIG = new WalkRig(true);

    @AfterAll
    static void close() {
        RIG.close();
    }

    private static WalkRig.Watched holding(long tokens, String script) {
        WalkRig.Watched watched = RIG.serve(RIG.target(script, WalkRig.PATIENT));
        watched.hold(tokens);
        return watched;
    }

    private static void asked(WalkRig.Watched watched) {
        Awaitility.await().atMost(PATIENCE).until(() -> !watched.asked().isEmpty());
    }

    @ParameterizedTest
    @ValueSource(strings = {"waits-mid-stream;tokens=60;gap=5ms", "waits-at-its-end;tokens=8"})
    void whatIsNotHeldIsNotPassedOnUntilItIs(String script) {
        WalkRig.Watched watched = holding(6, script);
        try (Client client = Client.stream(RIG)) {
            asked(watched);
            RIG.mock.witness().await(seen -> seen.model().equals(script) && seen.tokens() >= 8, PATIENCE);
            assertThat(client.soFar()).doesNotContain("t7 ");

            watched.hold(1_000);
            RIG.onLoop(() -> watched.answer(null));

            assertThat(client.until("[DONE]")).contains("t7 ");
        }
        assertThat(watched.asked().getFirst()).isGreaterThan(6);
        assertThat(watched.callEnds()).containsExactly("OK");
        assertThat(watched.outcomes()).containsExactly("OK");
    }

    @ParameterizedTest
    @ValueSource(strings = {"cut-mid-stream;tokens=100000;gap=5ms", "cut-at-its-end;tokens=8"})
    void whereNoMoreIsHeldTheStreamEndsAndSaysSo(String script) {
        WalkRig.Watched watched = holding(6, script);
        try (Client client = Client.stream(RIG)) {
            asked(watched);

            RIG.onLoop(() -> watched.answer(NO_MORE));

            assertThat(client.until("QUOTA")).doesNotContain("t7 ").doesNotContain("[DONE]");
        }
        assertThat(watched.callEnds()).containsExactly("QUOTA");
        assertThat(watched.outcomes()).containsExactly("QUOTA");
        assertThat(watched.usage().output()).isGreaterThanOrEqualTo(6);
    }

    @Test
    void moreIsAskedForBeforeItIsNeeded() {
        WalkRig.Watched watched = holding(40, "in-time;tokens=33;gap=2ms");
        try (Client client = Client.stream(RIG)) {
            assertThat(client.until("[DONE]")).contains("t32 ");
        }
        assertThat(watched.asked()).containsExactly(104L);
    }

    @Test
    void aClientThatLeavesAStreamThatWaitsFreesItsUpstream() {
        WalkRig.Watched watched = holding(6, "left;tokens=100000;gap=2ms");
        Client client = Client.stream(RIG);
        asked(watched);

        client.leave(Client.Way.RST);

        RIG.mock.witness().awaitClosed("left;tokens=100000;gap=2ms", PATIENCE);
        Awaitility.await().atMost(PATIENCE).until(() -> !watched.callEnds().isEmpty());
        assertThat(watched.callEnds()).containsExactly("CLIENT_LEFT");
        client.close();
    }

    @Test
    void anotherAttemptIsMadeWhenItIsHeldFor() {
        WalkRig.Watched watched =
                RIG.serve(RIG.target("first;status=500", WalkRig.PATIENT), RIG.target("second", WalkRig.PATIENT));
        watched.refuseAnother(NO_MORE);
        try (Client client = Client.whole(RIG)) {
            client.until("QUOTA");
        }

        assertThat(watched.begun()).isOne();
        assertThat(watched.callEnds()).containsExactly("QUOTA");
    }
}
