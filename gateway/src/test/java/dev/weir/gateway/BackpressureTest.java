package dev.weir.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.streams.mock.MockSettings;
import dev.weir.streams.mock.Sighting;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.HexFormat;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

/** A client that stops reading stops the upstream: nothing piles up in between, and nothing is lost when it reads on. */
class BackpressureTest {

    private static final String SCRIPT = "mock;bytes=200MB;usage=off";

    @Test
    void aClientThatStopsReadingStopsTheUpstream() throws Exception {
        try (House house = House.with(MockSettings.forTests(), House.model("huge", SCRIPT))) {
            String key = house.key("{}");
            String direct = digest(direct(house));
            long serial = house.witness().totals().requests();
            try (Socket socket = new Socket()) {
                socket.setReceiveBufferSize(4 * 1024);
                socket.connect(new InetSocketAddress("127.0.0.1", house.weir().port()));
                socket.getOutputStream().write(House.rawChat(key, House.body("huge", true), "Connection: close"));
                InputStream in = new BufferedInputStream(socket.getInputStream(), 4 * 1024);
                skipHead(in);
                long rss = rssKilobytes();

                long sent = settledBytes(house, serial);

                assertThat(sent).as("bytes that the upstream could send").isLessThan(4L * 1024 * 1024);
                assertThat(rssKilobytes() - rss).as("growth of RSS in KB").isLessThan(16 * 1024);

                assertThat(digest(new Chunks(in))).isEqualTo(direct);
            }
        }
    }

    /** The same stream without Weir. Its ids differ from answer to answer, so the tokens' texts are what is compared. */
    private static InputStream direct(House house) throws IOException, InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(URI.create(house.mock().baseUrl() + "/chat/completions"))
                .POST(HttpRequest.BodyPublishers.ofString(House.body(SCRIPT, true)))
                .build();
        return HttpClient.newHttpClient()
                .send(request, HttpResponse.BodyHandlers.ofInputStream())
                .body();
    }

    /** The digest of all lines without the first fields, which name the answer. */
    private static String digest(InputStream in) throws Exception {
        MessageDigest sha = MessageDigest.getInstance("SHA-256");
        try (InputStream lines = new DigestInputStream(new WithoutIds(in), sha)) {
            lines.transferTo(OutputStream.nullOutputStream());
        }
        return HexFormat.of().formatHex(sha.digest());
    }

    private static long settledBytes(House house, long serial) {
        long[] last = {-1};
        Awaitility.await()
                .atMost(House.PATIENCE)
                .pollInterval(Duration.ofMillis(300))
                .until(() -> {
                    Sighting running = house.witness().await(s -> s.serial() > serial, House.PATIENCE);
                    boolean settled = running.bytes() == last[0] && running.bytes() > 0;
                    last[0] = running.bytes();
                    return settled;
                });
        return last[0];
    }

    private static long rssKilobytes() throws IOException {
        for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
            if (line.startsWith("VmRSS:")) {
                return Long.parseLong(line.replaceAll("\\D", ""));
            }
        }
        return 0;
    }

    private static void skipHead(InputStream in) throws IOException {
        StringBuilder head = new StringBuilder();
        while (head.indexOf("\r\n\r\n") < 0) {
            head.append((char) in.read());
        }
        assertThat(head.toString()).startsWith("HTTP/1.1 200");
    }

    /** The body of a chunked answer. */
    private static final class Chunks extends InputStream {

        private final InputStream in;
        private long left;
        private boolean ended;

        Chunks(InputStream in) {
            this.in = in;
        }

        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
        }

        @Override
        public int read(byte[] target, int offset, int length) throws IOException {
            if (left == 0 && !ended) {
                left = Long.parseLong(line(), 16);
                ended = left == 0;
            }
            if (ended) {
                return -1;
            }
            int count = in.read(target, offset, (int) Math.min(length, left));
            left -= count;
            if (left == 0) {
                line();
            }
            return count;
        }

        private String line() throws IOException {
            StringBuilder line = new StringBuilder();
            for (int c = in.read(); c != '\n'; c = in.read()) {
                if (c < 0) {
                    throw new IOException("the answer ends inside its chunks");
                }
                line.append((char) c);
            }
            return line.toString().trim();
        }
    }

    /** Leaves out the quoted value behind {@code "id":} and the number behind {@code "created":} of every line. */
    private static final class WithoutIds extends InputStream {

        private final InputStream in;
        private byte[] line = {};
        private int at;

        WithoutIds(InputStream in) {
            this.in = new BufferedInputStream(in, 256 * 1024);
        }

        @Override
        public int read() throws IOException {
            if (at == line.length && !next()) {
                return -1;
            }
            return line[at++] & 0xff;
        }

        @Override
        public int read(byte[] target, int offset, int length) throws IOException {
            if (at == line.length && !next()) {
                return -1;
            }
            int count = Math.min(length, line.length - at);
            System.arraycopy(line, at, target, offset, count);
            at += count;
            return count;
        }

        private boolean next() throws IOException {
            ByteArrayOutputStream read = new ByteArrayOutputStream(20_000);
            int c = in.read();
            if (c < 0) {
                return false;
            }
            for (; c >= 0; c = in.read()) {
                read.write(c);
                if (c == '\n') {
                    break;
                }
            }
            String text = read.toString(StandardCharsets.ISO_8859_1);
            int choices = text.indexOf("\"choices\"");
            line = (choices < 0 ? text : text.substring(choices)).getBytes(StandardCharsets.ISO_8859_1);
            at = 0;
            return true;
        }
    }
}
