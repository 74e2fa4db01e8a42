package dev.weir.gateway.admin;

import dev.weir.actors.meter.AdminReply;
import dev.weir.cluster.meters.Meters;
import dev.weir.config.AccountId;
import dev.weir.config.AccountSettings;
import dev.weir.config.DeclaredKey;
import dev.weir.config.KeySettings;
import dev.weir.config.Limits;
import dev.weir.config.Secret;
import dev.weir.config.WeirConfig;
import dev.weir.gateway.door.PresentedKey;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes the store agree with the file at every start. For a key that the file declares, the file wins: its settings are
 * as declared, its figures stay. A key that was declared and no longer is, is blocked. Keys made by the API are left
 * alone.
 */
public final class DeclaredKeys {

    /** Marks a declared key in its metadata, so that it is known when its declaration goes. */
    static final String MARK = "weir_declared";

    private static final Logger LOG = LoggerFactory.getLogger(DeclaredKeys.class);
    private static final int PAGE = 500;
    private static final int TRIES = 3;

    private final Meters meters;

    public DeclaredKeys(Meters meters) {
        this.meters = meters;
    }

    /**
     * Blocks until the store agrees; the master key is a declared key without limits.
     *
     * @throws IllegalStateException when it cannot be made to
     */
    public void agree(WeirConfig config) {
        Map<String, KeySettings> declared = new LinkedHashMap<>();
        Secret master = config.general().masterKey();
        if (master != null) {
            declared.put(PresentedKey.hash(master.reveal()), KeySettings.UNLIMITED);
        }
        for (DeclaredKey key : config.weir().keys()) {
            declared.put(PresentedKey.hash(key.key().reveal()), key.settings());
        }
        makeRoom(declared);
        declared.forEach(this::declare);
        declareGlobal(config.weir().global());
    }

    /** What holds for all keys together: an account that is there when something does, or ever did. */
    private void declareGlobal(Limits limits) {
        AccountSettings settings =
                AccountSettings.unlimited(AccountId.Kind.GLOBAL).withLimits(limits);
        AdminReply reply = answer(() -> meters.update(AccountId.EVERYTHING, settings, 0));
        if (reply instanceof AdminReply.NoSuchKey && !limits.equals(Limits.NONE)) {
            reply = answer(() -> meters.create(AccountId.EVERYTHING, settings));
        }
        if (reply instanceof AdminReply.AlreadyExists) {
            reply = answer(() -> meters.update(AccountId.EVERYTHING, settings, 0)); // its maker was not told
        }
        if (!(reply instanceof AdminReply.Done || reply instanceof AdminReply.NoSuchKey)) {
            throw new IllegalStateException("weir.global: its limits were not taken: " + reply);
        }
    }

    /** Blocks what is no longer declared, and takes aliases from where they were declared before. */
    private void makeRoom(Map<String, KeySettings> declared) {
        Map<String, String> owners = new HashMap<>();
        declared.forEach((hash, settings) -> {
            if (settings.alias() != null) {
                owners.put(settings.alias(), hash);
            }
        });
        @Nullable String after = null;
        List<Meters.Listed> page;
        do {
            page = meters.list(after, PAGE).toCompletableFuture().join();
            for (Meters.Listed key : page) {
                after = key.id();
                if (key.settings().metadata().containsKey(MARK)) {
                    makeRoom(key.id(), key.key(), declared, owners);
                }
            }
        } while (page.size() == PAGE);
    }

    private void makeRoom(
            String hash, KeySettings settings, Map<String, KeySettings> declared, Map<String, String> owners) {
        String alias = settings.alias();
        String owner = alias == null ? null : owners.get(alias);
        if (owner != null && !owner.equals(hash)) {
            require(hash, answer(() -> meters.update(hash, settings.withoutAlias(), 0)));
        }
        if (!declared.containsKey(hash) && !settings.blocked()) {
            LOG.warn("Key {} is no longer declared: blocked", hash);
            require(hash, answer(() -> meters.block(hash, true)));
        }
    }

    private void declare(String hash, KeySettings settings) {
        KeySettings marked = settings.withMetadata(marked(settings.metadata()));
        AdminReply created = answer(() -> meters.create(hash, marked));
        if (created instanceof AdminReply.AlreadyExists) {
            require(hash, answer(() -> meters.update(hash, marked, 0)));
        } else {
            require(hash, created);
        }
    }

    /** While other nodes come and go a message may be lost, and what it asked for may have happened: all of it can be asked again. */
    private static AdminReply answer(Supplier<CompletionStage<AdminReply>> question) {
        AdminReply reply = question.get().toCompletableFuture().join();
        for (int tries = 1; tries < TRIES && reply instanceof AdminReply.Unavailable; tries++) {
            reply = question.get().toCompletableFuture().join();
        }
        return reply;
    }

    private static Map<String, Object> marked(Map<String, Object> metadata) {
        Map<String, Object> all = new HashMap<>(metadata);
        all.put(MARK, true);
        return all;
    }

    private static void require(String hash, AdminReply reply) {
        if (!(reply instanceof AdminReply.Done)) {
            throw new IllegalStateException("weir.keys: the declared key " + hash + " was not taken: " + reply);
        }
    }
}
