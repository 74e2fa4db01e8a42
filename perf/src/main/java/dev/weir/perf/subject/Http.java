package dev.weir.perf.subject;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.netty.handler.ssl.util.InsecureTrustManagerFactory;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.security.GeneralSecurityException;
import java.time.Duration;
import javax.net.ssl.SSLContext;

/** The bench's own questions to mock and subject, outside of any measured window. */
final class Http {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final HttpClient CLIENT = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(Duration.ofSeconds(2))
            .sslContext(trusting())
            .build();

    private Http() {}

    /** Mock and subjects vouch for themselves. */
    private static SSLContext trusting() {
        try {
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(null, InsecureTrustManagerFactory.INSTANCE.getTrustManagers(), null);
            return context;
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("This JDK has no TLS", e);
        }
    }

    /** The status of a GET, 0 when nobody answers. */
    static int status(URI uri) throws InterruptedException {
        try {
            return send(HttpRequest.newBuilder(uri)).statusCode();
        } catch (IOException e) {
            return 0;
        }
    }

    static String text(URI uri) throws IOException, InterruptedException {
        return send(HttpRequest.newBuilder(uri)).body();
    }

    static JsonNode get(URI uri, String key) throws IOException, InterruptedException {
        return json(send(authorized(uri, key)));
    }

    static JsonNode post(URI uri, String key, String body) throws IOException, InterruptedException {
        return json(send(authorized(uri, key)
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(body))));
    }

    static void delete(URI uri) throws IOException, InterruptedException {
        send(HttpRequest.newBuilder(uri).DELETE());
    }

    private static HttpRequest.Builder authorized(URI uri, String key) {
        HttpRequest.Builder request = HttpRequest.newBuilder(uri);
        return key.isEmpty() ? request : request.header("Authorization", "Bearer " + key);
    }

    private static HttpResponse<String> send(HttpRequest.Builder request) throws IOException, InterruptedException {
        return CLIENT.send(request.timeout(Duration.ofSeconds(30)).build(), HttpResponse.BodyHandlers.ofString());
    }

    private static JsonNode json(HttpResponse<String> answer) throws IOException {
        if (answer.statusCode() != 200) {
            throw new IOException(answer.uri().getPath() + " answers " + answer.statusCode() + ": " + answer.body());
        }
        return JSON.readTree(answer.body());
    }
}
