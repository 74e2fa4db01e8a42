package dev.weir.actors.meter;

import dev.weir.config.AccountId;
import dev.weir.config.AccountSettings;
import dev.weir.config.KeySettings;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;
import org.apache.pekko.actor.typed.ActorRef;
import org.jspecify.annotations.Nullable;

/**
 * What this node has of accounts. Its key meters use it in their own turns, without a message; it asks an account's
 * meter, once for all of them, when there is not enough. {@link Keeper} is the actor that the answers come to.
 *
 * <p>It knows which accounts exist: what a key names and nobody made is a label and costs nothing. Thread-safe.
 */
public final class Shares {

    private static final long CROWDED_NANOS = TimeUnit.SECONDS.toNanos(10);

    private final long node;
    private final ZoneId zone;
    private final Consumer<Want> meters;

    /** Those that there are, and false for those that were deleted. */
    private final Map<AccountId, Boolean> accounts = new ConcurrentHashMap<>();

    private final Map<AccountId, Share> shares = new ConcurrentHashMap<>();
    private volatile @Nullable ActorRef<Keeper.Command> keeper;
    private final AtomicLong version = new AtomicLong();
    private final AtomicLong sequences = new AtomicLong();
    private volatile @Nullable ActorRef<Keeper.Command> by;
    private volatile boolean resting;
    private final LongAdder messages = new LongAdder();
    private volatile boolean crowded;
    private volatile long crowdedAt;

    /**
     * @param node this node's incarnation
     * @param zone in which days, weeks and months end
     * @param meters sends a message to the meter of the account that it is about
     */
    public Shares(long node, ZoneId zone, Consumer<Want> meters) {
        this.node = node;
        this.zone = zone;
        this.meters = meters;
    }

    /** A node without accounts. */
    public static Shares none(long node, ZoneId zone) {
        return new Shares(node, zone, want -> {});
    }

    long node() {
        return node;
    }

    /** A want of another node, which cannot reach the meter itself. */
    void forward(Want want) {
        if (!resting) {
            meters.accept(want);
        }
    }

    void keeper(ActorRef<Keeper.Command> self) {
        keeper = self;
    }

    /** The account exists. */
    public void exists(AccountId account) {
        if (!Boolean.TRUE.equals(accounts.put(account, true))) {
            version.incrementAndGet();
        }
    }

    /**
     * The account existed. Keys that name it are refused, or they would be free of its limits; an end user is just not
     * limited any more.
     */
    public void isDeleted(AccountId account) {
        if (account.kind() == AccountId.Kind.CUSTOMER) {
            accounts.remove(account);
        } else {
            accounts.put(account, false);
        }
        version.incrementAndGet();
    }

    /** Changes when an account comes, goes or belongs elsewhere. */
    long version() {
        return version.get();
    }

    /** What there is of an account; null where there is no such account. */
    @Nullable
    Share find(AccountId account) {
        Boolean exists = accounts.get(account);
        if (exists == null) {
            return null;
        }
        if (!exists) {
            return Share.ofDeleted(account, zone);
        }
        return shares.computeIfAbsent(account, id -> new Share(id, zone, sequences::incrementAndGet));
    }

    /** What there is of the group of {@code endUser} below {@code owner}, a meter's id. */
    Share endUsers(String owner, String endUser) {
        return shares.computeIfAbsent(
                AccountId.endUsers(owner, endUser), id -> Share.ofEndUsers(id, zone, sequences::incrementAndGet));
    }

    /** What there is of the account of a hold that comes from another node; null where it is no more. */
    @Nullable
    Share forHold(AccountId account) {
        if (account.kind() == AccountId.Kind.END_USERS) {
            return shares.computeIfAbsent(account, id -> Share.ofEndUsers(id, zone, sequences::incrementAndGet));
        }
        return Boolean.TRUE.equals(accounts.get(account)) ? find(account) : null;
    }

    /** Locks {@code share}, or what has taken its place where it was let go in between; null where nothing has. */
    @Nullable
    Share locked(@Nullable Share share) {
        Share now = share;
        while (now != null) {
            now.lock();
            if (!now.isLetGo()) {
                return now;
            }
            now.unlock();
            now = forHold(now.id());
        }
        return null;
    }

    /** The same for a hold that may outlive its account. */
    @Nullable
    Share open(AccountId account) {
        return shares.get(account);
    }

    /**
     * The accounts above a key, without its end user's: in the order of their locks.
     *
     * @return null when it is not known yet; {@code watcher} is told when it is
     */
    @Nullable
    List<Share> above(KeySettings key, ActorRef<Meter.Command> watcher) {
        List<Share> chain = new ArrayList<>(4);
        String organization = key.organizationId();
        String user = key.userId();
        String team = key.teamId();
        Share ofTeam = null;
        if (user != null) {
            add(chain, find(AccountId.user(user)));
        }
        if (team != null) {
            if (user != null) {
                add(chain, find(AccountId.member(team, user)));
            }
            ofTeam = find(AccountId.team(team));
            add(chain, ofTeam);
        }
        if (ofTeam != null && !ofTeam.isGone()) {
            ofTeam.lock();
            try {
                if (!isKnown(ofTeam, watcher)) {
                    return null;
                }
                String ofIt = organization(ofTeam);
                organization = ofIt == null ? organization : ofIt;
            } finally {
                ofTeam.unlock();
            }
        }
        if (organization != null) {
            add(chain, find(AccountId.organization(organization)));
        }
        add(chain, find(AccountId.EVERYTHING));
        return chain;
    }

    private static void add(List<Share> chain, @Nullable Share share) {
        if (share != null) {
            chain.add(share);
        }
    }

    /** With the lock: its meter has said what it allows, or that it cannot. One that has not is asked, and {@code watcher} is told. */
    boolean isKnown(Share share, ActorRef<Meter.Command> watcher) {
        boolean known = share.settings() != null || share.trouble() != null || share.isGone();
        if (!known) {
            share.watch(watcher);
            ask(share, 0);
        }
        return known;
    }

    /** Asks the share's meter, if there is something to ask and no question is on its way. Holds the share's lock. */
    void ask(Share share, long now) {
        ActorRef<Keeper.Command> self = keeper;
        if (self != null && !resting && !share.isAsking() && !share.isGone() && share.wants(now)) {
            send(share.want(node, now, self));
        }
    }

    private void send(Want want) {
        ActorRef<Keeper.Command> other = by;
        if (other == null) {
            meters.accept(want);
        } else {
            other.tell(new Keeper.Forward(want));
        }
        messages.increment();
    }

    /** What was asked of accounts' meters since this node started; each has one answer. */
    public long messages() {
        return messages.sum();
    }

    // What the keeper does.

    void told(Allotted answer, long now) {
        Share share = shares.get(answer.account());
        if (share == null) {
            return;
        }
        if (answer.isCrowded()) {
            crowdedAt = System.nanoTime();
            crowded = true;
        }
        Set<ActorRef<Meter.Command>> watchers;
        share.lock();
        try {
            @Nullable String before = organization(share);
            boolean opened = share.settings() == null;
            watchers = share.told(answer, now);
            if (share.isGone()) {
                drop(share);
            } else if (opened || !same(before, organization(share))) {
                version.incrementAndGet();
            }
            if (by != null) {
                share.leave(); // what was granted to calls that went on elsewhere
            }
            if (share.owes() || by != null) {
                ask(share, now);
            }
        } finally {
            share.unlock();
        }
        wake(watchers);
    }

    private static @Nullable String organization(Share share) {
        AccountSettings settings = share.settings();
        return settings == null ? null : settings.organizationId();
    }

    private static boolean same(@Nullable String one, @Nullable String other) {
        return one == null ? other == null : one.equals(other);
    }

    private static void wake(Collection<ActorRef<Meter.Command>> watchers) {
        watchers.forEach(watcher -> watcher.tell(Meter.SharesMoved.INSTANCE));
    }

    private void drop(Share share) {
        shares.remove(share.id(), share);
        isDeleted(share.id());
    }

    /**
     * An account was made or changed.
     *
     * @return what to tell its meter: all that this node has of it, and gives back
     */
    @Nullable
    Want changed(Keeper.Changed change, long now) {
        exists(change.account());
        Share share = shares.computeIfAbsent(change.account(), id -> new Share(id, zone, sequences::incrementAndGet));
        Set<ActorRef<Meter.Command>> watchers;
        @Nullable Want answer;
        share.lock();
        try {
            watchers = share.changed(change.born(), change.version(), change.settings());
            version.incrementAndGet();
            answer = said(share, now);
        } finally {
            share.unlock();
        }
        wake(watchers);
        return answer;
    }

    /** Gives back what is not in use of some limits. Returns all that this node has of the account; null where that is nothing. */
    @Nullable
    Want recall(AccountId account, List<LimitId> limits, long now) {
        Share share = shares.get(account);
        if (share == null) {
            return null;
        }
        share.lock();
        try {
            if (share.settings() == null) {
                return null;
            }
            share.giveBack(limits);
            return said(share, now);
        } finally {
            share.unlock();
        }
    }

    /** What this node has of an account; null where it has nothing. */
    @Nullable
    Want report(AccountId account, long now) {
        Share share = shares.get(account);
        if (share == null) {
            return null;
        }
        share.lock();
        try {
            return share.settings() == null ? null : said(share, now);
        } finally {
            share.unlock();
        }
    }

    private @Nullable Want said(Share share, long now) {
        ActorRef<Keeper.Command> self = keeper;
        messages.increment();
        return self == null ? null : share.want(node, now, self);
    }

    void deleted(AccountId account, long born) {
        Share share = shares.get(account);
        if (share == null) {
            isDeleted(account);
            return;
        }
        Set<ActorRef<Meter.Command>> watchers = Set.of();
        share.lock();
        try {
            if (share.born() <= born) {
                watchers = share.deleted();
                drop(share);
            }
        } finally {
            share.unlock();
        }
        wake(watchers);
    }

    /** Sends again what was not answered. */
    void tick(long now) {
        for (Share share : shares.values()) {
            share.lock();
            try {
                if (share.isLate()) {
                    ask(share, now);
                }
            } finally {
                share.unlock();
            }
        }
    }

    /** Lets go of what nobody has used for some time. */
    void tidy(long now) {
        if (shares.values().removeIf(share -> isLetGo(share, now))) {
            version.incrementAndGet();
        }
    }

    private boolean isLetGo(Share share, long now) {
        ActorRef<Keeper.Command> self = keeper;
        share.lock();
        try {
            if (self == null || share.settings() == null) {
                return false;
            }
            share.tidy(now);
            if (share.isIdle()) {
                if (share.isRetired()) {
                    share.letGo();
                    return true;
                }
                share.retire();
            }
            ask(share, now);
            return false;
        } finally {
            share.unlock();
        }
    }

    /**
     * Gives everything back that is not in use: the node leaves.
     *
     * @param way another node's, where the meters cannot be reached from here any more, nor use what there is
     */
    void giveBack(@Nullable ActorRef<Keeper.Command> way, long now) {
        by = way;
        resting = false;
        ActorRef<Keeper.Command> self = keeper;
        for (Share share : shares.values()) {
            share.lock();
            try {
                if (self != null && share.settings() != null) {
                    share.leave();
                    send(share.want(node, now, self));
                }
            } finally {
                share.unlock();
            }
        }
    }

    /**
     * Asks nothing more, and passes nothing on, until something is {@linkplain #giveBack given back} by way of another node: none is
     * left that accounts' meters could move to. What waits for one of them would hold up the end of this node's.
     */
    public void rest() {
        resting = true;
    }

    public boolean isResting() {
        return resting;
    }

    /** End users were refused in the last moments, because a group had no room for them. */
    public boolean hasCrowds() {
        return crowded && System.nanoTime() - crowdedAt < CROWDED_NANOS;
    }

    /** There are accounts whose meters have not answered for some time. */
    public boolean hasSilent() {
        for (Share share : shares.values()) {
            share.lock();
            try {
                if (share.isSilent()) {
                    return true;
                }
            } finally {
                share.unlock();
            }
        }
        return false;
    }

    /** Whether everything that was said has been answered. */
    boolean isQuiet() {
        return shares.values().stream().noneMatch(share -> {
            share.lock();
            try {
                return share.isAsking();
            } finally {
                share.unlock();
            }
        });
    }
}
