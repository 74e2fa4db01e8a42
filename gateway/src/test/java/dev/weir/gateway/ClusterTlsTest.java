package dev.weir.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Nodes that speak TLS among themselves, go by a name, and are looked after over TLS. */
final class ClusterTlsTest {

    @TempDir
    Path directory = Path.of("");

    private WeirProcess serve(Path config, int node, int port, int seed) {
        return WeirProcess.serve(
                config,
                directory.resolve("data" + node),
                "--cluster-host",
                "127.0.0.1",
                "--cluster-port",
                Integer.toString(port),
                "--seed",
                "localhost:" + seed);
    }

    private static int freePort() throws IOException {
        try (ServerSocket free = new ServerSocket(0)) {
            return free.getLocalPort();
        }
    }

    private Path config(Certificates pem) throws IOException {
        String files = "certificate: " + pem.certificate() + ", key: " + pem.key();
        return Files.writeString(
                directory.resolve("config.yaml"),
                "model_list:\n" + House.model("m", "mock").replace("${MOCK}", "http://127.0.0.1:1/v1")
                        + "general_settings:\n  master_key: " + House.MASTER + "\n  database_url: "
                        + TestDatabase.newUrl() + "\nweir:\n  access_log: {target: \"off\"}\n"
                        + "  cluster: {advertise: localhost, tls: {" + files + ", ca: " + pem.ca() + "}}\n"
                        + "  management: {port: 0, host: localhost, tls: {" + files + "}}\n"
                        + "  shutdown: {notice: \"off\"}\n");
    }

    /** Pekko reads no other, and would try to connect for ever. */
    @Test
    void anotherKeyThanRsaIsRefusedAtTheStart() throws Exception {
        Certificates pem = Certificates.in(directory);

        try (WeirProcess weir = WeirProcess.run(
                "serve",
                "--config",
                config(pem).toString(),
                "--data",
                directory.resolve("data").toString())) {
            assertThat(weir.exitCode()).isEqualTo(1);
            assertThat(weir.err()).contains("weir.cluster.tls.key: " + pem.key() + " is no RSA key (expected: ");
        }
    }

    @Test
    void everybodyShowsACertificate() throws Exception {
        Certificates pem = Certificates.ofRsa(directory);
        Path config = config(pem);
        SSLContext stranger = SSLContext.getInstance("TLS");
        stranger.init(null, new TrustManager[] {pem.trust()}, null);
        int port = freePort();

        try (WeirProcess first = serve(config, 1, port, port);
                WeirProcess second = serve(config, 2, freePort(), port)) {
            Awaitility.await()
                    .atMost(Duration.ofSeconds(40))
                    .until(() -> health(stranger, second).path("members").size() == 2);

            assertThat(health(stranger, second).path("members")).allSatisfy(member -> {
                assertThat(member.path("address").asText()).startsWith("localhost:");
                assertThat(member.path("reachable").asBoolean()).isTrue();
            });
            assertThatThrownBy(() -> talkWithoutACertificate(stranger, port))
                    .as("TLS is spoken, and who has no certificate is turned away")
                    .hasMessageContaining("fatal alert");
            assertThat(second.stop()).isZero();
            assertThat(first.stop()).isZero();
        }
    }

    private static JsonNode health(SSLContext trusting, WeirProcess node) throws IOException, InterruptedException {
        try (HttpClient client = HttpClient.newBuilder().sslContext(trusting).build()) {
            HttpRequest request = HttpRequest.newBuilder(
                            URI.create("https://localhost:" + node.managementPort() + "/health"))
                    .timeout(Duration.ofSeconds(5))
                    .build();
            return Visitor.json(client.send(request, HttpResponse.BodyHandlers.ofString()));
        }
    }

    private static void talkWithoutACertificate(SSLContext trusting, int port) throws IOException {
        try (SSLSocket socket =
                (SSLSocket) trusting.getSocketFactory().createSocket(InetAddress.getLoopbackAddress(), port)) {
            socket.startHandshake(); // which may end before the server has looked for a certificate
            socket.getOutputStream().write(1);
            socket.getInputStream().read();
        }
    }
}
