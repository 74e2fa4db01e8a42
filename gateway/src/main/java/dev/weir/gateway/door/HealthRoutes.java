package dev.weir.gateway.door;

import dev.weir.gateway.telemetry.Telemetry;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;
import org.apache.pekko.http.javadsl.model.ContentType;
import org.apache.pekko.http.javadsl.model.ContentTypes;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.util.ByteString;

/** {@code /health/*} and {@code /metrics}: no key is needed. */
public final class HealthRoutes {

    /**
     * How the node is.
     *
     * @param ready new calls are welcome
     * @param reason why not, or what is degraded; empty when all is well
     */
    public record Health(boolean ready, boolean storeConnected, String reason) {}

    private static final ContentType METRICS = ContentTypes.parse("text/plain; version=0.0.4; charset=utf-8");

    private final Supplier<Health> health;
    private final Telemetry telemetry;

    public HealthRoutes(Supplier<Health> health, Telemetry telemetry) {
        this.health = health;
        this.telemetry = telemetry;
    }

    public void addHealth(Routes.Builder routes) {
        routes.at("GET", "/health/liveliness", inbound -> alive())
                .at("GET", "/health/liveness", inbound -> alive())
                .at("GET", "/health/readiness", inbound -> readiness());
    }

    public void addMetrics(Routes.Builder routes) {
        routes.at(
                "GET",
                "/metrics",
                inbound -> done(Replies.bytes(
                        200,
                        METRICS,
                        ByteString.fromArrayUnsafe(telemetry.scrape().getBytes(StandardCharsets.UTF_8)))));
    }

    private static CompletionStage<HttpResponse> alive() {
        return done(Replies.bytes(200, ContentTypes.APPLICATION_JSON, ByteString.fromString("\"I'm alive!\"")));
    }

    private CompletionStage<HttpResponse> readiness() {
        Health now = health.get();
        Map<String, Object> answer = new LinkedHashMap<>();
        answer.put("status", now.ready() ? "healthy" : "unhealthy");
        answer.put("db", now.storeConnected() ? "connected" : "disconnected");
        if (!now.reason().isEmpty()) {
            answer.put("reason", now.reason());
        }
        return done(Replies.json(now.ready() ? 200 : 503, answer));
    }

    private static CompletionStage<HttpResponse> done(HttpResponse response) {
        return CompletableFuture.completedFuture(response);
    }
}
