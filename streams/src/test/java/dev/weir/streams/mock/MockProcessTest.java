package dev.weir.streams.mock;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.math.BigInteger;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Base64;
import java.util.Date;
import java.util.List;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The mock as a process, and behind TLS. */
final class MockProcessTest {

    @Test
    void theProcessPrintsItsPortServesAndEndsOnSigterm() throws Exception {
        Process process = new ProcessBuilder(List.of(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "--enable-native-access=ALL-UNNAMED",
                        "-cp",
                        System.getProperty("java.class.path"),
                        MockMain.class.getName(),
                        "--latency",
                        "5ms",
                        "--tokens",
                        "3"))
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        try (BufferedReader out =
                new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
            int port = Integer.parseInt(out.readLine());

            HttpResponse<String> answer = post(HttpClient.newHttpClient(), "http://127.0.0.1:" + port + "/v1");

            assertThat(answer.body()).contains("\"content\":\"t0 t1 t2 \"");
        } finally {
            process.destroy();
        }
        assertThat(process.waitFor(10, TimeUnit.SECONDS)).isTrue();
    }

    @Test
    void itSpeaksTlsWithACertificateOfItsOwn(@TempDir Path dir) throws Exception {
        KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
        KeyPair pair = generator.generateKeyPair();
        X509Certificate certificate = certificate(pair);
        Path certificateFile = pem(dir.resolve("cert.pem"), "CERTIFICATE", certificate.getEncoded());
        Path keyFile =
                pem(dir.resolve("key.pem"), "PRIVATE KEY", pair.getPrivate().getEncoded());

        try (MockUpstream mock = MockUpstream.start(MockSettings.forTests().withTls(certificateFile, keyFile))) {
            HttpResponse<String> answer = post(
                    HttpClient.newBuilder().sslContext(trusting(certificate)).build(), mock.baseUrl());

            assertThat(mock.baseUrl()).startsWith("https://");
            assertThat(answer.body()).contains("\"content\":\"t0 ");
        }
    }

    private static HttpResponse<String> post(HttpClient client, String baseUrl) throws Exception {
        return client.send(
                HttpRequest.newBuilder(URI.create(baseUrl + "/chat/completions"))
                        .version(HttpClient.Version.HTTP_1_1)
                        .POST(HttpRequest.BodyPublishers.ofString(Peer.whole("mock")))
                        .build(),
                HttpResponse.BodyHandlers.ofString());
    }

    private static SSLContext trusting(X509Certificate certificate) throws Exception {
        KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
        store.load(null, null);
        store.setCertificateEntry("mock", certificate);
        TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(store);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, trust.getTrustManagers(), null);
        return context;
    }

    @SuppressWarnings("JavaUtilDate") // the builder's interface
    private static X509Certificate certificate(KeyPair pair) throws Exception {
        X500Name name = new X500Name("CN=mock");
        Instant now = Instant.now();
        return new JcaX509CertificateConverter()
                .getCertificate(new JcaX509v3CertificateBuilder(
                                name,
                                BigInteger.ONE,
                                Date.from(now.minus(1, ChronoUnit.DAYS)),
                                Date.from(now.plus(1, ChronoUnit.DAYS)),
                                name,
                                pair.getPublic())
                        .addExtension(
                                Extension.subjectAlternativeName,
                                false,
                                new GeneralNames(new GeneralName(GeneralName.iPAddress, "127.0.0.1")))
                        .build(new JcaContentSignerBuilder("SHA256withECDSA").build(pair.getPrivate())));
    }

    private static Path pem(Path file, String type, byte[] der) throws Exception {
        String text = Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(der);
        return Files.writeString(file, "-----BEGIN " + type + "-----\n" + text + "\n-----END " + type + "-----\n");
    }
}
