package dev.weir.actors.meter;

import dev.weir.config.AccountId;
import dev.weir.config.AccountSettings;
import dev.weir.config.KeySettings;
import dev.weir.config.Limits;
import dev.weir.config.Metered;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.pekko.actor.typed.ActorRef;
import org.jspecify.annotations.Nullable;

/**
 * The accounts above a key, as its meter reaches them: this node's shares of them, locked in the order of their names while
 * a call is decided. Not thread-safe itself.
 */
final class Chain {

    private static final Comparator<Share> IN_ORDER = Comparator.comparing(Share::id);

    private final Shares shares;
    private final ActorRef<Meter.Command> watcher;
    private final Map<HoldId, List<Share>> awaited = new HashMap<>();
    private @Nullable List<Share> above;
    private long version = -1;

    /** @param watcher is told when something has come that it waits for */
    Chain(Shares shares, ActorRef<Meter.Command> watcher) {
        this.shares = shares;
        this.watcher = watcher;
    }

    /** The key may be below other accounts now. */
    void changed() {
        above = null;
    }

    private @Nullable List<Share> above(KeySettings key) {
        long now = shares.version();
        if (above == null || version != now) {
            above = shares.above(key, watcher);
            version = now;
        }
        return above;
    }

    /**
     * The chain of a call, with its locks.
     *
     * @return null when it is not known yet which accounts they are; the watcher is told when it is
     */
    @Nullable
    List<Share> lockedFor(MeterState key, @Nullable String endUser) {
        while (true) {
            List<Share> all = of((KeySettings) key.settings(), endUser);
            if (all == null) {
                return null;
            }
            List<Share> whole = locked(all, key, endUser);
            if (whole != null) {
                return whole;
            }
            above = null; // one was let go in between: another one is there by now, or will be
        }
    }

    /** With the groups of {@code endUser}; null, and without a lock, where one was let go. */
    private @Nullable List<Share> locked(List<Share> all, MeterState key, @Nullable String endUser) {
        List<Share> locked = all;
        boolean isWhole = false;
        lock(all);
        try {
            if (isWhole(all)) {
                List<Share> groups = groups(key, all, endUser);
                if (!groups.isEmpty()) {
                    lock(groups);
                    locked = new ArrayList<>(all);
                    locked.addAll(groups);
                }
                isWhole = isWhole(groups);
            }
        } finally {
            if (!isWhole) {
                unlock(locked);
            }
        }
        return isWhole ? locked : null;
    }

    private static boolean isWhole(List<Share> all) {
        boolean whole = true;
        for (Share share : all) {
            whole &= !share.isLetGo();
        }
        return whole;
    }

    /** With the locks of {@code all}: the groups of {@code endUser} below the key and below them, in their order. */
    private List<Share> groups(MeterState key, List<Share> all, @Nullable String endUser) {
        if (endUser == null || endUser.isEmpty()) {
            return List.of();
        }
        List<Share> groups = new ArrayList<>(0);
        add(groups, key.id(), key.version(), key.settings(), endUser);
        for (Share share : all) {
            AccountSettings settings = share.settings();
            if (settings != null) {
                add(groups, share.id().toString(), share.version(), settings, endUser);
            }
        }
        groups.sort(IN_ORDER);
        return groups;
    }

    private void add(List<Share> groups, String owner, long version, Metered settings, String endUser) {
        Limits each = settings.limits().ofEndUsers();
        if (each != null) {
            Share group = shares.endUsers(owner, endUser);
            group.lock();
            try {
                group.policy(new EndUserPolicy(version, each));
            } finally {
                group.unlock();
            }
            groups.add(group);
        }
    }

    private @Nullable List<Share> of(KeySettings key, @Nullable String endUser) {
        List<Share> all = above(key);
        if (all == null || endUser == null || endUser.isEmpty()) {
            return all;
        }
        Share customer = shares.find(AccountId.customer(endUser));
        if (customer == null) {
            return all;
        }
        List<Share> longer = new ArrayList<>(all);
        longer.add(customer);
        longer.sort(IN_ORDER);
        return longer;
    }

    /** The shares that a hold is charged to, with their locks. */
    List<Share> lockedOf(Hold hold) {
        while (true) {
            List<Share> all = new ArrayList<>(hold.accounts().size());
            for (AccountId account : hold.accounts()) {
                Share share = shares.open(account);
                if (share != null) {
                    all.add(share);
                }
            }
            lock(all);
            if (isWhole(all)) {
                return all;
            }
            unlock(all);
        }
    }

    private static void lock(List<Share> all) {
        for (int i = 0; i < all.size(); i++) {
            all.get(i).lock();
        }
    }

    static void unlock(List<Share> all) {
        for (int i = all.size() - 1; i >= 0; i--) {
            all.get(i).unlock();
        }
    }

    /** With the locks: true when each account has said what it allows, or that it cannot. Those that have not are asked. */
    boolean isKnown(List<Share> all) {
        boolean known = true;
        for (Share share : all) {
            known &= shares.isKnown(share, watcher);
        }
        return known;
    }

    /** With the lock: holds what fits, and asks for more where that runs out. */
    void hold(Share share, Ask ask, long now) {
        share.hold(ask, now);
        shares.ask(share, now);
    }

    /** With the lock: a call waits for more of it. */
    void await(Share share, Ask ask, long now) {
        share.await(ask, watcher);
        shares.ask(share, now);
    }

    /** The call waits for these, and no longer for others. */
    void awaits(HoldId hold, List<Share> now) {
        List<Share> before = now.isEmpty() ? awaited.remove(hold) : awaited.put(hold, now);
        if (before == null) {
            return;
        }
        List<Share> left = new ArrayList<>(before);
        left.removeAll(now);
        for (Share share : left) {
            share.lock();
            try {
                share.forget(hold);
            } finally {
                share.unlock();
            }
        }
    }

    /**
     * Ends a hold.
     *
     * @param before what nodes that are gone were charged for it
     * @return by share, how far its account's meter has to be before that is durable
     */
    Map<Share, Long> settle(Hold hold, Need before, Need used, boolean began) {
        Map<Share, Long> marks = Map.of();
        for (AccountId account : hold.accounts()) {
            Share share = shares.open(account);
            if (share == null) {
                continue;
            }
            share.lock();
            try {
                long charged = share.charged();
                share.settle(hold.id(), before, used, began);
                if (share.charged() > charged) {
                    marks = marks.isEmpty() ? new HashMap<>() : marks;
                    owe(marks, share);
                }
            } finally {
                share.unlock();
            }
        }
        return marks;
    }

    /** With the lock: what was charged up to now has to be durable, and the watcher is told when it may be. */
    private void owe(Map<Share, Long> marks, Share share) {
        marks.put(share, share.charged());
        share.watch(watcher);
        shares.ask(share, 0);
    }

    /** What a hold has of accounts on this node, which it takes along. */
    List<Hold.Part> part(Hold hold) {
        List<Hold.Part> parts = new ArrayList<>(hold.accounts().size());
        for (AccountId account : hold.accounts()) {
            Share share = shares.open(account);
            if (share == null) {
                continue;
            }
            share.lock();
            try {
                parts.addAll(share.part(hold.id()));
            } finally {
                share.unlock();
            }
        }
        return parts;
    }

    /**
     * A hold has come with its key's meter.
     *
     * @param host the node that it comes from
     * @param self this node
     */
    void take(Hold hold, long host, long self) {
        for (Hold.Part part : hold.parts()) {
            long from = part.from() == null ? host : part.from();
            Share share = shares.locked(shares.forHold(part.account()));
            if (share == null) {
                continue;
            }
            try {
                share.take(hold.id(), hold.model(), part, from == self ? null : (Long) from);
                shares.ask(share, 0);
            } finally {
                share.unlock();
            }
        }
    }

    /**
     * With the locks of {@code above}: a call that runs, and that an owner on another node had admitted, is this node's.
     *
     * @return by share, how far its account's meter has to be before nobody else can have what the call has
     */
    Map<Share, Long> reopen(Hold hold, List<Share> above, Verdict verdict, @Nullable String endUser, long from) {
        Map<Share, Long> marks = new HashMap<>();
        for (Share share : above) {
            Hold.Part part = share.ofRunning(
                    endUser, verdict.pays(share.id()), hold.need().slots());
            if (share.isOpen(hold.id(), part)) {
                continue;
            }
            share.take(hold.id(), hold.model(), part, from);
            if (!part.pieces().isEmpty()) {
                owe(marks, share);
            }
        }
        return marks;
    }

    /**
     * What accounts' meters do not know yet of a hold that came from another node: as long as that is so they know of it there.
     *
     * @return by share, how far its account's meter has to be before they do
     */
    Map<Share, Long> unsaid(Hold hold) {
        Map<Share, Long> marks = new HashMap<>(0);
        for (AccountId account : hold.accounts()) {
            Share share = shares.open(account);
            if (share == null) {
                continue;
            }
            share.lock();
            try {
                if (!share.isDurable(share.charged())) {
                    owe(marks, share);
                }
            } finally {
                share.unlock();
            }
        }
        return marks;
    }

    /**
     * Ends a hold that the key's meter has lost: the shares may know it still, or are charged what went beyond it.
     *
     * @param lost the reservation, with all that was held
     * @return by share, how far its account's meter has to be before the settlement is acknowledged; empty, and nothing has
     *     happened, where one does not know yet what it counts, and something may have to be charged to it
     */
    Optional<Map<Share, Long>> settleUnknown(MeterState key, Verdict verdict, Ask lost, Need used, boolean began) {
        List<Share> all = lockedFor(key, lost.endUser());
        if (all == null) {
            return began ? Optional.empty() : Optional.of(Map.of());
        }
        try {
            boolean isKnown =
                    isKnown(all) && all.stream().allMatch(share -> share.isGone() || share.settings() != null);
            if (began && !isKnown) {
                return Optional.empty();
            }
            Map<Share, Long> marks = new HashMap<>(0);
            for (Share share : all) {
                long before = share.charged();
                if (!share.settle(lost.hold(), Need.NONE, used, began) && began) {
                    share.charge(verdict.of(share, lost), used);
                }
                if (share.charged() > before) {
                    owe(marks, share);
                }
                shares.ask(share, 0);
            }
            return Optional.of(marks);
        } finally {
            unlock(all);
        }
    }

    /** Whose a call is: of the organization in the chain, or of the one that the key names. */
    static @Nullable String organization(List<Share> all, KeySettings key) {
        for (Share share : all) {
            if (share.id().kind() == AccountId.Kind.ORGANIZATION) {
                return share.id().name();
            }
        }
        return key.organizationId();
    }
}
