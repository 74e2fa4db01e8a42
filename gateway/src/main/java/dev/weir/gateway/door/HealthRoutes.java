package dev.weir.gateway.door;

import dev.weir.cluster.meters.NodeView;
import dev.weir.cluster.nodes.MemberView;
import dev.weir.gateway.telemetry.Telemetry;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;
import org.apache.pekko.http.javadsl.model.ContentType;
import org.apache.pekko.http.javadsl.model.ContentTypes;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.util.ByteString;

/** {@code /health}, {@code /health/*} and {@code /metrics}: no key is needed, but for the first at the front door. */
public final class HealthRoutes {

    /**
     * How the node is.
     *
     * @param ready new calls are welcome
     * @param reason why not, or what is degraded; empty when all is well
     * @param degraded the modes that hold, by name
     */
    public record Health(boolean ready, boolean storeConnected, String reason, List<String> degraded) {
        public Health {
            degraded = List.copyOf(degraded);
        }
    }

    private static final ContentType METRICS = ContentTypes.parse("text/plain; version=0.0.4; charset=utf-8");

    private final Supplier<Health> health;
    private final Supplier<CompletionStage<NodeView>> node;
    private final Telemetry telemetry;

    public HealthRoutes(Supplier<Health> health, Supplier<CompletionStage<NodeView>> node, Telemetry telemetry) {
        this.health = health;
        this.node = node;
        this.telemetry = telemetry;
    }

    /** How this node sees itself and the others; addresses of nodes are nobody's business but operators'. */
    public CompletionStage<HttpResponse> whole(Inbound inbound) {
        Health now = health.get();
        return node.get().thenApply(view -> {
            Map<String, Object> answer = new LinkedHashMap<>();
            answer.put("status", !now.ready() ? "unhealthy" : now.degraded().isEmpty() ? "healthy" : "degraded");
            answer.put("ready", now.ready());
            answer.put("db", now.storeConnected() ? "connected" : "disconnected");
            answer.put("node", view.incarnation());
            answer.put("authority", view.mayDecide());
            answer.put("shards", view.shards());
            answer.put("meters", view.meters());
            answer.put(
                    "members", view.members().stream().map(HealthRoutes::member).toList());
            answer.put("degraded", now.degraded());
            if (!now.reason().isEmpty()) {
                answer.put("reason", now.reason());
            }
            return Replies.json(200, answer);
        });
    }

    private static Map<String, Object> member(MemberView member) {
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("address", member.address());
        fields.put("node", member.incarnation());
        fields.put("status", member.status());
        fields.put("reachable", member.reachable());
        fields.put("self", member.self());
        fields.put("version", member.version());
        return fields;
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
