package dev.weir.streams.mock;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What goes wrong when a model name asks for it. */
final class MockFaultsTest {
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    @SuppressWarnings("NullAway.Init")
    private static MockUpstream mock;

    @BeforeAll
    static void start() {
        mock = MockUpstream.start(MockSettings.forTests());
    }

    @AfterAll
    static void stop() {
        mock.close();
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aStatusIsAnsweredInTheShapeOfAnError(boolean streamed) {
        try (Peer peer = Peer.of(mock)) {
            peer.post(body("m;status=429;retry-after=7;code=slow_down", streamed));

            assertThat(peer.readUntil("}}"))
                    .startsWith("HTTP/1.1 429 ")
                    .contains("retry-after: 7\r\n")
                    .contains("\"type\":\"rate_limit_exceeded\"")
                    .contains("\"code\":\"slow_down\"");
        }
    }

    @Test
    void aServerErrorKeepsTheConnection() {
        try (Peer peer = Peer.of(mock)) {
            peer.post(Peer.whole("m;status=500"));
            assertThat(peer.readUntil("}}")).startsWith("HTTP/1.1 500 ").contains("server_error");

            peer.post(Peer.whole("m"));
            peer.readUntil("total_tokens");
        }
    }

    @Test
    void aRefusedCredentialIsQuoted() {
        try (Peer peer = Peer.of(mock)) {
            peer.post(Peer.whole("m;status=401"), "Authorization: Bearer sk-canary");

            assertThat(peer.readUntil("}}")).contains("Bearer sk-canary");
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aResetComesAfterSoManyTokens(boolean streamed) {
        String model = "m;reset-after=3;gap=1ms;" + streamed;
        try (Peer peer = Peer.of(mock)) {
            peer.post(body("m;reset-after=3;gap=1ms", streamed)).readToEnd();

            assertThat(peer.wasReset()).isTrue();
            assertThat(peer.seen()).as(model).contains("t2 ").doesNotContain("t3 ");
        }
    }

    @Test
    void aResetCanComeInsteadOfAnAnswer() {
        try (Peer peer = Peer.of(mock)) {
            peer.post(Peer.whole("m;reset=headers")).readToEnd();

            assertThat(peer.wasReset()).isTrue();
            assertThat(peer.seen()).isEmpty();
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aStallComesAfterSoManyTokens(boolean streamed) {
        try (Peer peer = Peer.of(mock)) {
            peer.post(body("m;stall-after=2", streamed));

            peer.readUntil("t1 ");
            assertThat(peer.isSilentFor(50)).isTrue();
            assertThat(peer.seen()).doesNotContain("t2 ");
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aStallCanBeTotal(boolean streamed) {
        try (Peer peer = Peer.of(mock)) {
            peer.post(body("m;stall=headers;" + "tokens=1", streamed));

            assertThat(peer.isSilentFor(50)).isTrue();
            assertThat(peer.seen()).isEmpty();
        }
    }

    @Test
    void anEndWithoutMarkerIsCleanAndKeepsTheConnection() {
        try (Peer peer = Peer.of(mock)) {
            peer.post(Peer.streamedWithUsage("m;end-after=2"));

            assertThat(peer.readUntil("\r\n0\r\n\r\n")).contains("t1 ").doesNotContain("t2 ", "DONE", "usage", "stop");
            peer.forget();
            peer.post(Peer.whole("m"));
            peer.readUntil("total_tokens");
        }
    }

    @Test
    void anEndAfterTheLastTokenStillLacksItsMarker() {
        try (Peer peer = Peer.of(mock)) {
            peer.post(Peer.streamed("m;end-after=20;close")).readToEnd();

            assertThat(peer.seen()).contains("t19 ").doesNotContain("DONE").endsWith("0\r\n\r\n");
        }
    }

    @Test
    void aCallThatEndsEarlyIsShorterThanItsLength() {
        try (Peer peer = Peer.of(mock)) {
            peer.post(Peer.whole("m;end-after=2")).readToEnd();

            assertThat(peer.seen()).contains("content-length: ").endsWith("t1 ");
            assertThat(peer.wasReset()).isFalse();
        }
    }

    @Test
    void anEventCanBeMalformedAndTheStreamGoesOn() {
        try (Peer peer = Peer.of(mock)) {
            peer.post(Peer.streamed("m;malformed-at=3"));

            assertThat(peer.readUntil("[DONE]"))
                    .contains("t2 ", "\"choices\":[{\n\n", "t4 ")
                    .doesNotContain("t3 ");
        }
    }

    @Test
    void anAnswerCanHaveTwoLengths() {
        try (Peer peer = Peer.of(mock)) {
            peer.post(Peer.whole("m;fault=two-lengths")).readToEnd();

            assertThat(peer.seen().split("content-length: ", -1)).hasSize(3);
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aChunkCanHaveASizeThatIsNone(boolean streamed) {
        try (Peer peer = Peer.of(mock)) {
            peer.post(body("m;fault=bad-chunk", streamed)).readToEnd();

            assertThat(peer.seen()).contains("transfer-encoding: chunked", "t0 ", "\r\nzz\r\n");
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aBodyCanEndInTheMiddle(boolean streamed) {
        try (Peer peer = Peer.of(mock)) {
            peer.post(body("m;fault=early-eof", streamed)).readToEnd();

            assertThat(peer.wasReset()).isFalse();
            assertThat(peer.seen()).contains("t0 ").doesNotContain("t1 ", "\r\n0\r\n");
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aBodyCanBeCompressedUnasked(boolean streamed) throws Exception {
        HttpResponse<byte[]> answer = post(body("m;fault=gzip", streamed));

        byte[] plain = new GZIPInputStream(new ByteArrayInputStream(answer.body())).readAllBytes();
        assertThat(answer.headers().firstValue("content-encoding")).contains("gzip");
        assertThat(new String(plain, StandardCharsets.UTF_8)).contains("t19 ");
    }

    @Test
    void aContentTypeCanBeAnother() throws Exception {
        HttpResponse<byte[]> answer = post(Peer.streamed("m;fault=content-type=text/html"));

        assertThat(answer.headers().firstValue("content-type")).contains("text/html");
    }

    @Test
    void aFaultCanBeMetOnlySoManyTimes() throws Exception {
        String body = Peer.whole("flaky;status=503;times=2");

        assertThat(post(body).statusCode()).isEqualTo(503);
        assertThat(post(body).statusCode()).isEqualTo(503);
        assertThat(post(body).statusCode()).isEqualTo(200);
    }

    @Test
    void aFaultThatWasDeliveredIsWitnessed() throws Exception {
        post(Peer.whole("witnessed;status=500"));

        Sighting seen = mock.witness().awaitEnded("witnessed;status=500", PATIENCE);
        assertThat(seen.end()).isEqualTo(Sighting.End.FAULTED);
        assertThat(seen.tokens()).isZero();
        assertThat(seen.told()).isNull();
    }

    @ParameterizedTest
    @CsvSource({
        "m;fault=two-lengths, 20",
        "m;fault=bad-chunk, 1",
        "m;fault=early-eof, 1",
        "m;fault=gzip, 20",
        "m;end-after=3, 3",
        "m;reset-after=4, 4",
        "m;malformed-at=2, 20",
        "m;reset=headers, 0"
    })
    void theTokensOfAFaultyStreamAreWitnessed(String model, int tokens) {
        try (Peer peer = Peer.of(mock)) {
            peer.post(Peer.streamed(model + ";close")).readToEnd();
        }

        Sighting seen = mock.witness().awaitEnded(model + ";close", PATIENCE);
        assertThat(seen.end()).isEqualTo(Sighting.End.FAULTED);
        assertThat(seen.tokens()).isEqualTo(tokens);
    }

    private static String body(String model, boolean streamed) {
        return streamed ? Peer.streamed(model) : Peer.whole(model);
    }

    private static HttpResponse<byte[]> post(String body) throws Exception {
        HttpClient client =
                HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
        return client.send(
                HttpRequest.newBuilder(URI.create(mock.baseUrl() + "/chat/completions"))
                        .POST(HttpRequest.BodyPublishers.ofString(body))
                        .build(),
                HttpResponse.BodyHandlers.ofByteArray());
    }
}
