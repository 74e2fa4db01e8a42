package dev.weir.streams.transport;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.awaitility.Awaitility;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Who does nothing is let go; who is only slow is not. */
class IdleClientsTest {

    private static final Duration PATIENCE = Duration.ofSeconds(20);
    private static final int LARGE = 24_000_000;
    private static final HttpLimits IMPATIENT =
            new HttpLimits(32_000, 100, Duration.ofMillis(300), Duration.ofMillis(300));

    @ParameterizedTest
    @ValueSource(strings = {"", "GET / HTTP/1.1\r\nHost: a\r\n\r\n", "GET / HTTP/1.1\r\nHost:"})
    void aConnectionOnWhichNothingMovesIsClosed(String sent) throws IOException {
        try (EchoDoor door = new EchoDoor(null, IMPATIENT, true);
                Socket socket = connect(door)) {
            send(socket, sent);

            Awaitility.await().atMost(PATIENCE).until(() -> door.connections() == 0);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"keep-alive", "close"})
    void aClientThatTakesItsAnswerSlowlyGetsAllOfIt(String connection) throws IOException {
        try (EchoDoor door = new EchoDoor(null, IMPATIENT, true);
                Socket socket = connect(door)) {
            send(socket, "GET /bytes/" + LARGE + " HTTP/1.1\r\nHost: a\r\nConnection: " + connection + "\r\n\r\n");
            int[] taken = new int[1];

            Awaitility.await()
                    .atMost(PATIENCE)
                    .pollInterval(Duration.ofMillis(40))
                    .until(() -> {
                        taken[0] += socket.getInputStream().readNBytes(LARGE / 30).length;
                        return taken[0] >= LARGE;
                    });

            assertThat(taken[0]).isGreaterThanOrEqualTo(LARGE);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"keep-alive", "close"})
    void aClientThatTakesNothingIsLetGo(String connection) throws IOException {
        try (EchoDoor door = new EchoDoor(null, IMPATIENT, true);
                Socket socket = connect(door)) {
            send(socket, "GET /bytes/" + LARGE + " HTTP/1.1\r\nHost: a\r\nConnection: " + connection + "\r\n\r\n");

            Awaitility.await().atMost(PATIENCE).until(() -> door.connections() == 0);
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
}
