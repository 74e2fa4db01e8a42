package dev.weir.streams.mock;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.NoSuchElementException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the mock remembers. */
final class WitnessTest {
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    @SuppressWarnings("NullAway.Init")
    private MockUpstream mock;

    @BeforeEach
    void start() {
        mock = MockUpstream.start(MockSettings.forTests());
    }

    @AfterEach
    void stop() {
        mock.close();
    }

    @Test
    void aRequestIsSeenWithItsAttemptHeadersAndBody() {
        String body = Peer.streamedWithUsage("m;tokens=5");
        long before = System.currentTimeMillis();
        try (Peer peer = Peer.of(mock)) {
            peer.post(body, "X-Weir-Attempt: n1-7", "Accept: a", "Accept: b");
            peer.readUntil("[DONE]");
        }

        Sighting seen = mock.witness().awaitEnded("m;tokens=5", PATIENCE);
        assertThat(seen.attempt()).isEqualTo("n1-7");
        assertThat(seen.headers()).containsEntry("accept", "a, b").containsEntry("host", "mock");
        assertThat(seen.body()).isEqualTo(body);
        assertThat(seen.requestBytes()).isEqualTo(body.length());
        assertThat(seen.streamed()).isTrue();
        assertThat(seen.tokens()).isEqualTo(5);
        assertThat(seen.end()).isEqualTo(Sighting.End.COMPLETE);
        assertThat(seen.told()).isEqualTo(new Sighting.Told(body.length() / 4, 5));
        assertThat(seen.arrivedMillis()).isBetween(before, System.currentTimeMillis());
        assertThat(seen.endedNanos()).isGreaterThanOrEqualTo(seen.arrivedNanos());
        assertThat(seen.endedMillis()).isBetween(before, System.currentTimeMillis() + 1);
    }

    @Test
    void theBytesOfABodyAreCountedWithoutTheirFraming() {
        try (Peer peer = Peer.of(mock)) {
            peer.post(Peer.whole("m;tokens=5;close")).readToEnd();
            String answer = peer.seen();

            Sighting seen = mock.witness().awaitEnded("m;tokens=5;close", PATIENCE);
            assertThat(seen.bytes()).isEqualTo(answer.length() - answer.indexOf("\r\n\r\n") - 4);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "m;stall=headers",
                "m;latency=1m",
                "m;latency=1m;early-headers",
                "m;stall-after=3",
                "m;gap=20ms;tokens=10000",
                "m;bytes=1GB"
            })
    void aPeerThatLeavesIsNoticedAtOnce(String model) {
        for (boolean reset : new boolean[] {true, false}) {
            mock.witness().clear();
            Peer peer = Peer.of(mock);
            peer.post(Peer.streamed(model));
            mock.witness().awaitArrived(model, PATIENCE);

            long left = System.nanoTime();
            if (reset) {
                peer.reset();
            } else {
                peer.close();
            }

            Sighting seen = mock.witness().awaitClosed(model, PATIENCE);
            assertThat(seen.endedNanos()).isGreaterThanOrEqualTo(left);
            assertThat(seen.told()).isNull();
            assertThat(mock.witness().totals().open()).isZero();
        }
    }

    @Test
    void aPeerThatLeavesACallIsNoticedToo() {
        Peer peer = Peer.of(mock);
        peer.post(Peer.whole("m;latency=1m"));
        mock.witness().awaitArrived("m;latency=1m", PATIENCE);

        peer.close();

        assertThat(mock.witness().awaitClosed("m;latency=1m", PATIENCE).tokens())
                .isZero();
    }

    @Test
    void sumsCountEverythingAndSightingsTheNewest() {
        mock.close();
        mock = MockUpstream.start(
                MockSettings.forTests().withScript("tokens=2").withKeeping(new MockSettings.Keeping(3, false, false)));
        try (Peer peer = Peer.of(mock)) {
            for (int i = 0; i < 5; i++) {
                peer.post(Peer.whole("m" + i));
                peer.readUntil("total_tokens");
                peer.forget();
            }
        }

        Witness.Totals totals = mock.witness().awaitTotals(sums -> sums.openConnections() == 0, PATIENCE);
        assertThat(totals.requests()).isEqualTo(5);
        assertThat(totals.complete()).isEqualTo(5);
        assertThat(totals.tokens()).isEqualTo(10);
        assertThat(totals.toldCompletionTokens()).isEqualTo(10);
        assertThat(totals.toldPromptTokens()).isEqualTo(5L * (Peer.whole("m0").length() / 4));
        assertThat(totals.connections()).isEqualTo(1);
        assertThat(mock.witness().sightings()).extracting(Sighting::model).containsExactly("m2", "m3", "m4");
        assertThat(mock.witness().sightings()).allSatisfy(seen -> {
            assertThat(seen.headers()).isEmpty();
            assertThat(seen.body()).isEmpty();
        });
    }

    @Test
    void clearingForgetsWhatIsOpenToo() {
        Peer peer = Peer.of(mock);
        peer.post(Peer.whole("m;stall=headers"));
        mock.witness().awaitArrived("m;stall=headers", PATIENCE);

        mock.witness().clear();
        peer.close();

        Witness.Totals totals = mock.witness().awaitTotals(sums -> sums.openConnections() == 0, PATIENCE);
        assertThat(totals.requests()).isZero();
        assertThat(totals.open()).isZero();
        assertThat(totals.closedByPeer()).isZero();
    }

    @Test
    void patienceEndsWithAListOfWhatWasSeen() {
        assertThatThrownBy(() -> mock.witness().awaitArrived("never", Duration.ofMillis(5)))
                .isInstanceOf(NoSuchElementException.class)
                .hasMessageContaining("Not seen within PT0.005S");
    }

    @Test
    void theWitnessSpeaksHttp() {
        try (Peer peer = Peer.of(mock)) {
            for (int i = 1; i <= 2; i++) {
                peer.post(Peer.whole("m" + i), "x-weir-attempt: a" + i);
                peer.readUntil("total_tokens");
                peer.forget();
            }

            peer.send("GET /witness?since=1 HTTP/1.1\r\nHost: mock\r\n\r\n");
            assertThat(peer.readUntil("}\n"))
                    .contains("\"serial\":2,\"attempt\":\"a2\",\"model\":\"m2\"", "\"end\":\"complete\"")
                    .doesNotContain("\"a1\"");
            peer.forget();
            peer.send("GET /witness/totals HTTP/1.1\r\nHost: mock\r\n\r\n");
            assertThat(peer.readUntil("}\n")).contains("\"requests\":2,\"open\":0,\"complete\":2");
            peer.forget();
            peer.send("DELETE /witness HTTP/1.1\r\nHost: mock\r\n\r\n");
            peer.readUntil("HTTP/1.1 204 Mock\r\n");
        }

        assertThat(mock.witness().sightings()).isEmpty();
    }

    @Test
    void closingTheMockClosesItsConnections() {
        Peer peer = Peer.of(mock);
        peer.post(Peer.whole("m;stall=headers"));
        mock.witness().awaitArrived("m;stall=headers", PATIENCE);

        mock.close();

        peer.readToEnd();
        assertThat(peer.hasEnded()).isTrue();
    }
}
