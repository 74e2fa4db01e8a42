package dev.weir.gateway.chat;

import dev.weir.actors.meter.Decision;
import dev.weir.actors.meter.HoldId;
import dev.weir.cluster.meters.Meters;
import dev.weir.gateway.door.Desk;
import dev.weir.gateway.door.Inbound;
import dev.weir.gateway.door.PresentedKey;
import dev.weir.gateway.door.Refusal;
import dev.weir.gateway.door.Refusals;
import dev.weir.gateway.door.Replies;
import dev.weir.gateway.door.Routes;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import java.util.function.Supplier;
import org.apache.pekko.http.javadsl.model.HttpResponse;

/** {@code GET /v1/models[/{id}]}: what the key may use. */
public final class ModelsRoute {

    private static final String PATH = "/models";

    private final Desk desk;
    private final Meters meters;
    private final Models models;
    private final Refusals refusals;
    private final Supplier<HoldId> holds;
    private final Duration timeout;
    private final long startedSeconds = System.currentTimeMillis() / 1_000;

    public ModelsRoute(
            Desk desk, Meters meters, Models models, Refusals refusals, Supplier<HoldId> holds, Duration timeout) {
        this.desk = desk;
        this.meters = meters;
        this.models = models;
        this.refusals = refusals;
        this.holds = holds;
        this.timeout = timeout;
    }

    public void addTo(Routes.Builder routes) {
        routes.api("GET", PATH, inbound -> authenticated(inbound, granted -> list(granted)))
                .apiBelow("GET", PATH + "/", inbound -> authenticated(inbound, granted -> one(inbound, granted)));
    }

    private CompletionStage<HttpResponse> authenticated(
            Inbound inbound, Function<Decision.Granted, HttpResponse> answer) {
        String hash = PresentedKey.hash(inbound.request());
        if (hash == null) {
            return CompletableFuture.completedFuture(desk.refuse(
                    inbound,
                    Refusal.of(
                            Refusal.Kind.NO_KEY,
                            "Authentication failed: no key. Send it as 'Authorization: Bearer sk-...'.")));
        }
        return meters.authenticate(hash, holds.get(), timeout)
                .thenApplyAsync(
                        decision -> switch (decision) {
                            case Decision.Granted granted -> answer.apply(granted);
                            case Decision.Refused refused -> desk.refuse(inbound, refusals.of(refused, hash));
                            case Decision.Unavailable unavailable ->
                                desk.refuse(
                                        inbound,
                                        Refusal.of(
                                                Refusal.Kind.STORE_DOWN,
                                                "The key's meter cannot answer now. Try again.",
                                                1));
                        },
                        inbound.connection().loop());
    }

    private HttpResponse list(Decision.Granted granted) {
        List<Map<String, Object>> data = models.all().stream()
                .filter(group -> granted.allows(group.name()))
                .map(this::model)
                .toList();
        return Replies.json(200, Map.of("object", "list", "data", data));
    }

    private HttpResponse one(Inbound inbound, Decision.Granted granted) {
        String path = inbound.path();
        String id = path.substring(path.indexOf(PATH) + PATH.length() + 1);
        String name = id.contains("%") ? URLDecoder.decode(id.replace("+", "%2B"), StandardCharsets.UTF_8) : id;
        return models.find(name)
                .filter(group -> granted.allows(group.name()))
                .map(group -> Replies.json(200, model(group)))
                .orElseGet(() -> desk.refuse(
                        inbound,
                        new Refusal(
                                Refusal.Kind.NOT_FOUND,
                                "The model '" + name + "' does not exist here, or this key may not use it.",
                                "model",
                                null,
                                null,
                                null,
                                0)));
    }

    private Map<String, Object> model(Models.Group group) {
        return Map.of("id", group.name(), "object", "model", "created", startedSeconds, "owned_by", "weir");
    }
}
