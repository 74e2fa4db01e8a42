package dev.weir.streams.transport;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.channel.embedded.EmbeddedChannel;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.apache.pekko.NotUsed;
import org.apache.pekko.stream.javadsl.Source;
import org.apache.pekko.util.ByteString;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Pieces of a body reach the client as chunks, behind the head and before the end. */
class ChunkWriterTest {

    private static final String ASK = "GET /chunked HTTP/1.1\r\nHost: a\r\n\r\n";
    private static final String LAST_CHUNK = "0\r\n\r\n";
    private static final HttpLimits PATIENT =
            new HttpLimits(32_000, 100, Duration.ofSeconds(10), Duration.ofSeconds(10));

    @Property(tries = 300)
    void aChunkIsItsLengthAndItsPiece(@ForAll @IntRange(min = 1, max = 70_000) int length) {
        byte[] piece = new byte[length];
        piece[0] = 'a';
        piece[length - 1] = 'z';
        EmbeddedChannel channel = new EmbeddedChannel();

        ByteBuf chunk = ChunkWriter.chunk(channel, ByteString.fromArray(piece));

        String written = chunk.toString(StandardCharsets.ISO_8859_1);
        chunk.release();
        assertThat(written)
                .isEqualTo(
                        Integer.toHexString(length) + "\r\n" + new String(piece, StandardCharsets.ISO_8859_1) + "\r\n");
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 1_000})
    void headPiecesAndEndComeInOrderAndTheConnectionIsUsedAgain(int count) throws IOException {
        List<String> pieces =
                IntStream.range(0, count).mapToObj(i -> "piece " + i + ";").toList();
        try (EchoDoor door =
                        new EchoDoor(null, PATIENT, true, Source.from(pieces).map(ByteString::fromString));
                Socket socket = connect(door)) {
            for (int call = 0; call < 3; call++) {
                send(socket, ASK);

                assertThat(head(socket)).startsWith("HTTP/1.1 200").contains("Transfer-Encoding: chunked");
                StringBuilder expected = new StringBuilder();
                pieces.forEach(piece -> expected.append(Integer.toHexString(piece.length()))
                        .append("\r\n")
                        .append(piece)
                        .append("\r\n"));
                expected.append(LAST_CHUNK);
                assertThat(text(socket, expected.length())).isEqualTo(expected.toString());
            }
        }
    }

    @Test
    void anEmptyPieceIsNoEnd() throws IOException {
        List<ByteString> pieces =
                List.of(ByteString.fromString("a"), ByteString.emptyByteString(), ByteString.fromString("b"));
        try (EchoDoor door = new EchoDoor(null, PATIENT, true, Source.from(pieces));
                Socket socket = connect(door)) {
            send(socket, ASK);

            head(socket);
            String expected = "1\r\na\r\n1\r\nb\r\n" + LAST_CHUNK;
            assertThat(text(socket, expected.length())).isEqualTo(expected);
        }
    }

    @Test
    void aClientThatTakesNothingStopsTheBodyAndGetsAllOfItLater() throws Exception {
        int count = 2_000;
        byte[] piece = new byte[16 * 1024];
        int[] pulled = new int[1];
        Source<ByteString, NotUsed> body = Source.range(1, count).map(i -> {
            pulled[0] = i;
            return ByteString.fromArray(piece);
        });
        try (EchoDoor door = new EchoDoor(null, PATIENT, true, body);
                Socket socket = connect(door)) {
            send(socket, ASK);
            head(socket);
            int[] seen = {-1};
            Awaitility.await().pollInterval(Duration.ofMillis(200)).until(() -> {
                boolean stands = seen[0] == pulled[0] && pulled[0] > 0;
                seen[0] = pulled[0];
                return stands;
            });

            assertThat(seen[0]).isLessThan(count / 2);

            long expected = (long) count * (piece.length + "4000\r\n\r\n".length()) + LAST_CHUNK.length();
            assertThat(socket.getInputStream().readNBytes((int) expected)).hasSize((int) expected);
            assertThat(pulled[0]).isEqualTo(count);
        }
    }

    @Test
    void aBodyThatFailsEndsTheConnectionWithoutALastChunk() throws IOException {
        Source<ByteString, NotUsed> body = Source.from(List.of("a", "b", "fail"))
                .map(text -> {
                    if (text.equals("fail")) {
                        throw new IllegalStateException("the body broke");
                    }
                    return ByteString.fromString(text);
                });
        try (EchoDoor door = new EchoDoor(null, PATIENT, true, body);
                Socket socket = connect(door)) {
            send(socket, ASK);

            head(socket);
            assertThat(new String(socket.getInputStream().readAllBytes(), StandardCharsets.US_ASCII))
                    .isEqualTo("1\r\na\r\n1\r\nb\r\n");
        }
    }

    @Test
    void aClientThatLeavesCancelsTheBody() throws Exception {
        CompletableFuture<Boolean> ended = new CompletableFuture<>();
        Source<ByteString, NotUsed> body = Source.single(ByteString.fromString("first"))
                .concat(Source.<ByteString>maybe().mapMaterializedValue(any -> NotUsed.getInstance()))
                .watchTermination((any, done) -> {
                    done.whenComplete((none, failure) -> ended.complete(true));
                    return any;
                });
        try (EchoDoor door = new EchoDoor(null, PATIENT, true, body)) {
            try (Socket socket = connect(door)) {
                send(socket, ASK);
                head(socket);
                text(socket, "5\r\nfirst\r\n".length());
            }

            assertThat(ended.get(10, TimeUnit.SECONDS)).isTrue();
        }
    }

    private static Socket connect(EchoDoor door) throws IOException {
        Socket socket = new Socket();
        socket.setReceiveBufferSize(32 * 1024);
        socket.connect(new InetSocketAddress("localhost", door.port()));
        socket.setSoTimeout(10_000);
        return socket;
    }

    private static void send(Socket socket, String text) throws IOException {
        socket.getOutputStream().write(text.getBytes(StandardCharsets.US_ASCII));
    }

    private static String head(Socket socket) throws IOException {
        InputStream in = socket.getInputStream();
        ByteArrayOutputStream read = new ByteArrayOutputStream();
        while (!read.toString(StandardCharsets.US_ASCII).endsWith("\r\n\r\n")) {
            int next = in.read();
            assertThat(next).as("the head goes on").isGreaterThanOrEqualTo(0);
            read.write(next);
        }
        return read.toString(StandardCharsets.US_ASCII);
    }

    private static String text(Socket socket, int length) throws IOException {
        return new String(socket.getInputStream().readNBytes(length), StandardCharsets.US_ASCII);
    }
}
