package dev.weir.cluster.meters;

import dev.weir.actors.meter.AdminReply;
import dev.weir.actors.meter.Decision;
import dev.weir.actors.meter.HoldId;
import dev.weir.actors.meter.Meter;
import dev.weir.actors.meter.MeterState;
import dev.weir.actors.meter.MeterStore;
import dev.weir.actors.meter.Need;
import dev.weir.config.KeySettings;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import org.apache.pekko.Done;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.cluster.sharding.typed.javadsl.EntityRef;
import org.apache.pekko.cluster.sharding.typed.javadsl.EntityTypeKey;
import org.jspecify.annotations.Nullable;

/**
 * Every key's meter, wherever it lives. A key is addressed by the SHA-256 of its secret, in hex. All methods may be
 * called from any thread, return at once, and never fail: what goes wrong is an answer.
 */
public final class Meters {

    static final EntityTypeKey<Meter.Command> TYPE = EntityTypeKey.create(Meter.Command.class, "meter");

    /** A key as the list of keys shows it; its figures are asked for with {@link #inspect}. */
    public record Listed(String keyHash, KeySettings settings, long version) {}

    private final Function<String, EntityRef<Meter.Command>> refs;
    private final MeterStore store;
    private final InstantSource clock;
    private final NodeSettings.Bounds bounds;
    private final Correspondence correspondence;

    /** @param refs where the meter of a key is reached */
    Meters(
            ActorSystem<?> system,
            Function<String, EntityRef<Meter.Command>> refs,
            MeterStore store,
            InstantSource clock,
            NodeSettings.Bounds bounds) {
        this.refs = refs;
        this.store = store;
        this.clock = clock;
        this.bounds = bounds;
        this.correspondence = new Correspondence(system, refs, bounds.settleTimeout(), bounds.meterDispatcher());
    }

    /**
     * Admits a call, or says why not. A grant that comes after {@code timeout} is given back by itself.
     *
     * @param hold from {@link Node#nextHold}; a new one for every call
     * @param model the public name; empty where nobody serves it
     */
    public CompletionStage<Decision> reserve(String keyHash, HoldId hold, String model, Need need, Duration timeout) {
        if (correspondence.unsettled() >= bounds.mostUnsettled()) {
            return CompletableFuture.completedFuture(new Decision.Unavailable("too many calls are not settled yet"));
        }
        long notAfter = clock.millis() + timeout.toMillis();
        return correspondence.reserve(keyHash, hold, model, need, notAfter, timeout);
    }

    /**
     * Ends a call's hold. Repeated until the meter acknowledges it, however long that takes; it counts once.
     *
     * @param epoch of the grant
     * @param held what the call asked for
     * @param used the sum over its attempts; ignored unless one {@code began}
     */
    public CompletionStage<Done> settle(String keyHash, HoldId hold, long epoch, Need held, Need used, boolean began) {
        return correspondence.settle(keyHash, hold, epoch, held, used, began);
    }

    /** Settlements that no meter has acknowledged yet. */
    public int unsettled() {
        return correspondence.unsettled();
    }

    /** Completes when nothing is unsettled, or after {@code atMost}. */
    CompletionStage<Done> settled(Duration atMost) {
        return correspondence.settled(atMost);
    }

    public CompletionStage<AdminReply> create(String keyHash, KeySettings settings) {
        return admin(keyHash, replyTo -> new Meter.Create(settings, replyTo));
    }

    /** @param expectedVersion of the settings that these replace; 0 replaces any */
    public CompletionStage<AdminReply> update(String keyHash, KeySettings settings, long expectedVersion) {
        return admin(keyHash, replyTo -> new Meter.Update(settings, expectedVersion, replyTo));
    }

    public CompletionStage<AdminReply> block(String keyHash, boolean blocked) {
        return admin(keyHash, replyTo -> new Meter.SetBlocked(blocked, replyTo));
    }

    public CompletionStage<AdminReply> delete(String keyHash) {
        return admin(keyHash, Meter.Delete::new);
    }

    public CompletionStage<AdminReply> inspect(String keyHash) {
        return admin(keyHash, Meter.Inspect::new);
    }

    private CompletionStage<AdminReply> admin(String keyHash, Function<ActorRef<AdminReply>, Meter.Command> message) {
        return refs.apply(keyHash)
                .<AdminReply>ask(message::apply, bounds.adminTimeout())
                .exceptionally(failure -> new AdminReply.Unavailable("the key's meter did not answer in time"));
    }

    /**
     * Live keys in the order of their hashes, as the store has them. Fails when the store does.
     *
     * @param after the last hash of the page before; null for the first page
     */
    public CompletionStage<List<Listed>> list(@Nullable String after, int limit) {
        return store.list(after, limit)
                .thenApply(rows -> rows.stream().map(Meters::listed).toList());
    }

    private static Listed listed(MeterState row) {
        return new Listed(row.id(), row.settings(), row.version());
    }

    /** The hash of the live key with this alias. Fails when the store does. */
    public CompletionStage<Optional<String>> findByAlias(String alias) {
        return store.findByAlias(alias);
    }
}
