package dev.weir.streams.transport;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpObject;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpRequestDecoder;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.util.ReferenceCountUtil;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Where requests end: sound ones pass untouched however they were cut (but for the cuts of a body in chunks), doubtful
 * ones do not pass at all.
 */
class FramingTest {

    private static final HttpLimits LIMITS = new HttpLimits(4_096, 20, Duration.ofMinutes(1), Duration.ofMinutes(1));

    /** A request as a parser saw it. */
    private record Seen(String target, String body) {}

    @Property(tries = 400)
    void soundRequestsPassUntouchedHoweverTheyWereCut(@ForAll long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        byte[] requests = requests(random);
        List<byte[]> pieces = new ArrayList<>();
        for (int at = 0; at < requests.length; ) {
            int to = Math.min(requests.length, at + 1 + random.nextInt(random.nextInt(1, 80)));
            pieces.add(Arrays.copyOfRange(requests, at, to));
            at = to;
        }

        assertThat(plain(passed(pieces))).isEqualTo(plain(text(requests)));
    }

    @Property(tries = 60)
    void soundRequestsPassUntouchedWhenCutInTwoAnywhere(@ForAll long seed) {
        byte[] requests = requests(new SplittableRandom(seed));

        for (int at = 1; at < requests.length; at++) {
            List<byte[]> halves =
                    List.of(Arrays.copyOf(requests, at), Arrays.copyOfRange(requests, at, requests.length));

            assertThat(plain(passed(halves))).as("cut at %d", at).isEqualTo(plain(text(requests)));
        }
    }

    @Test
    void aBodyInChunksIsCutAnewByWhatIsReadAtOnce() {
        String head = "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n";
        String next = "GET /next HTTP/1.1\r\n\r\n";
        String bytes = "1;a=b\r\nx\r\n".repeat(300);

        List<byte[]> reads = List.of(
                (head + bytes).getBytes(StandardCharsets.US_ASCII),
                (bytes + "2").getBytes(StandardCharsets.US_ASCII),
                ("\r\nyz\r\n0\r\nX-Trailer: t\r\n\r\n" + next).getBytes(StandardCharsets.US_ASCII));

        String x = "12c\r\n" + "x".repeat(300) + "\r\n";
        assertThat(passed(reads)).isEqualTo(head + x + x + "2\r\nyz\r\n0\r\n\r\n" + next);
    }

    @Property(tries = 4000)
    void noDamageLetsAnotherParserSeeOtherRequestsThanTheGuardDid(@ForAll long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        byte[] damaged = damaged(requests(random), random);

        List<Seen> ours = ours(damaged);
        List<Seen> theirs = theirs(passed(List.of(damaged)));

        assertThat(theirs.size()).isLessThanOrEqualTo(ours.size());
        assertThat(theirs).isEqualTo(ours.subList(0, theirs.size()));
    }

    @Property(tries = 1500)
    void noBytesEverThrow(@ForAll byte[] bytes, @ForAll long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        byte[] garbage = Arrays.copyOf(bytes, bytes.length + 4);
        System.arraycopy("\r\n\r\n".getBytes(StandardCharsets.US_ASCII), 0, garbage, bytes.length, 4);

        passed(List.of(garbage));
        passed(List.of(damaged(requests(random), random)));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            ignoreLeadingAndTrailingWhitespace = false,
            value = {
                "POST / HTTP/1.1~Content-Length: 5~Transfer-Encoding: chunked~~|AMBIGUOUS_LENGTH",
                "POST / HTTP/1.1~Content-Length: 5~Content-Length: 5~~|BAD_CONTENT_LENGTH",
                "POST / HTTP/1.1~Content-Length: +5~~|BAD_CONTENT_LENGTH",
                "POST / HTTP/1.1~Content-Length: 5 5~~|BAD_CONTENT_LENGTH",
                "POST / HTTP/1.1~Content-Length: 5,5~~|BAD_CONTENT_LENGTH",
                "POST / HTTP/1.1~Content-Length: 0x5~~|BAD_CONTENT_LENGTH",
                "POST / HTTP/1.1~Content-Length:~~|BAD_CONTENT_LENGTH",
                "POST / HTTP/1.1~Content-Length: 99999999999999999999~~|BAD_CONTENT_LENGTH",
                "POST / HTTP/1.1~Transfer-Encoding: xchunked~~|BAD_TRANSFER_ENCODING",
                "POST / HTTP/1.1~Transfer-Encoding: gzip, chunked~~|BAD_TRANSFER_ENCODING",
                "POST / HTTP/1.1~Transfer-Encoding: chunked~Transfer-Encoding: chunked~~|BAD_TRANSFER_ENCODING",
                "POST / HTTP/1.0~Transfer-Encoding: chunked~~|BAD_TRANSFER_ENCODING",
                "POST / HTTP/1.1~Content-Length : 5~~|BAD_HEADER_NAME",
                "POST / HTTP/1.1~: 5~~|BAD_HEADER_NAME",
                "POST / HTTP/1.1~no colon~~|BAD_HEADER_NAME",
                "POST / HTTP/1.1~A: b~ Content-Length: 5~~|FOLDED_HEADER",
                "POST / HTTP/1.1~ A: b~~|FOLDED_HEADER",
                "POST / HTTP/1.1~A: b^Content-Length: 5~~|BARE_LINE_FEED",
                "A B C~~|BAD_REQUEST_LINE",
                "  ~~|BAD_REQUEST_LINE",
                "GET  / HTTP/1.1~~|BAD_REQUEST_LINE",
                "GET / HTTP/2.0~~|BAD_REQUEST_LINE",
                "GET / HTTP/1.1 ~~|BAD_REQUEST_LINE",
                "GET /~~|BAD_REQUEST_LINE",
                "~~|BAD_REQUEST_LINE"
            })
    void whatTwoParsersCouldReadDifferentlyIsRefused(String head, String violation) {
        byte[] bytes = head.replace("^", "\n").replace("~", "\r\n").getBytes(StandardCharsets.US_ASCII);

        assertThat(passed(List.of(bytes))).startsWith("GET " + FramingGuard.REFUSED_PATH + "?" + violation + " ");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            ignoreLeadingAndTrailingWhitespace = false,
            value = {
                "5x~hello~0~~",
                "-1~~",
                " 5~hello~0~~",
                "5 ~hello~0~~",
                "5~helloX~0~~",
                "ffffffffffffffff~x~",
                "~~",
                "0~A: b~ folded~~"
            })
    void aMalformedChunkIsPassedAsOneThatNoParserTakes(String chunks) {
        String head = "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n";

        String passed = passed(List.of((head + chunks.replace("~", "\r\n")).getBytes(StandardCharsets.US_ASCII)));

        assertThat(passed).startsWith(head).endsWith("X\r\n");
    }

    @Test
    void whatFollowsARefusedRequestIsThrownAway() {
        String bad = "POST / HTTP/1.1\r\nContent-Length: x\r\n\r\n";
        String good = "GET /secret HTTP/1.1\r\nHost: a\r\n\r\n";

        String passed =
                passed(List.of(bad.getBytes(StandardCharsets.US_ASCII), good.getBytes(StandardCharsets.US_ASCII)));

        assertThat(passed).doesNotContain("secret");
    }

    @Test
    void aHeadBeyondTheLimitIsRefusedBeforeItsEnd() {
        String large = "GET / HTTP/1.1\r\nA: " + "x".repeat(5_000);

        assertThat(passed(List.of(large.getBytes(StandardCharsets.US_ASCII)))).contains("?HEAD_TOO_LARGE ");
    }

    @Test
    void tooManyHeadersAreRefused() {
        String many = "GET / HTTP/1.1\r\n" + "A: b\r\n".repeat(21) + "\r\n";

        assertThat(passed(List.of(many.getBytes(StandardCharsets.US_ASCII)))).contains("?TOO_MANY_HEADERS ");
    }

    private static String text(byte[] bytes) {
        return new String(bytes, StandardCharsets.ISO_8859_1);
    }

    private static String passed(List<byte[]> pieces) {
        EmbeddedChannel channel = new EmbeddedChannel();
        channel.pipeline().addLast(new FramingGuard(LIMITS, new ClientConnection(channel, 0)));
        pieces.forEach(piece -> channel.writeInbound(Unpooled.wrappedBuffer(piece)));
        StringBuilder out = new StringBuilder();
        for (ByteBuf each = channel.readInbound(); each != null; each = channel.readInbound()) {
            out.append(each.toString(StandardCharsets.ISO_8859_1));
            each.release();
        }
        channel.finishAndReleaseAll();
        return out.toString();
    }

    /** The requests whose end the framing saw, up to the first violation. */
    private static List<Seen> ours(byte[] bytes) {
        byte[] left = bytes.clone();
        Framing framing = new Framing(20);
        List<Seen> seen = new ArrayList<>();
        int at = 0;
        while (at < left.length) {
            int headEnd = text(left).indexOf("\r\n\r\n", at) + 4;
            if (headEnd < 4 || framing.head(left, at, headEnd) != null) {
                return seen;
            }
            String head = text(Arrays.copyOfRange(left, at, headEnd));
            boolean chunks = framing.inChunks();
            int end = framing.body(left, headEnd, left.length);
            if (end < 0 || !framing.atHead()) {
                return seen;
            }
            int bodyEnd = chunks ? headEnd + framing.gathered() : end;
            seen.add(new Seen(head.split(" ", 3)[1], text(Arrays.copyOfRange(left, headEnd, bodyEnd))));
            at = end;
        }
        return seen;
    }

    /** Sound requests with each body as its data, not by way of what is tested. */
    private static String plain(String requests) {
        StringBuilder plain = new StringBuilder();
        int at = 0;
        while (at < requests.length()) {
            int headEnd = requests.indexOf("\r\n\r\n", at) + 4;
            String head = requests.substring(at, headEnd);
            plain.append(head);
            at = headEnd;
            if (!head.contains("Transfer-Encoding:")) {
                Matcher length = Pattern.compile("(?i)content-length: *(\\d+)").matcher(head);
                int end = at + (length.find() ? Integer.parseInt(length.group(1)) : 0);
                plain.append(requests, at, end);
                at = end;
                continue;
            }
            for (int size = -1; size != 0; ) {
                int lineEnd = requests.indexOf("\r\n", at);
                size = Integer.parseInt(requests.substring(at, lineEnd).split(";", 2)[0], 16);
                plain.append(requests, lineEnd + 2, lineEnd + 2 + size);
                at = size > 0 ? lineEnd + 2 + size + 2 : lineEnd;
            }
            at = requests.indexOf("\r\n\r\n", at) + 4;
        }
        return plain.toString();
    }

    /** What the guard passed, through Netty's decoder, up to the first thing that one refuses. */
    private static List<Seen> theirs(String passed) {
        EmbeddedChannel channel = new EmbeddedChannel(new HttpRequestDecoder());
        channel.writeInbound(Unpooled.copiedBuffer(passed, StandardCharsets.ISO_8859_1));
        List<Seen> seen = new ArrayList<>();
        String target = "";
        StringBuilder body = new StringBuilder();
        for (HttpObject each = channel.readInbound(); each != null; each = channel.readInbound()) {
            boolean failed = each.decoderResult().isFailure();
            if (each instanceof HttpRequest request) {
                target = request.uri();
                body.setLength(0);
            }
            if (each instanceof HttpContent content) {
                body.append(content.content().toString(StandardCharsets.ISO_8859_1));
            }
            boolean last = each instanceof LastHttpContent;
            ReferenceCountUtil.release(each);
            if (failed || target.startsWith(FramingGuard.REFUSED_PATH)) {
                break;
            }
            if (last) {
                seen.add(new Seen(target, body.toString()));
            }
        }
        channel.finishAndReleaseAll();
        return seen;
    }

    private static byte[] requests(SplittableRandom random) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        for (int i = random.nextInt(1, 4); i > 0; i--) {
            all.writeBytes(request(random, i).getBytes(StandardCharsets.ISO_8859_1));
        }
        return all.toByteArray();
    }

    private static String request(SplittableRandom random, int number) {
        String headers = "Host: a\r\n" + "X-Some: \u00e4 b\t \r\n".repeat(random.nextInt(3));
        String path = "/path" + number;
        return switch (random.nextInt(4)) {
            case 0 -> "GET " + path + " HTTP/1." + random.nextInt(2) + "\r\n" + headers + "\r\n";
            case 1 -> "POST " + path + " HTTP/1.1\r\n" + headers + "Content-Length: 0\r\n\r\n";
            case 2 -> {
                String body = body(random);
                yield "POST " + path + " HTTP/1.1\r\ncontent-LENGTH:" + " ".repeat(random.nextInt(3)) + body.length()
                        + "\r\n" + headers + "\r\n" + body;
            }
            default -> {
                StringBuilder chunks = new StringBuilder();
                for (int i = random.nextInt(4); i > 0; i--) {
                    String body = "c" + body(random);
                    chunks.append(Integer.toHexString(body.length()))
                            .append(random.nextBoolean() ? "" : ";ext=\"1\"")
                            .append("\r\n")
                            .append(body)
                            .append("\r\n");
                }
                String trailers = random.nextBoolean() ? "" : "X-Trailer: t\r\n";
                yield "POST " + path + " HTTP/1.1\r\n" + headers + "Transfer-Encoding: Chunked\r\n\r\n" + chunks
                        + "0\r\n" + trailers + "\r\n";
            }
        };
    }

    private static String body(SplittableRandom random) {
        String[] bodies = {"", "x", "GET /inner HTTP/1.1\r\nHost: b\r\n\r\n", "0\r\n\r\n", "\r\n\r\n", "y".repeat(300)};
        return bodies[random.nextInt(bodies.length)];
    }

    private static byte[] damaged(byte[] requests, SplittableRandom random) {
        String[] insertions = {
            "\r\n",
            "\n",
            "\r",
            " ",
            "\t",
            "\u0000",
            ":",
            ",",
            "0",
            "1",
            "a",
            ";",
            "chunked",
            "Content-Length: 3\r\n",
            "Transfer-Encoding: chunked\r\n",
            "Transfer-Encoding:\u000bchunked\r\n",
            "\r\n\r\n",
            "+",
            "-",
            "\u00a0",
            "\u0085"
        };
        String text = text(requests);
        for (int i = random.nextInt(1, 4); i > 0; i--) {
            int at = random.nextInt(3) == 0 ? afterALine(text, random) : random.nextInt(text.length());
            int cut = Math.min(text.length(), at + (random.nextBoolean() ? 0 : random.nextInt(3)));
            text = text.substring(0, at) + insertions[random.nextInt(insertions.length)] + text.substring(cut);
        }
        return text.getBytes(StandardCharsets.ISO_8859_1);
    }

    private static int afterALine(String text, SplittableRandom random) {
        int found = text.indexOf("\r\n", random.nextInt(text.length()));
        return found < 0 ? 0 : found + 2;
    }
}
