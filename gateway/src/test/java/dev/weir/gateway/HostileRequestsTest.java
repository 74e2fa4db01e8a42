package dev.weir.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.weir.streams.mock.MockSettings;
import java.io.IOException;
import java.net.Socket;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Requests that are wrong by accident or on purpose: each gets a clear answer, costs nothing and reaches no upstream. */
class HostileRequestsTest {

    private static final String CHAT = "POST /v1/chat/completions HTTP/1.1\r\nHost: weir\r\n";

    private static House house;
    private static String key;

    @BeforeAll
    static void open() {
        house = House.with(
                MockSettings.forTests(),
                House.model("m", "mock;tokens=3"),
                "\nweir:\n  server: {max_body: 100KB, max_header_bytes: 4KB, max_headers: 40, head_timeout: 500ms, body_timeout: 700ms}\n");
        key = house.key("{\"rpm_limit\":1000}");
    }

    @AfterAll
    static void close() {
        house.close();
    }

    static Stream<Arguments> framings() {
        String auth = "Authorization: Bearer " + "sk-whoever" + "\r\n";
        return Stream.of(
                Arguments.of("two lengths", CHAT + auth + "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello", 400),
                Arguments.of(
                        "the same length twice",
                        CHAT + auth + "Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello",
                        400),
                Arguments.of("a list of lengths", CHAT + auth + "Content-Length: 5, 5\r\n\r\nhello", 400),
                Arguments.of("a signed length", CHAT + auth + "Content-Length: +5\r\n\r\nhello", 400),
                Arguments.of("a negative length", CHAT + auth + "Content-Length: -5\r\n\r\nhello", 400),
                Arguments.of(
                        "a length that overflows",
                        CHAT + auth + "Content-Length: 18446744073709551621\r\n\r\nhello",
                        400),
                Arguments.of("a length with a blank inside", CHAT + auth + "Content-Length: 1 0\r\n\r\nhello", 400),
                Arguments.of("a hexadecimal length", CHAT + auth + "Content-Length: 0x5\r\n\r\nhello", 400),
                Arguments.of("an empty length", CHAT + auth + "Content-Length:\r\n\r\nhello", 400),
                Arguments.of(
                        "length and chunks",
                        CHAT + auth + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                        400),
                Arguments.of(
                        "chunks and length",
                        CHAT + auth + "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
                        400),
                Arguments.of(
                        "chunked twice", CHAT + auth + "Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n", 400),
                Arguments.of("an unknown coding", CHAT + auth + "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", 400),
                Arguments.of(
                        "gzip and chunked", CHAT + auth + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 400),
                Arguments.of(
                        "a tab before chunked", CHAT + auth + "Transfer-Encoding:\u000bchunked\r\n\r\n0\r\n\r\n", 400),
                Arguments.of("a blank before the colon", CHAT + auth + "Content-Length : 5\r\n\r\nhello", 400),
                Arguments.of("a folded header", CHAT + auth + "X-A: b\r\n c\r\nContent-Length: 0\r\n\r\n", 400),
                Arguments.of("a folded first header", "GET / HTTP/1.1\r\n Host: weir\r\n\r\n", 400),
                Arguments.of("a bare line feed", CHAT + auth + "X-A: b\nContent-Length: 0\r\n\r\n", 400),
                Arguments.of("a NUL in a header", CHAT + auth + "X-A: b\u0000c\r\n\r\n", 400),
                Arguments.of("no header name", CHAT + auth + ": b\r\n\r\n", 400),
                Arguments.of("no version", "GET /\r\n\r\n", 400),
                Arguments.of("HTTP/2 in words", "GET / HTTP/2.0\r\n\r\n", 400),
                Arguments.of(
                        "chunks in HTTP/1.0", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
                Arguments.of("rubbish", "\u0016\u0003\u0001\u0000\u00a5 what is this\r\n\r\n", 400),
                Arguments.of("too many headers", "GET / HTTP/1.1\r\nHost: w\r\n" + "A: b\r\n".repeat(41) + "\r\n", 431),
                Arguments.of(
                        "too large a header", "GET / HTTP/1.1\r\nHost: w\r\nA: " + "b".repeat(5_000) + "\r\n\r\n", 431),
                Arguments.of("an endless header", "GET / HTTP/1.1\r\nHost: w\r\nA: " + "b".repeat(9_000), 431),
                Arguments.of("a head that never ends", "GET / HTTP/1.1\r\nHost: w\r\n", 408),
                Arguments.of("no host", "GET /health/liveliness HTTP/1.1\r\n\r\n", 400));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("framings")
    void isRefusedAndTheConnectionCloses(String what, String request, int status) throws IOException {
        long before = house.witness().totals().requests();

        String answer = exchange(request.getBytes(StandardCharsets.ISO_8859_1));

        assertThat(answer).as(what).startsWith("HTTP/1.1 " + status + " ");
        JsonNode error =
                House.json(answer.substring(answer.indexOf("\r\n\r\n") + 4)).path("error");
        assertThat(error.path("code").asText()).isEqualTo(Integer.toString(status));
        assertThat(error.path("message").asText()).isNotEmpty();
        assertThat(house.witness().totals().requests()).isEqualTo(before);
    }

    static Stream<Arguments> chunkings() {
        return Stream.of(
                Arguments.of("a size that is no number", "zz\r\nhello\r\n0\r\n\r\n"),
                Arguments.of("a size that overflows", "ffffffffffffffff1\r\nhello\r\n0\r\n\r\n"),
                Arguments.of("a chunk longer than its size", "3\r\nhello\r\n0\r\n\r\n"),
                Arguments.of("a bare line feed", "5\nhello\r\n0\r\n\r\n"),
                Arguments.of("a negative size", "-5\r\nhello\r\n0\r\n\r\n"));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("chunkings")
    void malformedChunksAreRefused(String what, String body) throws IOException {
        String answer =
                exchange((CHAT + "Authorization: Bearer " + key + "\r\nTransfer-Encoding: chunked\r\n\r\n" + body)
                        .getBytes(StandardCharsets.ISO_8859_1));

        assertThat(answer).as(what).startsWith("HTTP/1.1 400 ");
    }

    /** Everything that comes back until the server closes. */
    private static String exchange(byte[] request) throws IOException {
        try (Socket socket = house.socket()) {
            socket.setSoTimeout(15_000);
            socket.getOutputStream().write(request);
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    @Test
    void aChunkedBodyIsRead() throws IOException {
        String body = House.body("m", false);
        int half = body.length() / 2;
        String chunks = Integer.toHexString(half) + ";ext=1\r\n" + body.substring(0, half) + "\r\n"
                + Integer.toHexString(body.length() - half) + "\r\n" + body.substring(half)
                + "\r\n0\r\nX-Trailer: a\r\n\r\n";

        String answer = exchange((CHAT + "Authorization: Bearer " + key
                        + "\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks)
                .getBytes(StandardCharsets.ISO_8859_1));

        assertThat(answer).startsWith("HTTP/1.1 200 ").contains("t0 t1 t2 ");
    }

    @Test
    void aBodyInChunksOfAByteEachIsRead() throws IOException {
        StringBuilder chunks = new StringBuilder();
        (House.body("m", false) + " ".repeat(5_000))
                .chars()
                .forEach(c -> chunks.append("1\r\n").append((char) c).append("\r\n"));

        String answer = exchange((CHAT + "Authorization: Bearer " + key
                        + "\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks + "0\r\n\r\n")
                .getBytes(StandardCharsets.ISO_8859_1));

        assertThat(answer).startsWith("HTTP/1.1 200 ").contains("t0 t1 t2 ");
    }

    @Test
    void pipelinedRequestsAreAnsweredInOrder() throws IOException {
        byte[] first = House.rawChat(key, House.body("m", false), "x-request-id: first");
        byte[] second = House.rawChat(key, House.body("m", true), "x-request-id: second", "Connection: close");
        byte[] both = new byte[first.length + second.length];
        System.arraycopy(first, 0, both, 0, first.length);
        System.arraycopy(second, 0, both, first.length, second.length);

        String answers = exchange(both);

        assertThat(answers.indexOf("x-request-id: first"))
                .isPositive()
                .isLessThan(answers.indexOf("x-request-id: second"));
        assertThat(answers).contains("[DONE]");
    }

    @Test
    void aBadRequestBehindAGoodOneIsAnsweredAfterIt() throws IOException {
        byte[] good = House.rawChat(key, House.body("m", false));
        String bad = CHAT + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n";
        byte[] both = new byte[good.length + bad.length()];
        System.arraycopy(good, 0, both, 0, good.length);
        System.arraycopy(bad.getBytes(StandardCharsets.US_ASCII), 0, both, good.length, bad.length());

        String answers = exchange(both);

        assertThat(answers).startsWith("HTTP/1.1 200 ");
        assertThat(answers.indexOf("HTTP/1.1 400 ")).isPositive();
    }

    @Test
    void aRequestInSinglesBytesIsRead() throws IOException {
        byte[] request = House.rawChat(key, House.body("m", false), "Connection: close");
        try (Socket socket = house.socket()) {
            socket.setTcpNoDelay(true);
            for (byte b : request) {
                socket.getOutputStream().write(b);
            }
            String answer = new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertThat(answer).startsWith("HTTP/1.1 200 ");
        }
    }

    @Test
    void aBodyBeyondTheLimitIsRefusedBeforeItIsRead() throws IOException {
        String answer = exchange((CHAT + "Authorization: Bearer " + key + "\r\nContent-Length: 200000\r\n\r\n{")
                .getBytes(StandardCharsets.US_ASCII));

        assertThat(answer).startsWith("HTTP/1.1 413 ");
    }

    @Test
    void aChunkedBodyBeyondTheLimitIsRefused() throws IOException {
        String chunk = "8000\r\n" + "a".repeat(0x8000) + "\r\n";
        String answer = exchange((CHAT + "Authorization: Bearer " + key + "\r\nTransfer-Encoding: chunked\r\n\r\n"
                        + chunk.repeat(5) + "0\r\n\r\n")
                .getBytes(StandardCharsets.US_ASCII));

        assertThat(answer).startsWith("HTTP/1.1 413 ");
    }

    @Test
    void aBodyThatDoesNotArriveIsGivenUp() throws IOException {
        String answer = exchange((CHAT + "Authorization: Bearer " + key + "\r\nContent-Length: 1000\r\n\r\n{\"model\":")
                .getBytes(StandardCharsets.US_ASCII));

        assertThat(answer).startsWith("HTTP/1.1 408 ");
    }

    @Test
    void aRequestWithoutAKeyIsRefusedBeforeItsBodyIsRead() throws IOException {
        String answer = exchange((CHAT + "Content-Length: 90000\r\n\r\n{").getBytes(StandardCharsets.US_ASCII));

        assertThat(answer).startsWith("HTTP/1.1 401 ").contains("WWW-Authenticate: Bearer");
    }

    @Test
    void aClientThatWaitsFor100IsToldToGoOn() throws IOException {
        byte[] request = House.rawChat(key, House.body("m", false), "Expect: 100-continue", "Connection: close");
        int head = request.length - House.body("m", false).length();
        try (Socket socket = house.socket()) {
            socket.setSoTimeout(5_000);
            socket.getOutputStream().write(request, 0, head);
            StringBuilder first = new StringBuilder();
            while (first.indexOf("\r\n\r\n") < 0) {
                first.append((char) socket.getInputStream().read());
            }
            socket.getOutputStream().write(request, head, request.length - head);
            String answer = new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);

            assertThat(first).startsWith("HTTP/1.1 100 Continue\r\n");
            assertThat(answer).startsWith("HTTP/1.1 200 OK");
        }
    }

    /** What came before HTTP/1.1 knows no chunks: the end of the connection is the end of the stream. */
    @Test
    void aStreamForHttp10HasNoChunks() throws IOException {
        String request = new String(House.rawChat(key, House.body("m", true)), StandardCharsets.UTF_8)
                .replace("HTTP/1.1\r\n", "HTTP/1.0\r\n");

        String answer = exchange(request.getBytes(StandardCharsets.UTF_8));

        assertThat(answer).startsWith("HTTP/1.1 200 OK").doesNotContain("Transfer-Encoding");
        String body = answer.substring(answer.indexOf("\r\n\r\n") + 4);
        assertThat(body).startsWith("data: {").endsWith("data: [DONE]\n\n");
    }

    static Stream<Arguments> bodies() {
        String deep = "[".repeat(100) + "]".repeat(100);
        return Stream.of(
                Arguments.of("", "empty"),
                Arguments.of("{", "not valid JSON"),
                Arguments.of("[]", "JSON object"),
                Arguments.of("\"text\"", "JSON object"),
                Arguments.of("{}", "'model' is missing"),
                Arguments.of("{\"model\":\"m\"}", "'messages' is missing"),
                Arguments.of("{\"model\":7,\"messages\":[{}]}", "'model' must be a text"),
                Arguments.of("{\"model\":\"\",\"messages\":[{}]}", "'model' must be a non-empty text"),
                Arguments.of("{\"model\":null,\"messages\":[{}]}", "'model' must be a text"),
                Arguments.of("{\"model\":\"m\",\"messages\":\"hi\"}", "'messages' must be an array"),
                Arguments.of("{\"model\":\"m\",\"messages\":[]}", "at least one element"),
                Arguments.of("{\"model\":\"m\",\"messages\":[1]}", "must be an object"),
                Arguments.of("{\"model\":\"m\",\"model\":\"n\",\"messages\":[{}]}", "'model' appears twice"),
                Arguments.of(
                        "{\"model\":\"m\",\"stream\":true,\"messages\":[{}],\"stream\":false}",
                        "'stream' appears twice"),
                Arguments.of("{\"model\":\"m\",\"messages\":[{}],\"messages\":[{}]}", "'messages' appears twice"),
                Arguments.of(
                        "{\"model\":\"m\",\"messages\":[{}],\"stream\":\"yes\"}", "'stream' must be true or false"),
                Arguments.of(
                        "{\"model\":\"m\",\"messages\":[{}],\"max_tokens\":-1}", "'max_tokens' must be a whole number"),
                Arguments.of(
                        "{\"model\":\"m\",\"messages\":[{}],\"max_tokens\":1.5}",
                        "'max_tokens' must be a whole number"),
                Arguments.of(
                        "{\"model\":\"m\",\"messages\":[{}],\"max_tokens\":99999999999999999999}",
                        "'max_tokens' must be"),
                Arguments.of("{\"model\":\"m\",\"messages\":[{}],\"n\":0}", "'n' must be a whole number"),
                Arguments.of("{\"model\":\"m\",\"messages\":[{}],\"x\":" + deep + "}", "too deep"),
                Arguments.of("{\"model\":\"m\",\"messages\":[{}]} {}", "something behind"),
                Arguments.of("{\"model\":\"m\",\"messages\":[{}],}", "not valid JSON"));
    }

    @ParameterizedTest
    @MethodSource("bodies")
    void aBodyThatIsNoRequestIsABadRequest(String body, String says) {
        HttpResponse<String> answer = house.post("/v1/chat/completions", key, body);

        assertThat(answer.statusCode()).isEqualTo(400);
        assertThat(House.json(answer).path("error").path("type").asText()).isEqualTo("invalid_request_error");
        assertThat(House.json(answer).path("error").path("message").asText()).contains(says);
    }

    @Test
    void aBodyInAnotherEncodingIsRefused() throws IOException {
        byte[] body = House.body("m", false).getBytes(StandardCharsets.UTF_16LE);
        byte[] head = (CHAT + "Authorization: Bearer " + key + "\r\nConnection: close\r\nContent-Length: " + body.length
                        + "\r\n\r\n")
                .getBytes(StandardCharsets.US_ASCII);
        byte[] request = new byte[head.length + body.length];
        System.arraycopy(head, 0, request, 0, head.length);
        System.arraycopy(body, 0, request, head.length, body.length);

        assertThat(exchange(request)).startsWith("HTTP/1.1 400 ").contains("UTF-8");
    }

    @Test
    void unknownFieldsRideAlong() {
        String more = ",\"x_vendor\":{\"deep\":[1,2,{\"a\":null}]},\"temperature\":0.20,\"seed\":12345678901234567890";

        house.post("/v1/chat/completions", key, House.body("m", false, more));

        assertThat(house.witness().sightings().getLast().body())
                .isEqualTo(House.body("m", false, more).replace("\"m\"", "\"mock;tokens=3\""));
    }

    @Test
    void nothingOfAllThisWasCharged() {
        String fresh = house.key("{\"rpm_limit\":3}");
        for (String body : new String[] {"", "{", "{\"model\":\"m\"}", "{\"model\":\"nobody\",\"messages\":[{}]}"}) {
            house.post("/v1/chat/completions", fresh, body);
        }

        assertThat(house.limit(fresh, "requests").path("committed").asInt()).isZero();
    }
}
