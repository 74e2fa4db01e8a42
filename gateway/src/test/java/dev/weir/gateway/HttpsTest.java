package dev.weir.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.openai.client.OpenAIClient;
import com.openai.client.okhttp.OpenAIOkHttpClient;
import com.openai.core.http.StreamResponse;
import com.openai.errors.OpenAIException;
import com.openai.errors.OpenAIIoException;
import com.openai.models.chat.completions.ChatCompletionChunk;
import com.openai.models.chat.completions.ChatCompletionCreateParams;
import dev.weir.streams.mock.MockSettings;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.stream.Collectors;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509TrustManager;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The front door with TLS, and behind it an upstream with TLS of a private authority. */
class HttpsTest {

    private static final String KEY = "sk-https-key";

    @TempDir
    static Path directory = Path.of("");

    private static Certificates certificates;
    private static House house;

    @BeforeAll
    static void open() throws Exception {
        certificates = Certificates.in(directory);
        house = House.with(
                MockSettings.forTests().withTls(certificates.certificate(), certificates.key()),
                House.model("m", "mock;tokens=5"),
                "weir:\n  tls: {certificate: " + certificates.certificate() + ", key: " + certificates.key() + "}\n"
                        + "  upstream: {ca: " + certificates.ca() + "}\n  keys: [{key: " + KEY + "}]\n");
    }

    @AfterAll
    static void close() {
        house.close();
    }

    private static SSLContext context() throws Exception {
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, new TrustManager[] {certificates.trust()}, new SecureRandom());
        return context;
    }

    private static OpenAIOkHttpClient.Builder client() {
        return OpenAIOkHttpClient.builder()
                .baseUrl("https://127.0.0.1:" + house.weir().port() + "/v1")
                .apiKey(KEY)
                .maxRetries(0);
    }

    private static ChatCompletionCreateParams call() {
        return ChatCompletionCreateParams.builder()
                .model("m")
                .addUserMessage("Say something.")
                .build();
    }

    @Test
    void theSdkStreamsOverHttps() throws Exception {
        X509TrustManager trust = certificates.trust();
        OpenAIClient client = client().sslSocketFactory(context().getSocketFactory())
                .trustManager(trust)
                .build();

        try (StreamResponse<ChatCompletionChunk> stream =
                client.chat().completions().createStreaming(call())) {
            assertThat(stream.stream()
                            .flatMap(chunk -> chunk.choices().stream())
                            .flatMap(choice -> choice.delta().content().stream())
                            .collect(Collectors.joining()))
                    .isEqualTo("t0 t1 t2 t3 t4 ");
        }
        assertThat(client.chat().completions().create(call()).choices()).hasSize(1);
    }

    @Test
    void whoDoesNotTrustTheAuthorityGoesAway() {
        assertThatThrownBy(() -> client().build().chat().completions().create(call()))
                .isInstanceOf(OpenAIIoException.class)
                .isInstanceOf(OpenAIException.class)
                .hasStackTraceContaining("PKIX");
    }

    @Test
    void plainTextIsNotAnswered() throws Exception {
        try (java.net.Socket socket = house.socket()) {
            socket.setSoTimeout((int) House.PATIENCE.toMillis());
            socket.getOutputStream().write(House.rawChat(KEY, House.body("m", false)));

            assertThat(new String(socket.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1))
                    .doesNotContain("HTTP/1.1 200");
        } catch (java.net.SocketException reset) {
            assertThat(reset).hasMessageContaining("reset");
        }
    }

    @Test
    void oldProtocolsAreRefused() throws Exception {
        try (SSLSocket socket = (SSLSocket) context()
                .getSocketFactory()
                .createSocket("127.0.0.1", house.weir().port())) {
            socket.startHandshake();

            assertThat(socket.getSession().getProtocol()).isIn("TLSv1.3", "TLSv1.2");
        }
    }

    @Test
    void anUpstreamOfAnUnknownAuthorityIsNotTrusted() throws Exception {
        try (House trusting = House.with(
                MockSettings.forTests().withTls(certificates.certificate(), certificates.key()),
                House.model("m", "mock"))) {
            assertThat(trusting.chat(trusting.key("{}"), "m").statusCode()).isEqualTo(502);
            assertThat(trusting.witness().totals().requests()).isZero();
        }
    }
}
