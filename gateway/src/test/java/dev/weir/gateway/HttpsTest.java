package dev.weir.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.openai.client.OpenAIClient;
import com.openai.client.okhttp.OpenAIOkHttpClient;
import com.openai.core.http.StreamResponse;
import com.openai.models.chat.completions.ChatCompletionChunk;
import com.openai.models.chat.completions.ChatCompletionCreateParams;
import dev.weir.streams.mock.MockSettings;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.math.BigInteger;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.Date;
import java.util.stream.Collectors;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** HTTPS at the front door. */
class HttpsTest {

    @TempDir
    Path directory = Path.of("");

    private byte[] certificate = {};

    private House house() throws Exception {
        KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
        generator.initialize(256);
        KeyPair pair = generator.generateKeyPair();
        X500Name name = new X500Name("CN=localhost");
        Instant now = Instant.now();
        certificate = new JcaX509v3CertificateBuilder(
                        name,
                        BigInteger.ONE,
                        Date.from(now.minus(Duration.ofHours(1))),
                        Date.from(now.plus(Duration.ofHours(1))),
                        name,
                        pair.getPublic())
                .addExtension(Extension.subjectAlternativeName, false, new GeneralNames(new GeneralName[] {
                    new GeneralName(GeneralName.dNSName, "localhost"),
                    new GeneralName(GeneralName.iPAddress, "127.0.0.1")
                }))
                .build(new JcaContentSignerBuilder("SHA256withECDSA").build(pair.getPrivate()))
                .getEncoded();
        Path cert = pem("cert.pem", "CERTIFICATE", certificate);
        Path key = pem("key.pem", "PRIVATE KEY", pair.getPrivate().getEncoded());
        return House.with(
                MockSettings.forTests(),
                House.model("m", "mock;tokens=6"),
                "\nweir:\n  tls: {certificate: '" + cert + "', key: '" + key
                        + "'}\n  keys: [{key: sk-declared-key}]\n");
    }

    private Path pem(String file, String type, byte[] bytes) throws IOException {
        String text = "-----BEGIN " + type + "-----\n"
                + Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(bytes) + "\n-----END " + type + "-----\n";
        return Files.writeString(directory.resolve(file), text);
    }

    @Test
    void anSdkStreamsOverTls() throws Exception {
        try (House house = house()) {
            KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
            store.load(null, null);
            store.setCertificateEntry(
                    "weir",
                    CertificateFactory.getInstance("X.509").generateCertificate(new ByteArrayInputStream(certificate)));
            TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
            trust.init(store);
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(null, trust.getTrustManagers(), null);
            OpenAIClient client = OpenAIOkHttpClient.builder()
                    .baseUrl("https://127.0.0.1:" + house.weir().port() + "/v1")
                    .apiKey("sk-declared-key")
                    .sslSocketFactory(context.getSocketFactory())
                    .trustManager((X509TrustManager) trust.getTrustManagers()[0])
                    .maxRetries(0)
                    .build();

            try (StreamResponse<ChatCompletionChunk> stream = client.chat()
                    .completions()
                    .createStreaming(ChatCompletionCreateParams.builder()
                            .model("m")
                            .addUserMessage("Hello")
                            .build())) {
                String text = stream.stream()
                        .flatMap(chunk -> chunk.choices().stream())
                        .flatMap(choice -> choice.delta().content().stream())
                        .collect(Collectors.joining());
                assertThat(text).isEqualTo("t0 t1 t2 t3 t4 t5 ");
            }
        }
    }

    @Test
    void aClientThatDoesNotTrustTheCertificateIsNotServed() throws Exception {
        try (House house = house()) {
            OpenAIClient client = OpenAIOkHttpClient.builder()
                    .baseUrl("https://127.0.0.1:" + house.weir().port() + "/v1")
                    .apiKey("sk-declared-key")
                    .maxRetries(0)
                    .build();

            assertThatThrownBy(() -> client.models().list()).hasStackTraceContaining("SSLHandshakeException");
        }
    }

    @Test
    void plainTextIsNotServed() throws Exception {
        try (House house = house();
                Socket socket = house.socket()) {
            socket.setSoTimeout(15_000);
            socket.getOutputStream().write(House.rawChat("sk-declared-key", House.body("m", false)));

            assertThat(new String(socket.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1))
                    .doesNotContain("HTTP/1.1 200");
        }
    }
}
