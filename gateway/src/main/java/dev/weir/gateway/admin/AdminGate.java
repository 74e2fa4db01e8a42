package dev.weir.gateway.admin;

import dev.weir.actors.meter.Decision;
import dev.weir.actors.meter.HoldId;
import dev.weir.cluster.meters.Meters;
import dev.weir.config.KeySettings.KeyType;
import dev.weir.config.Secret;
import dev.weir.gateway.door.Inbound;
import dev.weir.gateway.door.PresentedKey;
import dev.weir.gateway.door.Refusal;
import dev.weir.gateway.door.Refusals;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Who may use the admin API: the master key, or a key whose type says so. */
public final class AdminGate {

    /** Who asks. */
    public sealed interface Entry {}

    /** May do everything, or read everything. */
    public record Operator() implements Entry {}

    /** A key that is good but has no such role; it may still ask about itself. */
    public record Holder(String meter) implements Entry {}

    public record Denied(Refusal refusal) implements Entry {}

    private final byte @Nullable [] masterHash;
    private final Meters meters;
    private final Supplier<HoldId> holds;
    private final Refusals refusals;
    private final Duration timeout;

    public AdminGate(
            @Nullable Secret masterKey, Meters meters, Supplier<HoldId> holds, Refusals refusals, Duration timeout) {
        this.masterHash = masterKey == null ? null : bytes(PresentedKey.hash(masterKey.reveal()));
        this.meters = meters;
        this.holds = holds;
        this.refusals = refusals;
        this.timeout = timeout;
    }

    private static byte[] bytes(String hash) {
        return hash.getBytes(StandardCharsets.US_ASCII);
    }

    /** @param writes whether the request changes something */
    public CompletionStage<Entry> enter(Inbound inbound, boolean writes) {
        String hash = PresentedKey.hash(inbound.request());
        if (hash == null) {
            return CompletableFuture.completedFuture(new Denied(Refusal.of(
                    Refusal.Kind.NO_KEY, "Authentication failed: no key. Send it as 'Authorization: Bearer sk-...'.")));
        }
        if (masterHash != null && MessageDigest.isEqual(masterHash, bytes(hash))) {
            return CompletableFuture.completedFuture(new Operator());
        }
        return meters.authenticate(hash, holds.get(), timeout).thenApply(decision -> entry(decision, hash, writes));
    }

    private Entry entry(Decision decision, String hash, boolean writes) {
        return switch (decision) {
            case Decision.Granted granted -> {
                KeyType type = granted.key().keyType();
                yield switch (type) {
                    case MANAGEMENT -> new Operator();
                    case READ_ONLY -> writes ? new Denied(notAllowed()) : new Operator();
                    case LLM_API -> new Denied(notAllowed());
                    case DEFAULT -> new Holder(granted.meter());
                };
            }
            case Decision.Refused refused -> new Denied(refusals.of(refused, hash));
            case Decision.Unavailable unavailable ->
                new Denied(Refusal.of(Refusal.Kind.STORE_DOWN, "The key's meter cannot answer now. Try again.", 1));
        };
    }

    /** What a key without the role is told. */
    public static Refusal notAllowed() {
        return Refusal.of(Refusal.Kind.NOT_ALLOWED, "This route needs the master key, or a key of type management.");
    }
}
