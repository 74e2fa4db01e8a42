package dev.weir.gateway.admin;

import dev.weir.actors.meter.AdminReply;
import dev.weir.actors.meter.KeyView;
import dev.weir.actors.meter.Standing;
import dev.weir.cluster.ledger.Ledger;
import dev.weir.cluster.meters.Meters;
import dev.weir.config.KeyFields;
import dev.weir.config.KeySettings;
import dev.weir.config.Money;
import dev.weir.config.Problem;
import dev.weir.gateway.door.Inbound;
import dev.weir.gateway.door.PresentedKey;
import dev.weir.gateway.door.Refusal;
import dev.weir.gateway.door.Replies;
import dev.weir.gateway.door.Routes;
import java.security.SecureRandom;
import java.time.Clock;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.jspecify.annotations.Nullable;

/** {@code /key/*}: making, changing, blocking, deleting and reading keys. */
public final class KeyRoutes {

    private static final SecureRandom RANDOM = new SecureRandom();
    private static final int STALE_TRIES = 5;
    private static final String PREFIX = "sk-";

    private final AdminDesk desk;
    private final Meters meters;
    private final Ledger ledger;
    private final Clock clock;

    public KeyRoutes(AdminDesk desk, Meters meters, Ledger ledger, Clock clock) {
        this.desk = desk;
        this.meters = meters;
        this.ledger = ledger;
        this.clock = clock;
    }

    public void addTo(Routes.Builder routes) {
        routes.at("POST", "/key/generate", desk.write(this::generate))
                .at("POST", "/key/update", desk.write(this::update))
                .at("POST", "/key/delete", desk.write(this::delete))
                .at("POST", "/key/block", desk.write((inbound, fields) -> block(inbound, fields, true)))
                .at("POST", "/key/unblock", desk.write((inbound, fields) -> block(inbound, fields, false)))
                .at("GET", "/key/info", desk.readOwn(this::info));
    }

    private CompletionStage<HttpResponse> generate(Inbound inbound, Map<String, Object> fields) {
        Object own = fields.get("key");
        if (own != null && !isKey(own)) {
            return desk.refuse(
                    inbound,
                    Refusal.malformed(
                            "key",
                            "The field 'key' must be a text that begins with sk- and has 8 to 256 plain characters."));
        }
        return switch (KeyFields.parse(fields, clock.instant())) {
            case KeyFields.Invalid invalid -> desk.refuse(inbound, problems(invalid.problems()));
            case KeyFields.Valid valid -> {
                if (valid.settings().metadata().containsKey(DeclaredKeys.MARK)) {
                    yield desk.refuse(inbound, reserved());
                }
                String key = own == null ? made() : (String) own;
                yield meters.create(PresentedKey.hash(key), valid.settings())
                        .thenCompose(reply -> answer(inbound, reply, done -> generated(key, done)));
            }
        };
    }

    private static Refusal reserved() {
        return Refusal.malformed("metadata", "The name '" + DeclaredKeys.MARK + "' in 'metadata' is Weir's own.");
    }

    private static boolean isKey(Object value) {
        return value instanceof String key
                && key.startsWith(PREFIX)
                && key.length() >= 8
                && key.length() <= 256
                && key.chars().allMatch(c -> c > ' ' && c < 0x7f);
    }

    private static String made() {
        byte[] secret = new byte[24];
        RANDOM.nextBytes(secret);
        return PREFIX + Base64.getUrlEncoder().withoutPadding().encodeToString(secret);
    }

    private static Map<String, @Nullable Object> generated(String key, KeyView view) {
        Map<String, @Nullable Object> answer = new LinkedHashMap<>();
        answer.put("key", key);
        answer.put("token", view.id());
        answer.put("key_name", PREFIX + "..." + key.substring(key.length() - 4));
        answer.putAll(KeyFields.render(view.settings()));
        return answer;
    }

    private CompletionStage<HttpResponse> update(Inbound inbound, Map<String, Object> fields) {
        String hash = hash(fields.get("key"));
        return hash == null ? desk.refuse(inbound, noKey()) : update(inbound, hash, fields, STALE_TRIES);
    }

    private CompletionStage<HttpResponse> update(
            Inbound inbound, String hash, Map<String, Object> fields, int triesLeft) {
        return meters.inspect(hash).thenCompose(reply -> {
            if (!(reply instanceof AdminReply.Done found)) {
                return answer(inbound, reply, KeyRoutes::view);
            }
            KeySettings old = found.key().settings();
            return switch (KeyFields.merge(old, fields, clock.instant())) {
                case KeyFields.Invalid invalid -> desk.refuse(inbound, problems(invalid.problems()));
                case KeyFields.Valid valid -> {
                    boolean marked = old.metadata().containsKey(DeclaredKeys.MARK);
                    if (marked != valid.settings().metadata().containsKey(DeclaredKeys.MARK)) {
                        yield desk.refuse(inbound, reserved());
                    }
                    yield meters.update(hash, valid.settings(), found.key().version())
                            .thenCompose(updated -> updated instanceof AdminReply.Stale && triesLeft > 0
                                    ? update(inbound, hash, fields, triesLeft - 1)
                                    : answer(inbound, updated, KeyRoutes::view));
                }
            };
        });
    }

    private CompletionStage<HttpResponse> block(Inbound inbound, Map<String, Object> fields, boolean blocked) {
        String hash = hash(fields.get("key"));
        return hash == null
                ? desk.refuse(inbound, noKey())
                : meters.block(hash, blocked).thenCompose(reply -> answer(inbound, reply, KeyRoutes::view));
    }

    private CompletionStage<HttpResponse> delete(Inbound inbound, Map<String, Object> fields) {
        List<String> hashes = new ArrayList<>();
        if (fields.get("keys") instanceof List<?> keys) {
            for (Object key : keys) {
                String hash = hash(key);
                if (hash == null) {
                    return desk.refuse(inbound, noKey());
                }
                hashes.add(hash);
            }
        }
        if (hashes.isEmpty()) {
            return desk.refuse(
                    inbound,
                    Refusal.malformed("keys", "The field 'keys' must be a non-empty array of keys or their hashes."));
        }
        return delete(inbound, hashes, 0);
    }

    private CompletionStage<HttpResponse> delete(Inbound inbound, List<String> hashes, int index) {
        if (index == hashes.size()) {
            return CompletableFuture.completedFuture(Replies.json(200, Map.of("deleted_keys", hashes)));
        }
        return meters.delete(hashes.get(index))
                .thenCompose(reply -> reply instanceof AdminReply.Done
                        ? delete(inbound, hashes, index + 1)
                        : answer(inbound, reply, KeyRoutes::view));
    }

    private CompletionStage<HttpResponse> info(Inbound inbound, AdminGate.Entry who) {
        String asked = inbound.query("key").orElse(null);
        String hash = asked == null && who instanceof AdminGate.Holder holder ? holder.keyHash() : hash(asked);
        if (hash == null) {
            return desk.refuse(
                    inbound,
                    Refusal.malformed("key", "The query 'key' must be a key that begins with sk-, or a key's hash."));
        }
        if (who instanceof AdminGate.Holder holder && !holder.keyHash().equals(hash)) {
            return desk.refuse(inbound, AdminGate.notAllowed());
        }
        return meters.inspect(hash)
                .thenCompose(reply -> reply instanceof AdminReply.Done done
                        ? desk.blocking(inbound, () -> Replies.json(200, info(done.key(), ledger.spendOf(hash))))
                        : answer(inbound, reply, KeyRoutes::view));
    }

    private static Map<String, Object> info(KeyView view, long ledgerNanoUsd) {
        Map<String, @Nullable Object> info = view(view);
        info.put("spend", new Money(ledgerNanoUsd).toUsd());
        info.put("held", new Money(view.heldNanoUsd()).toUsd());
        info.put("open_holds", view.openHolds());
        info.put("limits", view.standings().stream().map(KeyRoutes::limit).toList());
        return Map.of("key", view.id(), "info", info);
    }

    private static Map<String, @Nullable Object> limit(Standing standing) {
        Map<String, @Nullable Object> limit = new LinkedHashMap<>();
        limit.put("scope", standing.scope().name().toLowerCase(Locale.ROOT));
        limit.put("limit_type", standing.kind().name().toLowerCase(Locale.ROOT));
        limit.put("limit", figure(standing, standing.limit()));
        limit.put("committed", figure(standing, standing.committed()));
        limit.put("held", figure(standing, standing.held()));
        limit.put("remaining", figure(standing, standing.remaining()));
        limit.put("reset", standing.reset() == null ? null : standing.reset().toString());
        return limit;
    }

    private static Object figure(Standing standing, long value) {
        return standing.kind() == Standing.LimitKind.BUDGET ? new Money(value).toUsd() : (Object) value;
    }

    private static Map<String, @Nullable Object> view(KeyView view) {
        Map<String, @Nullable Object> answer = new LinkedHashMap<>();
        answer.put("token", view.id());
        answer.putAll(KeyFields.render(view.settings()));
        return answer;
    }

    private CompletionStage<HttpResponse> answer(
            Inbound inbound, AdminReply reply, Function<KeyView, Map<String, @Nullable Object>> done) {
        return switch (reply) {
            case AdminReply.Done found -> CompletableFuture.completedFuture(Replies.json(200, done.apply(found.key())));
            case AdminReply.AlreadyExists exists ->
                desk.refuse(inbound, Refusal.of(Refusal.Kind.CONFLICT, "This key exists already."));
            case AdminReply.NoSuchKey none ->
                desk.refuse(inbound, Refusal.of(Refusal.Kind.NOT_FOUND, "There is no such key."));
            case AdminReply.AliasTaken taken ->
                desk.refuse(
                        inbound, Refusal.malformed("key_alias", "Another key has the alias '" + taken.alias() + "'."));
            case AdminReply.Stale stale ->
                desk.refuse(
                        inbound,
                        Refusal.of(Refusal.Kind.CONFLICT, "Somebody else is changing this key. Try again.", 1));
            case AdminReply.Unavailable unavailable ->
                desk.refuse(
                        inbound,
                        Refusal.of(
                                Refusal.Kind.STORE_DOWN,
                                "The store did not answer; the change may or may not have happened. Try again.",
                                1));
        };
    }

    private static Refusal problems(List<Problem> problems) {
        String text = problems.stream().map(Problem::toString).collect(Collectors.joining("; "));
        return Refusal.malformed(problems.getFirst().path(), text);
    }

    private static Refusal noKey() {
        return Refusal.malformed("key", "The field 'key' must be a key that begins with sk-, or a key's hash.");
    }

    /** The hash of what may be a key or a hash; null when it is neither. */
    static @Nullable String hash(@Nullable Object keyOrHash) {
        if (isHash(keyOrHash)) {
            return (String) keyOrHash;
        }
        return keyOrHash != null && isKey(keyOrHash) ? PresentedKey.hash((String) keyOrHash) : null;
    }

    private static boolean isHash(@Nullable Object value) {
        return value instanceof String text
                && text.length() == 64
                && text.chars().allMatch(c -> (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'));
    }
}
