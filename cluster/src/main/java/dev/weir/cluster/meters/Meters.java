package dev.weir.cluster.meters;

import dev.weir.actors.meter.AdminReply;
import dev.weir.actors.meter.Ask;
import dev.weir.actors.meter.Decision;
import dev.weir.actors.meter.HoldId;
import dev.weir.actors.meter.KeyDirectory;
import dev.weir.actors.meter.Meter;
import dev.weir.actors.meter.MeterState;
import dev.weir.actors.meter.MeterStore;
import dev.weir.actors.meter.Need;
import dev.weir.cluster.nodes.Membership;
import dev.weir.cluster.store.MeterPayload;
import dev.weir.config.AccountId;
import dev.weir.config.AccountSettings;
import dev.weir.config.KeySettings;
import dev.weir.config.Metered;
import dev.weir.config.Money;
import java.time.Duration;
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
 * Every meter, wherever it lives: those of keys, which are addressed by the SHA-256 of a secret, in hex, and those of
 * accounts. All methods may be called from any thread, return at once, and never fail: what goes wrong is an answer.
 */
public final class Meters {

    /** Of settings, as text: a message between nodes has room for a quarter of a megabyte, and nobody waits for one that is larger. */
    private static final int MOST_SETTINGS = 128 * 1024;

    private static final CompletionStage<AdminReply> TOO_LARGE =
            CompletableFuture.completedFuture(new AdminReply.NotStorable());

    static final EntityTypeKey<Meter.Command> KEYS = EntityTypeKey.create(Meter.Command.class, "meter");
    static final EntityTypeKey<Meter.Command> ACCOUNTS = EntityTypeKey.create(Meter.Command.class, "account");

    /** A meter as the list of its kind shows it; its figures are asked for with {@link #inspect}. */
    public record Listed(String id, Metered settings, long version) {

        /** Of a key. */
        public KeySettings key() {
            return (KeySettings) settings;
        }

        /** Of an account. */
        public AccountSettings account() {
            return (AccountSettings) settings;
        }
    }

    private static final String NO_RIGHT = "this node has not heard from its store for too long";

    private final Function<String, EntityRef<Meter.Command>> refs;
    private final Function<AccountId, EntityRef<Meter.Command>> accounts;
    private final KeyDirectory keys;
    private final Membership membership;
    private final MeterStore store;
    private final NodeSettings.Bounds bounds;
    private final Correspondence correspondence;

    /**
     * @param refs where the meter of a key is reached
     * @param accounts where the meter of an account is reached
     * @param keys that there are
     */
    Meters(
            ActorSystem<?> system,
            Function<String, EntityRef<Meter.Command>> refs,
            Function<AccountId, EntityRef<Meter.Command>> accounts,
            KeyDirectory keys,
            Membership membership,
            MeterStore store,
            NodeSettings.Bounds bounds) {
        this.refs = refs;
        this.accounts = accounts;
        this.keys = keys;
        this.store = store;
        this.membership = membership;
        this.bounds = bounds;
        this.correspondence = new Correspondence(system, refs, bounds.settleTimeout(), bounds.meterDispatcher());
    }

    /** Asks whether a key is good, and holds nothing. */
    public CompletionStage<Decision> authenticate(String keyHash, HoldId hold, Duration timeout) {
        return reserve(keyHash, hold, "", Need.NONE, null, timeout);
    }

    /**
     * Admits a call, or says why not. A grant that comes after {@code timeout} is given back by itself.
     *
     * @param keyHash of the secret that was shown
     * @param hold from {@link Node#nextHold}; a new one for every call
     * @param model the public name; empty where nobody serves it
     * @param endUser whom the application says that it calls for
     */
    public CompletionStage<Decision> reserve(
            String keyHash, HoldId hold, String model, Need need, @Nullable String endUser, Duration timeout) {
        if (isOverwhelmed()) {
            return CompletableFuture.completedFuture(new Decision.Unavailable("too many calls are not settled yet"));
        }
        if (!mayDecide()) {
            return CompletableFuture.completedFuture(new Decision.Unavailable(NO_RIGHT));
        }
        String meter = keys.meterOf(keyHash);
        return keys.mayExist(meter)
                ? ask(meter, new Ask(hold, keyHash, model, need, endUser, 0, 0, true), timeout)
                : CompletableFuture.completedFuture(new Decision.UnknownKey());
    }

    /** Whether this node has heard from its store lately enough to let calls begin. */
    public boolean mayDecide() {
        return membership.nodes().mayDecide();
    }

    /** Tells their meters which calls run; completes when they know. */
    CompletableFuture<Done> sayRunning() {
        return correspondence.sayRunning();
    }

    /** Asks a meter, whether or not there is a key to it. */
    CompletionStage<Decision> ask(String meter, Ask ask, Duration timeout) {
        return correspondence.reserve(meter, ask, membership.clock().millis() + timeout.toMillis(), timeout);
    }

    /**
     * Holds more for a call that runs: from its own limits and its accounts', and beyond them as far as the policy goes.
     *
     * @param meter of the grant
     * @param epoch of the grant
     * @param number of this top-up among the call's, from 1
     */
    public CompletionStage<Decision> topUp(
            String meter, HoldId hold, long epoch, int number, String model, Need need, Duration timeout) {
        long notAfter = membership.clock().millis() + timeout.toMillis();
        return correspondence.topUp(meter, hold, epoch, number, model, need, notAfter, timeout);
    }

    /**
     * Ends a call's hold. Repeated until the meter acknowledges it, however long that takes; it counts once.
     *
     * @param meter of the grant
     * @param epoch of the grant
     * @param held what the call asked for
     * @param used the sum over its attempts; ignored unless one {@code began}
     */
    public CompletionStage<Done> settle(String meter, HoldId hold, long epoch, Need held, Need used, boolean began) {
        return correspondence.settle(meter, hold, epoch, held, used, began);
    }

    /** The id of the meter that a secret with this hash leads to. */
    public String meterOf(String keyHash) {
        return keys.meterOf(keyHash);
    }

    /** So much is not settled that new calls are refused. */
    public boolean isOverwhelmed() {
        return correspondence.unsettled() >= bounds.mostUnsettled();
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
        String opens = keys.meterOf(keyHash).equals(keyHash) ? null : keyHash;
        return isTooLarge(settings) ? TOO_LARGE : admin(keyHash, replyTo -> new Meter.Create(settings, opens, replyTo));
    }

    /** @param expectedVersion of the settings that these replace; 0 replaces any */
    public CompletionStage<AdminReply> update(String keyHash, KeySettings settings, long expectedVersion) {
        return isTooLarge(settings)
                ? TOO_LARGE
                : admin(keyHash, replyTo -> new Meter.Update(settings, expectedVersion, replyTo));
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

    /**
     * Gives a key another secret.
     *
     * @param newHash of it
     * @param grace how long the one before opens the key still
     */
    public CompletionStage<AdminReply> rotate(String keyHash, String newHash, Duration grace) {
        return admin(keyHash, replyTo -> new Meter.Rotate(newHash, grace.toMillis(), replyTo));
    }

    /** Begins a key's budgets anew, with so much of each gone. */
    public CompletionStage<AdminReply> resetSpend(String keyHash, Money to) {
        return admin(keyHash, replyTo -> new Meter.ResetSpend(to.nanoUsd(), replyTo));
    }

    public CompletionStage<AdminReply> create(AccountId account, AccountSettings settings) {
        return isTooLarge(settings) ? TOO_LARGE : admin(account, replyTo -> new Meter.Create(settings, replyTo));
    }

    /** @param expectedVersion of the settings that these replace; 0 replaces any */
    public CompletionStage<AdminReply> update(AccountId account, AccountSettings settings, long expectedVersion) {
        return isTooLarge(settings)
                ? TOO_LARGE
                : admin(account, replyTo -> new Meter.Update(settings, expectedVersion, replyTo));
    }

    public CompletionStage<AdminReply> block(AccountId account, boolean blocked) {
        return admin(account, replyTo -> new Meter.SetBlocked(blocked, replyTo));
    }

    public CompletionStage<AdminReply> delete(AccountId account) {
        return admin(account, Meter.Delete::new);
    }

    public CompletionStage<AdminReply> inspect(AccountId account) {
        return admin(account, Meter.Inspect::new);
    }

    private static boolean isTooLarge(Metered settings) {
        return MeterPayload.lengthOf(settings) > MOST_SETTINGS;
    }

    private CompletionStage<AdminReply> admin(AccountId account, Function<ActorRef<AdminReply>, Meter.Admin> message) {
        return answered(accounts.apply(account), message);
    }

    private CompletionStage<AdminReply> admin(String keyHash, Function<ActorRef<AdminReply>, Meter.Admin> message) {
        return answered(refs.apply(keys.meterOf(keyHash)), message);
    }

    private CompletionStage<AdminReply> answered(
            EntityRef<Meter.Command> meter, Function<ActorRef<AdminReply>, Meter.Admin> message) {
        return correspondence.administer(
                meter, message, membership.reachesOthers() ? bounds.adminTimeoutEverywhere() : bounds.adminTimeout());
    }

    /**
     * Live keys in the order of their ids, as the store has them. Fails when the store does.
     *
     * @param after the last id of the page before; null for the first page
     */
    public CompletionStage<List<Listed>> list(@Nullable String after, int limit) {
        return list(null, after, limit);
    }

    /** The same for the accounts of a kind. */
    public CompletionStage<List<Listed>> list(AccountId.@Nullable Kind kind, @Nullable String after, int limit) {
        return store.list(kind, after, limit)
                .thenApply(rows -> rows.stream().map(Meters::listed).toList());
    }

    private static Listed listed(MeterState row) {
        return new Listed(row.id(), row.settings(), row.version());
    }

    /** The id of the live key with this alias. Fails when the store does. */
    public CompletionStage<Optional<String>> findByAlias(String alias) {
        return store.findByAlias(alias);
    }
}
