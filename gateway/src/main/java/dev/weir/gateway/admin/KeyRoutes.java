package dev.weir.gateway.admin;

import dev.weir.actors.meter.AdminReply;
import dev.weir.actors.meter.MeterView;
import dev.weir.cluster.ledger.Ledger;
import dev.weir.cluster.meters.Meters;
import dev.weir.config.BudgetPeriod;
import dev.weir.config.KeyFields;
import dev.weir.config.KeySettings;
import dev.weir.config.Money;
import dev.weir.gateway.door.Inbound;
import dev.weir.gateway.door.PresentedKey;
import dev.weir.gateway.door.Refusal;
import dev.weir.gateway.door.Replies;
import dev.weir.gateway.door.Routes;
import java.math.BigDecimal;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.jspecify.annotations.Nullable;

/** {@code /key/*}: making, changing, blocking, deleting and reading keys. */
public final class KeyRoutes {

    private static final SecureRandom RANDOM = new SecureRandom();
    private static final int STALE_TRIES = 5;
    private static final String PREFIX = "sk-";
    private static final double MOST_SPEND = 9e9;

    private final AdminDesk desk;
    private final Meters meters;
    private final Ledger ledger;
    private final Clock clock;
    private final MeterAnswers answers;

    public KeyRoutes(AdminDesk desk, Meters meters, Ledger ledger, Clock clock) {
        this.desk = desk;
        this.meters = meters;
        this.ledger = ledger;
        this.clock = clock;
        this.answers = new MeterAnswers(desk, "key");
    }

    public void addTo(Routes.Builder routes) {
        routes.at("POST", "/key/generate", desk.write(this::generate))
                .at("POST", "/key/update", desk.write(this::update))
                .at("POST", "/key/delete", desk.write(this::delete))
                .at("POST", "/key/block", desk.write((inbound, fields) -> block(inbound, fields, true)))
                .at("POST", "/key/unblock", desk.write((inbound, fields) -> block(inbound, fields, false)))
                .at("POST", "/key/regenerate", desk.write((inbound, fields) -> rotate(inbound, fields, null)))
                .below("POST", "/key/", desk.write(this::ofPath))
                .at("GET", "/key/info", desk.readOwn(this::info));
    }

    /** {@code /key/{key}/regenerate} and {@code /key/{key}/reset_spend}. */
    private CompletionStage<HttpResponse> ofPath(Inbound inbound, Map<String, Object> fields) {
        String[] parts = inbound.path().split("/", -1);
        String action = parts.length == 4 ? parts[3] : "";
        return switch (action) {
            case "regenerate" -> rotate(inbound, fields, parts[2]);
            case "reset_spend" -> resetSpend(inbound, fields, parts[2]);
            default -> desk.refuse(inbound, Refusal.of(Refusal.Kind.NOT_FOUND, "There is no such route."));
        };
    }

    /** The same key under a new secret: its figures stay, and the old one opens it for {@code grace_period} still. */
    private CompletionStage<HttpResponse> rotate(Inbound inbound, Map<String, Object> fields, @Nullable String ofPath) {
        String hash = hash(ofPath == null ? fields.get("key") : ofPath);
        if (hash == null) {
            return desk.refuse(inbound, noKey());
        }
        Object own = fields.get("new_key");
        if (own != null && !isKey(own)) {
            return desk.refuse(inbound, malformedKey("new_key"));
        }
        Duration grace = grace(fields.get("grace_period"));
        if (grace == null) {
            return desk.refuse(
                    inbound,
                    Refusal.malformed(
                            "grace_period",
                            "The field 'grace_period' must be a duration like 0s, 30s, 30m, 24h or 7d."));
        }
        String key = own == null ? made() : (String) own;
        String newHash = PresentedKey.hash(key);
        if (!meters.meterOf(newHash).equals(newHash)) {
            return desk.refuse(inbound, Refusal.of(Refusal.Kind.CONFLICT, "This key exists already."));
        }
        return meters.inspect(newHash).thenCompose(taken -> switch (taken) {
            case AdminReply.NoSuchKey free ->
                meters.rotate(hash, newHash, grace)
                        .thenCompose(reply -> answers.of(inbound, reply, done -> generated(key, newHash, done)));
            case AdminReply.Done exists ->
                desk.refuse(inbound, Refusal.of(Refusal.Kind.CONFLICT, "This key exists already."));
            default -> answers.of(inbound, taken, KeyRoutes::view);
        });
    }

    private static @Nullable Duration grace(@Nullable Object value) {
        if (value == null) {
            return Duration.ZERO;
        }
        String text = String.valueOf(value).strip();
        if (text.equals("0") || text.equals("0s")) {
            return Duration.ZERO;
        }
        try {
            return BudgetPeriod.parse(text).length();
        } catch (IllegalArgumentException malformed) {
            return null;
        }
    }

    /** The key's budgets begin anew, with {@code reset_to} dollars of each gone; what it has spent stays in the ledger. */
    private CompletionStage<HttpResponse> resetSpend(Inbound inbound, Map<String, Object> fields, String ofPath) {
        String hash = hash(ofPath);
        if (hash == null) {
            return desk.refuse(inbound, noKey());
        }
        Object to = fields.getOrDefault("reset_to", 0);
        if (!(to instanceof Number number) || number.doubleValue() < 0 || number.doubleValue() > MOST_SPEND) {
            return desk.refuse(
                    inbound, Refusal.malformed("reset_to", "The field 'reset_to' must be a number of dollars >= 0."));
        }
        Money used = Money.ofUsd(new BigDecimal(number.toString()));
        return meters.resetSpend(hash, used).thenCompose(reply -> answers.of(inbound, reply, KeyRoutes::view));
    }

    private CompletionStage<HttpResponse> generate(Inbound inbound, Map<String, Object> fields) {
        Object own = fields.get("key");
        if (own != null && !isKey(own)) {
            return desk.refuse(inbound, malformedKey("key"));
        }
        return switch (KeyFields.parse(fields, clock.instant())) {
            case KeyFields.Invalid invalid -> desk.refuse(inbound, MeterAnswers.problems(invalid.problems()));
            case KeyFields.Valid valid -> {
                if (valid.settings().metadata().containsKey(DeclaredKeys.MARK)) {
                    yield desk.refuse(inbound, reserved());
                }
                String key = own == null ? made() : (String) own;
                yield meters.create(PresentedKey.hash(key), valid.settings())
                        .thenCompose(reply -> answers.of(inbound, reply, done -> generated(key, done.id(), done)));
            }
        };
    }

    private static Refusal malformedKey(String field) {
        return Refusal.malformed(
                field,
                "The field '" + field + "' must be a text that begins with sk- and has 8 to 256 plain characters.");
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

    private static Map<String, @Nullable Object> generated(String key, String hash, MeterView view) {
        Map<String, @Nullable Object> answer = new LinkedHashMap<>();
        answer.put("key", key);
        answer.put("token", hash);
        answer.put("key_name", PREFIX + "..." + key.substring(key.length() - 4));
        answer.putAll(KeyFields.render((KeySettings) view.settings()));
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
                return answers.of(inbound, reply, KeyRoutes::view);
            }
            KeySettings old = (KeySettings) found.meter().settings();
            return switch (KeyFields.merge(old, fields, clock.instant())) {
                case KeyFields.Invalid invalid -> desk.refuse(inbound, MeterAnswers.problems(invalid.problems()));
                case KeyFields.Valid valid -> {
                    boolean marked = old.metadata().containsKey(DeclaredKeys.MARK);
                    if (marked != valid.settings().metadata().containsKey(DeclaredKeys.MARK)) {
                        yield desk.refuse(inbound, reserved());
                    }
                    yield meters.update(hash, valid.settings(), found.meter().version())
                            .thenCompose(updated -> updated instanceof AdminReply.Stale && triesLeft > 0
                                    ? update(inbound, hash, fields, triesLeft - 1)
                                    : answers.of(inbound, updated, KeyRoutes::view));
                }
            };
        });
    }

    private CompletionStage<HttpResponse> block(Inbound inbound, Map<String, Object> fields, boolean blocked) {
        String hash = hash(fields.get("key"));
        return hash == null
                ? desk.refuse(inbound, noKey())
                : meters.block(hash, blocked).thenCompose(reply -> answers.of(inbound, reply, KeyRoutes::view));
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
                        : answers.of(inbound, reply, KeyRoutes::view));
    }

    private CompletionStage<HttpResponse> info(Inbound inbound, AdminGate.Entry who) {
        String asked = inbound.query("key").orElse(null);
        String hash = asked == null && who instanceof AdminGate.Holder holder ? holder.meter() : hash(asked);
        if (hash == null) {
            return desk.refuse(
                    inbound,
                    Refusal.malformed("key", "The query 'key' must be a key that begins with sk-, or a key's hash."));
        }
        if (who instanceof AdminGate.Holder holder && !holder.meter().equals(meters.meterOf(hash))) {
            return desk.refuse(inbound, AdminGate.notAllowed());
        }
        return meters.inspect(hash)
                .thenCompose(reply -> reply instanceof AdminReply.Done done
                        ? desk.blocking(
                                inbound,
                                () -> Replies.json(
                                        200,
                                        info(
                                                done.meter(),
                                                ledger.spendOf(done.meter().id()))))
                        : answers.of(inbound, reply, KeyRoutes::view));
    }

    private static Map<String, Object> info(MeterView view, long ledgerNanoUsd) {
        Map<String, @Nullable Object> info = view(view);
        MeterAnswers.spend(info, view.settings(), ledgerNanoUsd);
        info.put("held", new Money(view.heldNanoUsd()).toUsd());
        info.put("open_holds", view.openHolds());
        info.put("limits", MeterAnswers.limits(view.standings()));
        return Map.of("key", view.id(), "info", info);
    }

    private static Map<String, @Nullable Object> view(MeterView view) {
        Map<String, @Nullable Object> answer = new LinkedHashMap<>();
        answer.put("token", view.id());
        answer.putAll(KeyFields.render((KeySettings) view.settings()));
        return answer;
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
