package dev.weir.streams.mock;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What a well-behaved client gets. */
final class MockAnswersTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final HttpClient CLIENT =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
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

    @Test
    void aCallIsAnsweredWithTextAndUsage() throws Exception {
        HttpResponse<String> answer = post(Peer.whole("mock;tokens=3"));

        JsonNode json = JSON.readTree(answer.body());
        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(json.path("object").asText()).isEqualTo("chat.completion");
        assertThat(json.path("model").asText()).isEqualTo("mock;tokens=3");
        assertThat(json.path("id").asText()).matches("chatcmpl-[0-9a-f]{16}");
        assertThat(json.path("created").asLong()).isGreaterThan(1_700_000_000L);
        assertThat(json.at("/choices/0/message/content").asText()).isEqualTo("t0 t1 t2 ");
        assertThat(json.at("/choices/0/finish_reason").asText()).isEqualTo("stop");
        int prompt = Peer.whole("mock;tokens=3").length() / 4;
        assertThat(json.at("/usage/prompt_tokens").asInt()).isEqualTo(prompt);
        assertThat(json.at("/usage/completion_tokens").asInt()).isEqualTo(3);
        assertThat(json.at("/usage/total_tokens").asInt()).isEqualTo(prompt + 3);
    }

    @Test
    void aStreamSaysRoleTokensFinishAndDone() throws Exception {
        List<String> events = events(post(Peer.streamed("mock;tokens=12")).body());

        assertThat(events).hasSize(1 + 12 + 1 + 1);
        assertThat(JSON.readTree(events.getFirst()).at("/choices/0/delta/role").asText())
                .isEqualTo("assistant");
        assertThat(text(events, "content")).isEqualTo(tokens(0, 12));
        assertThat(JSON.readTree(events.get(13)).at("/choices/0/finish_reason").asText())
                .isEqualTo("stop");
        assertThat(events.getLast()).isEqualTo("[DONE]");
    }

    @Test
    void aStreamTellsItsUsageOnlyWhenAsked() throws Exception {
        String unasked = post(Peer.streamed("mock;tokens=4")).body();
        List<String> asked =
                events(post(Peer.streamedWithUsage("mock;tokens=4")).body());

        assertThat(unasked).doesNotContain("usage");
        JsonNode usage = JSON.readTree(asked.get(asked.size() - 2));
        assertThat(usage.path("choices")).isEmpty();
        assertThat(usage.at("/usage/completion_tokens").asInt()).isEqualTo(4);
        assertThat(usage.at("/usage/prompt_tokens").asInt())
                .isEqualTo(Peer.streamedWithUsage("mock;tokens=4").length() / 4);
    }

    @Test
    void usageCanBeOffOrAlwaysOn() throws Exception {
        assertThat(post(Peer.streamed("mock;usage=always")).body()).contains("\"usage\":{");
        assertThat(post(Peer.streamedWithUsage("mock;usage=off")).body()).doesNotContain("\"usage\":{");
        assertThat(post(Peer.whole("mock;usage=off")).body()).doesNotContain("\"usage\":{");
    }

    @Test
    void toolArgumentsComeInFragments() throws Exception {
        List<String> events = events(post(Peer.streamed("mock;tools;tokens=3")).body());

        StringBuilder arguments = new StringBuilder();
        for (String event : events.subList(0, events.size() - 1)) {
            arguments.append(JSON.readTree(event)
                    .at("/choices/0/delta/tool_calls/0/function/arguments")
                    .asText());
        }
        assertThat(JSON.readTree(arguments.toString()).path("text").asText()).isEqualTo("t0 t1 t2 ");
        assertThat(JSON.readTree(events.getFirst())
                        .at("/choices/0/delta/tool_calls/0/function/name")
                        .asText())
                .isEqualTo("lookup");
        assertThat(events.get(events.size() - 2)).contains("\"finish_reason\":\"tool_calls\"");
    }

    @Test
    void aCallCanAnswerWithAToolCall() throws Exception {
        JsonNode message =
                JSON.readTree(post(Peer.whole("mock;tools;tokens=2")).body()).at("/choices/0/message");

        String arguments = message.at("/tool_calls/0/function/arguments").asText();
        assertThat(JSON.readTree(arguments).path("text").asText()).isEqualTo("t0 t1 ");
        assertThat(message.path("content").isNull()).isTrue();
    }

    @Test
    void reasoningComesBeforeText() throws Exception {
        List<String> events =
                events(post(Peer.streamedWithUsage("mock;reasoning;tokens=6")).body());
        JsonNode whole =
                JSON.readTree(post(Peer.whole("mock;reasoning=2;tokens=3")).body());

        assertThat(text(events, "reasoning_content")).isEqualTo(tokens(0, 3));
        assertThat(text(events, "content")).isEqualTo(tokens(3, 6));
        assertThat(JSON.readTree(events.get(events.size() - 2))
                        .at("/usage/completion_tokens_details/reasoning_tokens")
                        .asInt())
                .isEqualTo(3);
        assertThat(whole.at("/choices/0/message/reasoning_content").asText()).isEqualTo("t0 t1 ");
        assertThat(whole.at("/choices/0/message/content").asText()).isEqualTo("t2 ");
    }

    @Test
    void lineEndsCommentsAndByteOrderMarkAreOptions() throws Exception {
        String plain = post(Peer.streamed("mock;tokens=1")).body();
        String dressed = post(Peer.streamed("mock;crlf;comments;bom;tokens=1")).body();

        assertThat(plain).doesNotContain("\r").doesNotContain(": keep-alive");
        assertThat(dressed).startsWith("\uFEFF: keep-alive\r\n\r\ndata: {").endsWith("data: [DONE]\r\n\r\n");
        assertThat(dressed.replace("\r\n", "")).doesNotContain("\n");
    }

    @Test
    void segmentsCutTheBodyIntoChunksOfThatSize() {
        try (Peer peer = Peer.of(mock)) {
            peer.post(Peer.streamed("mock;tokens=2;segments=1"));
            String raw = peer.readUntil("0\r\n\r\n");

            String body = raw.substring(raw.indexOf("\r\n\r\n") + 4);
            assertThat(body).startsWith("1\r\nd\r\n1\r\na\r\n1\r\nt\r\n1\r\na\r\n1\r\n:\r\n");
        }
    }

    @Test
    void anyCutYieldsTheSameBytes() throws Exception {
        String uncut = withoutId(post(Peer.streamedWithUsage("mock;crlf")).body());

        for (int size : new int[] {1, 2, 3, 7, 100, 10_000}) {
            String cut = post(Peer.streamedWithUsage("mock;crlf;segments=" + size))
                    .body()
                    .replace("mock;crlf;segments=" + size, "mock;crlf");
            assertThat(withoutId(cut).replaceAll("\"(prompt|total)_tokens\":\\d+", ""))
                    .isEqualTo(uncut.replaceAll("\"(prompt|total)_tokens\":\\d+", ""));
        }
    }

    @Test
    void aCallCanBeCutToo() throws Exception {
        JsonNode json =
                JSON.readTree(post(Peer.whole("mock;tokens=2;segments=3")).body());

        assertThat(json.at("/choices/0/message/content").asText()).isEqualTo("t0 t1 ");
    }

    @Test
    void latencyDelaysTheFirstByteAndGapTheTokens() throws Exception {
        long begin = System.nanoTime();
        post(Peer.streamed("mock;latency=50ms;gap=5ms;tokens=11"));
        long streamed = System.nanoTime() - begin;
        post(Peer.whole("mock;latency=50ms;gap=5s;tokens=11"));
        long whole = System.nanoTime() - begin - streamed;

        assertThat(streamed).isGreaterThan(100_000_000L);
        assertThat(whole).isBetween(50_000_000L, 4_000_000_000L);
    }

    @Test
    void headersComeWithTheFirstTokenOrEarly() {
        try (Peer late = Peer.of(mock);
                Peer early = Peer.of(mock)) {
            late.post(Peer.streamed("mock;latency=1m"));
            early.post(Peer.streamed("mock;latency=1m;early-headers"));

            assertThat(early.readUntil("\"role\":\"assistant\"")).contains("200 OK");
            assertThat(early.isSilentFor(20)).isTrue();
            assertThat(late.isSilentFor(20)).isTrue();
        }
    }

    @Test
    void slowHeadersComeLate() throws Exception {
        long begin = System.nanoTime();

        post(Peer.whole("mock;slow-headers=40ms;latency=20ms"));

        assertThat(System.nanoTime() - begin).isGreaterThan(60_000_000L);
    }

    @Test
    void eventsCanBePaddedToAnySize() throws Exception {
        List<String> events =
                events(post(Peer.streamed("mock;tokens=2;event-bytes=1MB")).body());

        assertThat(JSON.readTree(events.get(2)).at("/choices/0/delta/content").asText())
                .startsWith("t1 xxx")
                .hasSize(1 << 20);
    }

    @Test
    void aConnectionIsKeptAndTakesPipelinedRequests() {
        try (Peer peer = Peer.of(mock)) {
            String body = Peer.whole("mock;latency=10ms;tokens=1");
            peer.post(body).post(body).send("GET /v1/models HTTP/1.1\r\nHost: mock\r\n\r\n");

            String seen = peer.readUntil("owned_by");
            assertThat(seen.split("chat\\.completion\"", -1)).hasSize(3);
            List<Sighting> served = mock.witness().ofModel("mock;latency=10ms;tokens=1");
            assertThat(served).hasSize(2);
            assertThat(served.get(0).connection()).isEqualTo(served.get(1).connection());
        }
    }

    @Test
    void closeEndsTheConnection() {
        try (Peer peer = Peer.of(mock)) {
            peer.post(Peer.streamed("mock;close")).readToEnd();

            assertThat(peer.seen()).contains("connection: close").endsWith("0\r\n\r\n");
            assertThat(peer.wasReset()).isFalse();
        }
    }

    @Test
    void anUnframedBodyEndsWithTheConnection() {
        try (Peer stream = Peer.of(mock);
                Peer call = Peer.of(mock)) {
            stream.post(Peer.streamed("mock;unframed;tokens=1")).readToEnd();
            call.post(Peer.whole("mock;unframed;tokens=1")).readToEnd();

            assertThat(stream.seen()).doesNotContain("content-length", "transfer-encoding");
            assertThat(stream.seen()).endsWith("data: [DONE]\n\n");
            assertThat(call.seen()).doesNotContain("content-length").endsWith("}");
        }
    }

    @Test
    void anIdleConnectionIsClosedAfterItsTime() {
        try (Peer peer = Peer.of(mock)) {
            peer.post(Peer.whole("mock;keepalive=30ms"));
            peer.readUntil("total_tokens");

            peer.readToEnd();

            assertThat(peer.hasEnded()).isTrue();
            assertThat(peer.wasReset()).isFalse();
        }
    }

    @Test
    void anExpectationIsMet() {
        try (Peer peer = Peer.of(mock)) {
            String body = Peer.whole("mock;tokens=1");
            peer.send("POST /x/chat/completions HTTP/1.1\r\nHost: mock\r\nExpect: 100-continue\r\nContent-Length: "
                    + body.length() + "\r\n\r\n");
            peer.readUntil("100 Continue\r\n\r\n");
            peer.send(body);

            assertThat(peer.readUntil("total_tokens")).contains("200 OK");
        }
    }

    @Test
    void otherRoutesAreAnswered() throws Exception {
        assertThat(get("/v1/models").body()).contains("\"id\":\"mock\"");
        assertThat(get("/v1/other").statusCode()).isEqualTo(404);
        assertThat(get("/v1/chat/completions").statusCode()).isEqualTo(405);
        assertThat(post("{\"model\":\"mock;what=ever\"}").statusCode()).isEqualTo(400);
        assertThat(post("[]").statusCode()).isEqualTo(400);
    }

    @Test
    void aHugeStreamWaitsForItsReader() {
        String model = "mock;bytes=200MB";
        try (Peer peer = Peer.of(mock, 16 * 1024)) {
            peer.post(Peer.streamed(model));
            peer.readUntil("t0 ");
            Sighting before = stalled(model);

            assertThat(before.bytes()).isLessThan(16L << 20);
            assertThat(before.end()).isEqualTo(Sighting.End.OPEN);

            peer.readUntil("t300 ");
            assertThat(mock.witness()
                            .await(seen -> seen.model().equals(model) && seen.bytes() > before.bytes(), PATIENCE)
                            .tokens())
                    .isGreaterThan(before.tokens());
        }
        assertThat(mock.witness().awaitClosed(model, PATIENCE).bytes()).isLessThan(200L << 20);
    }

    /** The sighting once its bytes stand still while the loop of the mock has turned a few times. */
    private static Sighting stalled(String model) {
        for (int looks = 0; looks < 1000; looks++) {
            long before = mock.witness().ofModel(model).getFirst().bytes();
            for (int turn = 0; turn < 20; turn++) {
                get("/v1/models");
            }
            Sighting after = mock.witness().ofModel(model).getFirst();
            if (after.bytes() == before) {
                return after;
            }
        }
        throw new AssertionError("The mock goes on writing to a peer that does not read");
    }

    private static String tokens(int from, int to) {
        return IntStream.range(from, to).mapToObj(k -> "t" + k + " ").reduce("", String::concat);
    }

    private static String text(List<String> events, String field) throws IOException {
        StringBuilder text = new StringBuilder();
        for (String event : events) {
            if (event.startsWith("{")) {
                text.append(JSON.readTree(event).at("/choices/0/delta/" + field).asText());
            }
        }
        return text.toString();
    }

    private static List<String> events(String body) {
        List<String> events = new ArrayList<>();
        Arrays.stream(body.split("\n\n"))
                .filter(event -> event.startsWith("data: "))
                .forEach(event -> events.add(event.substring(6)));
        return events;
    }

    private static String withoutId(String body) {
        return body.replaceAll("chatcmpl-[0-9a-f]{16}", "").replaceAll("\"created\":\\d+", "");
    }

    private static HttpResponse<String> get(String path) {
        return send(HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + mock.port() + path)));
    }

    private static HttpResponse<String> post(String body) {
        return send(HttpRequest.newBuilder(URI.create(mock.baseUrl() + "/chat/completions"))
                .POST(HttpRequest.BodyPublishers.ofString(body)));
    }

    private static HttpResponse<String> send(HttpRequest.Builder request) {
        try {
            return CLIENT.send(request.build(), HttpResponse.BodyHandlers.ofString());
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }
}
