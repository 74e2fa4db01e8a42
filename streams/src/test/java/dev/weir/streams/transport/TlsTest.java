package dev.weir.streams.transport;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weir.streams.RawServer;
import dev.weir.streams.mock.MockSettings;
import dev.weir.streams.mock.MockUpstream;
import dev.weir.streams.pool.Call;
import dev.weir.streams.pool.Endpoint;
import dev.weir.streams.pool.HostNames;
import dev.weir.streams.pool.PoolSettings;
import dev.weir.streams.pool.UpstreamFailure;
import dev.weir.streams.pool.UpstreamPool;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslProvider;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** TLS towards upstreams and towards clients, with both providers, with and without a proxy. */
class TlsTest {

    private static final Duration PATIENCE = Duration.ofSeconds(15);
    private static final HttpLimits LIMITS =
            new HttpLimits(32_000, 100, Duration.ofSeconds(10), Duration.ofSeconds(60));

    @TempDir
    private static Path folder;

    private static Certificates certificates;
    private static Certificates.Leaf leaf;
    private static Path authority;
    private static EventLoops loops;
    private static HostNames names;

    @BeforeAll
    static void open() {
        certificates = new Certificates(folder);
        authority = certificates.authority();
        leaf = certificates.leaf("localhost");
        loops = EventLoops.start(2);
        names = new HostNames();
    }

    @AfterAll
    static void close() {
        loops.close();
        names.close();
    }

    @ParameterizedTest
    @EnumSource(
            value = SslProvider.class,
            names = {"OPENSSL", "JDK"})
    void anUpstreamWithACertificateOfTheNamedAuthorityIsReached(SslProvider provider) {
        try (MockUpstream mock = secure(leaf);
                UpstreamPool pool = pool("localhost", mock.port(), Tls.client(authority, provider), null)) {
            Call.Outcome first = Call.send(pool, 0, "m", false).outcome();
            Call.Outcome second = Call.send(pool, 0, "m;tokens=2000", true).outcome();

            assertThat(first.status()).as(first.toString()).isEqualTo(200);
            assertThat(second.body()).endsWith("data: [DONE]\n\n");
            assertThat(mock.witness().totals().connections()).isEqualTo(1);
        }
    }

    @ParameterizedTest
    @CsvSource({"unknown authority", "wrong host", "expired"})
    void whoCannotProveWhoHeIsIsUnreachable(String flaw) {
        Certificates.Leaf shown = switch (flaw) {
            case "wrong host" -> certificates.leaf("other.example");
            case "expired" -> certificates.expiredLeaf("localhost");
            default -> leaf;
        };
        Path trusted = flaw.startsWith("unknown") ? null : authority;
        for (SslProvider provider : List.of(SslProvider.OPENSSL, SslProvider.JDK)) {
            try (MockUpstream mock = secure(shown);
                    UpstreamPool pool = pool("localhost", mock.port(), Tls.client(trusted, provider), null)) {
                Call.Outcome outcome = Call.send(pool, 0, "m", false).outcome();

                assertThat(outcome.kind()).isEqualTo(UpstreamFailure.Kind.UNREACHABLE);
                assertThat(mock.witness().totals().requests()).isZero();
                assertThat(pool.inUse()).isZero();
                Awaitility.await().atMost(PATIENCE).until(() -> pool.open() == 0);
            }
        }
    }

    @Test
    void theJdksAuthoritiesAreTrustedBesideTheNamedOne() throws Exception {
        SslContext context = Tls.client(authority, SslProvider.JDK);

        assertThat(context.isClient()).isTrue();
        assertThatThrownBy(() -> Tls.client(leaf.key()))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("weir.upstream.ca: ");
        assertThatThrownBy(() -> Tls.server(leaf.key(), leaf.certificate()))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("weir.tls: ");
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void anUpstreamIsReachedThroughAProxy(boolean tls) {
        List<String> asked = new CopyOnWriteArrayList<>();
        try (MockUpstream mock = tls ? secure(leaf) : MockUpstream.start(MockSettings.forTests());
                RawServer proxy = proxy(asked, mock.port(), "200 Connection established");
                UpstreamPool pool = pool("localhost", mock.port(), tls ? Tls.client(authority) : null, proxy)) {
            Call.Outcome first = Call.send(pool, 0, "m", false).outcome();
            Call.Outcome second = Call.send(pool, 0, "m", true).outcome();

            assertThat(first.status()).as(first.toString()).isEqualTo(200);
            assertThat(second.body()).endsWith("data: [DONE]\n\n");
            assertThat(asked).containsExactly("CONNECT localhost:" + mock.port() + " HTTP/1.1");
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aProxyThatRefusesMakesTheUpstreamUnreachableBeforeAnythingIsSent(boolean tls) {
        List<String> asked = new CopyOnWriteArrayList<>();
        try (RawServer proxy = proxy(asked, 0, "403 Forbidden");
                UpstreamPool pool = pool("upstream.invalid", 443, tls ? Tls.client(authority) : null, proxy)) {
            Call.Outcome outcome = Call.send(pool, 0, "m", false).outcome();

            assertThat(outcome.kind()).isEqualTo(UpstreamFailure.Kind.UNREACHABLE);
            assertThat(asked).hasSize(1);
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void anUpstreamThatNeverFinishesItsHandshakeIsGivenUpInTime(boolean proxied) {
        try (RawServer silent = RawServer.start((socket, number) -> {
                    while (socket.getInputStream().read() >= 0) {
                        // Says nothing.
                    }
                });
                UpstreamPool pool = pool(
                        "localhost",
                        silent.port(),
                        Tls.client(authority),
                        Duration.ofMillis(300),
                        proxied ? silent : null)) {
            assertThat(Call.send(pool, 0, "m", false).outcome().kind()).isEqualTo(UpstreamFailure.Kind.UNREACHABLE);
            Awaitility.await().atMost(PATIENCE).until(() -> pool.open() == 0);
        }
    }

    @ParameterizedTest
    @CsvSource({"OPENSSL, true", "JDK, true", "OPENSSL, false", "JDK, false"})
    void clientsAreServedOverTls(SslProvider provider, boolean epoll) throws Exception {
        try (EchoDoor door = new EchoDoor(Tls.server(leaf.certificate(), leaf.key(), provider), LIMITS, epoll)) {
            for (String protocol : List.of("TLSv1.3", "TLSv1.2")) {
                for (int i = 0; i < 20; i++) {
                    HttpClient client = HttpClient.newBuilder()
                            .version(HttpClient.Version.HTTP_1_1)
                            .sslContext(trusting(protocol))
                            .build();
                    HttpResponse<String> response = client.send(
                            HttpRequest.newBuilder(URI.create("https://localhost:" + door.port() + "/echo"))
                                    .timeout(PATIENCE)
                                    .POST(HttpRequest.BodyPublishers.ofString("x".repeat(100_000)))
                                    .build(),
                            HttpResponse.BodyHandlers.ofString());

                    assertThat(response.body()).hasSize(100_000);
                    client.close();
                }
            }
            Awaitility.await().atMost(PATIENCE).until(() -> door.connections() == 0);
        }
    }

    @Test
    void aRequestThatComesInOneSegmentWithTheHandshakesEndIsServed() throws Exception {
        try (EchoDoor door = new EchoDoor(Tls.server(leaf.certificate(), leaf.key()), LIMITS, true);
                RawServer holding = RawServer.start((socket, number) -> holdSecondFlight(socket, door.port()))) {
            SSLSocket socket =
                    (SSLSocket) trusting("TLSv1.3").getSocketFactory().createSocket();
            socket.connect(new InetSocketAddress("localhost", holding.port()));
            socket.setSoTimeout(10_000);
            try (socket) {
                socket.getOutputStream()
                        .write("GET /echo HTTP/1.1\r\nHost: a\r\n\r\n"
                                .getBytes(java.nio.charset.StandardCharsets.US_ASCII));

                byte[] answer = new byte[8];
                assertThat(socket.getInputStream().readNBytes(answer, 0, 8)).isEqualTo(8);
                assertThat(new String(answer, java.nio.charset.StandardCharsets.US_ASCII))
                        .isEqualTo("HTTP/1.1");
                socket.setSoTimeout(100);
            }
        }
    }

    /** Passes the client's hello at once, and all that it sends behind it in one piece. */
    private static void holdSecondFlight(Socket client, int port) throws IOException, InterruptedException {
        try (Socket door = new Socket("localhost", port)) {
            door.setTcpNoDelay(true);
            byte[] buffer = new byte[64 * 1024];
            int hello = client.getInputStream().read(buffer);
            door.getOutputStream().write(buffer, 0, hello);
            Thread back = Thread.ofVirtual().start(() -> copy(door, client));
            int held = 0;
            client.setSoTimeout(500);
            try {
                while (held < buffer.length) {
                    held += client.getInputStream().read(buffer, held, buffer.length - held);
                }
            } catch (java.net.SocketTimeoutException quiet) {
                door.getOutputStream().write(buffer, 0, held);
            }
            back.join();
        }
    }

    @Test
    void aClientThatNeverFinishesItsHandshakeIsLetGo() throws Exception {
        try (EchoDoor door = new EchoDoor(Tls.server(leaf.certificate(), leaf.key()), LIMITS, true);
                Socket half = new Socket("localhost", door.port());
                Socket garbage = new Socket("localhost", door.port())) {
            garbage.getOutputStream()
                    .write("GET / HTTP/1.1\r\n\r\n".getBytes(java.nio.charset.StandardCharsets.US_ASCII));
            garbage.setSoTimeout(10_000);
            while (garbage.getInputStream().read() >= 0) {
                // An alert, then the end.
            }

            half.getOutputStream().write(new byte[] {0x16, 3, 1});
            half.shutdownOutput();
            half.setSoTimeout(10_000);
            while (half.getInputStream().read() >= 0) {
                // The end.
            }

            Awaitility.await().atMost(PATIENCE).until(() -> door.connections() == 0);
        }
    }

    private static MockUpstream secure(Certificates.Leaf shown) {
        return MockUpstream.start(MockSettings.forTests().withTls(shown.certificate(), shown.key()));
    }

    private static UpstreamPool pool(String host, int port, @Nullable SslContext tls, @Nullable RawServer proxy) {
        return pool(host, port, tls, Duration.ofSeconds(10), proxy);
    }

    private static UpstreamPool pool(
            String host, int port, @Nullable SslContext tls, Duration connectTimeout, @Nullable RawServer proxy) {
        return new UpstreamPool(
                new Endpoint(host, port, tls != null, "/v1"),
                new PoolSettings(
                        2,
                        2,
                        Duration.ofSeconds(5),
                        connectTimeout,
                        Duration.ofSeconds(30),
                        proxy == null ? null : new InetSocketAddress("127.0.0.1", proxy.port())),
                loops,
                tls,
                names);
    }

    private static RawServer proxy(List<String> asked, int port, String status) {
        return RawServer.start((socket, number) -> {
            StringBuilder head = new StringBuilder();
            InputStream in = socket.getInputStream();
            while (head.indexOf("\r\n\r\n") < 0) {
                head.append((char) in.read());
            }
            asked.add(head.substring(0, head.indexOf("\r\n")));
            RawServer.send(socket, "HTTP/1.1 " + status + "\r\n\r\n");
            if (status.startsWith("200")) {
                try (Socket upstream = new Socket("127.0.0.1", port)) {
                    upstream.setTcpNoDelay(true);
                    Thread back = Thread.ofVirtual().start(() -> copy(upstream, socket));
                    copy(socket, upstream);
                    back.join();
                }
            }
        });
    }

    private static void copy(Socket from, Socket to) {
        try {
            byte[] buffer = new byte[16 * 1024];
            for (int read = from.getInputStream().read(buffer);
                    read >= 0;
                    read = from.getInputStream().read(buffer)) {
                to.getOutputStream().write(buffer, 0, read);
            }
            to.shutdownOutput();
        } catch (IOException closed) {
            // One of the two has left; the other one is closed by whoever opened it.
            assertThat(closed).isNotNull();
        }
    }

    private static SSLContext trusting(String protocol) throws Exception {
        KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
        store.load(null, null);
        try (InputStream pem = Files.newInputStream(authority)) {
            store.setCertificateEntry(
                    "ca", CertificateFactory.getInstance("X.509").generateCertificate(pem));
        }
        TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(store);
        SSLContext context = SSLContext.getInstance(protocol);
        context.init(null, trust.getTrustManagers(), null);
        return context;
    }
}
