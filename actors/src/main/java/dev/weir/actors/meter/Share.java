package dev.weir.actors.meter;

import dev.weir.config.AccountId;
import dev.weir.config.AccountSettings;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import org.apache.pekko.actor.typed.ActorRef;
import org.jspecify.annotations.Nullable;

/**
 * What this node has of one account: its settings, and a slice of each of its limits, which all keys of the node use.
 *
 * <p>Whoever reads or changes it holds its {@linkplain #lock lock}; of several, in the order of their accounts. At most
 * one {@link Want} is on its way; it is sent again until it is answered.
 */
final class Share {

    /**
     * @param paid whether the account pays for it, or somebody else
     * @param rest of what its key's meter has of it may be charged to a node that is gone
     */
    private record Open(
            String model, boolean paid, @Nullable String endUser, List<Hold.Piece> pieces, boolean rest) {}

    private final AccountId id;
    private final Standing.Scope scope;
    private final ReentrantLock lock = new ReentrantLock();
    private final Waits waiting = new Waits();
    private final Map<HoldId, Open> holds = new HashMap<>();
    private final Arrivals arrivals = new Arrivals();
    private final Set<ActorRef<Meter.Command>> watchers = new HashSet<>();
    private @Nullable AccountSettings settings;
    private final Slices slices;
    private long born;
    private long version;
    private final Exchange exchange;
    private @Nullable String trouble;
    private boolean gone;
    private boolean letGo;
    private boolean leaving;
    private boolean retiring;
    private boolean retired;
    private long charged;
    private long chargedSent;
    private long chargedDurable;
    private boolean used;

    /** @param sequences of this node's messages, which only grow: its meter knows the last one, whatever share sent it */
    Share(AccountId id, ZoneId zone, LongSupplier sequences) {
        this.exchange = new Exchange(sequences);
        this.id = id;
        this.scope = scope(id.kind());
        this.slices = new Slices(id, scope, zone);
    }

    /** Of a group of end users: nobody has made it, and it is there as soon as its policy is known. */
    static Share ofEndUsers(AccountId id, ZoneId zone, LongSupplier sequences) {
        Share share = new Share(id, zone, sequences);
        share.born = 1;
        return share;
    }

    /** Of an account that is no more. */
    static Share ofDeleted(AccountId id, ZoneId zone) {
        Share share = new Share(id, zone, () -> 0);
        share.gone = true;
        return share;
    }

    static Standing.Scope scope(AccountId.Kind kind) {
        return switch (kind) {
            case USER -> Standing.Scope.USER;
            case MEMBER -> Standing.Scope.TEAM_MEMBER;
            case TEAM -> Standing.Scope.TEAM;
            case ORGANIZATION -> Standing.Scope.ORGANIZATION;
            case CUSTOMER, END_USERS -> Standing.Scope.END_USER;
            case GLOBAL -> Standing.Scope.GLOBAL;
        };
    }

    AccountId id() {
        return id;
    }

    Standing.Scope scope() {
        return scope;
    }

    void lock() {
        lock.lock();
    }

    void unlock() {
        lock.unlock();
    }

    /** Null until its meter has answered once. */
    @Nullable
    AccountSettings settings() {
        return settings;
    }

    /** The account was deleted. */
    boolean isGone() {
        return gone;
    }

    /** The node has no use for it any more, and whoever has one finds another. */
    void letGo() {
        letGo = true;
    }

    boolean isLetGo() {
        return letGo;
    }

    /** Why its meter cannot answer; null when it can. */
    @Nullable
    String trouble() {
        return trouble;
    }

    /** Those that a call may use; a call that runs uses those that it began with. */
    List<ShareSlice> slices(Ask ask) {
        return slices.of(endUser(ask));
    }

    private @Nullable String endUser(Ask ask) {
        Open open = holds.get(ask.hold());
        return open == null ? ask.endUser() : open.endUser;
    }

    Collection<ShareSlice> slices() {
        return slices.all();
    }

    /** Its account's life, counted; 0 when it is not known. */
    long born() {
        return born;
    }

    /** Of its settings; of a group of end users, of its owner's. */
    long version() {
        return version;
    }

    /** What each end user of the group has from now on, unless a newer policy is known. */
    void policy(EndUserPolicy policy) {
        if (settings == null || policy.version() > version) {
            boolean same = settings != null && settings.limits().equals(policy.each());
            adopt(born, policy.version(), policy.settings(), false);
            if (!same) {
                slices.giveBack();
            }
        }
    }

    // What keys do here.

    /** A call waits for more. {@code watcher} is told when something has come. */
    void await(Ask ask, ActorRef<Meter.Command> watcher) {
        @Nullable String endUser = endUser(ask);
        inUse();
        slices.used(endUser);
        waiting.add(ask, endUser);
        watchers.add(watcher);
    }

    private void inUse() {
        used = true;
        retiring = false;
        retired = false;
    }

    /** {@code watcher} is told when something has come. */
    void watch(ActorRef<Meter.Command> watcher) {
        watchers.add(watcher);
    }

    void forget(HoldId hold) {
        waiting.remove(hold);
    }

    /** Holds what the call needs, which fits every slice that is about its model, within or beyond. */
    void hold(Ask ask, long now) {
        inUse();
        waiting.remove(ask.hold());
        List<Hold.Piece> pieces = new ArrayList<>(4);
        Open before = holds.get(ask.hold());
        if (before != null) {
            pieces.addAll(before.pieces);
        }
        @Nullable String endUser = endUser(ask);
        for (ShareSlice slice : slices.used(endUser)) {
            long amount = slice.id().isAbout(ask.model()) ? slice.id().unit().of(ask.need()) : 0;
            if (amount > 0) {
                pieces.add(Hold.taken(slice, amount, now));
            }
        }
        boolean rest = before == null ? ask.topUp() > 0 : before.rest;
        holds.put(ask.hold(), new Open(ask.model(), ask.paid(), endUser, pieces, rest));
    }

    /**
     * Ends a hold: what it did not use is free at once. False when it is not open here.
     *
     * @param before what nodes that are gone were charged for it
     */
    boolean settle(HoldId hold, Need before, Need took, boolean began) {
        if (arrivals.has(hold)) {
            arrivals.end(new Arrivals.Ended(hold, before, took, began));
            charged++;
            return true;
        }
        Open open = holds.remove(hold);
        if (open == null) {
            return false;
        }
        Need paid = open.rest ? before : Need.NONE;
        for (ShareSlice slice : slices.used(open.endUser)) {
            boolean pays = open.paid || slice.id().unit() != LimitId.Unit.NANO_USD;
            if (pays && Hold.settle(slice, open.model, open.pieces, paid, took, began)) {
                charged++;
            }
            if (open.rest && slice.giveBackSlots(open.pieces)) {
                charged++;
            }
        }
        return true;
    }

    /** A call leaves with its key's meter, for another node or for this one again. Empty when it is not open here. */
    List<Hold.Part> part(HoldId hold) {
        Open open = holds.remove(hold);
        if (open == null) {
            return List.of();
        }
        List<Hold.Part> parts = arrivals.leave(hold, id, open.paid);
        List<Hold.Piece> coming = parts.stream()
                .flatMap(part -> part.pieces().stream())
                .map(Hold.Piece::come)
                .toList();
        List<Hold.Piece> leaving = new ArrayList<>(open.pieces.size());
        for (ShareSlice slice : slices.used(open.endUser)) {
            for (Hold.Piece piece : open.pieces) {
                if (piece.limit().equals(slice.id()) && !coming.contains(piece)) {
                    if (piece.isOf(slice)) {
                        slice.part(piece);
                    }
                    leaving.add(piece);
                }
            }
        }
        parts.add(new Hold.Part(id, open.paid, open.endUser, leaving, null));
        return parts;
    }

    /** The call is open here, with slots where there are limits of them: one that asked for more first has none. */
    boolean isOpen(HoldId hold, Hold.Part running) {
        Open open = holds.get(hold);
        return open != null
                && running.pieces().stream()
                        .allMatch(slot -> open.pieces.stream()
                                .anyMatch(piece -> piece.limit().equals(slot.limit())));
    }

    /**
     * A call comes with its key's meter.
     *
     * @param from where; null for this node, which it never left
     */
    void take(HoldId hold, String model, Hold.Part part, @Nullable Long from) {
        inUse();
        Open before = holds.get(hold);
        List<Hold.Piece> pieces = new ArrayList<>(part.pieces());
        if (from != null) {
            pieces.replaceAll(Hold.Piece::come);
        }
        if (before != null) {
            pieces.addAll(before.pieces);
        }
        holds.put(hold, new Open(model, part.paid(), part.endUser(), pieces, true));
        if (from == null) {
            for (ShareSlice slice : slices.used(part.endUser())) {
                for (Hold.Piece piece : part.pieces()) {
                    if (piece.isOf(slice)) {
                        slice.stay(piece);
                    }
                }
            }
            return;
        }
        arrivals.add(hold, from, part, exchange.last());
        if (!part.pieces().isEmpty()) {
            charged++;
        }
        arrive();
    }

    /** A call has come whose amounts are not known to be of a window that is open. */
    boolean isArriving(HoldId hold) {
        return arrivals.has(hold);
    }

    private void arrive() {
        if (settings != null) {
            arrivals.arrive(
                    slices, exchange.answered(), call -> settle(call.hold(), call.before(), call.took(), call.began()));
        }
    }

    /** What a call has of an account for as long as it runs: its slots. */
    Hold.Part ofRunning(@Nullable String endUser, boolean paid, long slots) {
        List<Hold.Piece> pieces = new ArrayList<>(1);
        for (ShareSlice slice : slices.of(endUser)) {
            if (slice.id().kind() == LimitId.Kind.SLOTS && slots > 0) {
                pieces.add(new Hold.Piece(slice.id(), ShareSlice.ANY_GEN, slots, false));
            }
        }
        return new Hold.Part(id, paid, endUser, pieces, null);
    }

    /** Charges what a call took beyond what it had asked for, which nobody remembers: what it asked for is charged already. */
    void charge(Ask lost, Need took) {
        for (ShareSlice slice : slices.used(lost.endUser())) {
            boolean pays = lost.paid() || slice.id().unit() != LimitId.Unit.NANO_USD;
            long excess = pays ? lost.excess(slice, took) : 0;
            if (excess > 0) {
                slice.charge(excess);
                charged++;
            }
        }
    }

    /** Grows with every use beyond a hold; {@link #isDurable} is asked with it. */
    long charged() {
        return charged;
    }

    /** Whether its meter has made durable what was charged up to {@code mark}. */
    boolean isDurable(long mark) {
        return gone || mark <= chargedDurable;
    }

    /** There is use beyond a slice that its meter is not known to have. */
    boolean owes() {
        return chargedDurable < charged;
    }

    /** There is something to tell or to ask. */
    boolean wants(long now) {
        return settings == null
                || trouble != null
                || !waiting.isEmpty()
                || owes()
                || (leaving && slices.hasGivenBack())
                || hasSpareBeyond()
                || (retiring ? !retired : !leaving && isLow(now));
    }

    private boolean hasSpareBeyond() {
        for (ShareSlice slice : slices.moving()) {
            if (slice.spareBeyond() > 0) {
                return !waiting.goBeyond();
            }
        }
        return false;
    }

    private boolean isLow(long now) {
        for (ShareSlice slice : slices.moving()) {
            if (slice.isLow(now)) {
                return true;
            }
        }
        return false;
    }

    // What goes to and comes from its meter.

    boolean isAsking() {
        return exchange.isAsking();
    }

    /** The next message to its meter. */
    Want want(long node, long now, ActorRef<Keeper.Command> replyTo) {
        long sequence = exchange.ask();
        boolean goBeyond = waiting.goBeyond();
        Collection<ShareSlice> moving = slices.moving();
        slices.sent();
        List<Want.Line> lines = new ArrayList<>(moving.size());
        boolean whole = true;
        for (ShareSlice slice : moving) {
            lines.add(slice.want(
                    waiting.needed(slice, now), waiting.beyond(slice, now), goBeyond, !leaving && !retiring, now));
            whole &= slice.tellsAll();
        }
        whole &= arrivals.isEmpty() && slices.areAllSent();
        chargedSent = whole ? charged : chargedSent;
        return new Want(id, node, sequence, born, policy(), lines, replyTo);
    }

    private @Nullable EndUserPolicy policy() {
        return settings == null || id.kind() != AccountId.Kind.END_USERS
                ? null
                : new EndUserPolicy(version, settings.limits());
    }

    /** A tick of the clock went by. True when a message was lost and has to be sent again. */
    boolean isLate() {
        return exchange.isLate();
    }

    /** Its meter has not answered for some time. */
    boolean isSilent() {
        return exchange.isSilent();
    }

    /** Returns whom to tell. */
    Set<ActorRef<Meter.Command>> told(Allotted answer, long now) {
        if (!exchange.isOurs(answer.sequence())) {
            return Set.of();
        }
        boolean current = exchange.isCurrent(answer.sequence());
        if (current && !(answer.outcome() instanceof Allotted.Unavailable)) {
            exchange.ended(); // who is told that nothing can be said asks again, as if nobody had answered
        }
        switch (answer.outcome()) {
            case Allotted.Granted granted -> {
                trouble = null;
                boolean first = settings == null;
                adopt(granted.born(), granted.version(), granted.settings(), !first);
                if (granted.born() == born) {
                    slices.told(granted.lines(), now);
                    exchange.hadFigures(answer.sequence());
                    arrive();
                }
                if (current) {
                    retired = retiring && slices.areAllSent();
                    slices.heard();
                    chargedDurable = chargedSent;
                }
            }
            case Allotted.Absent absent -> gone = true;
            case Allotted.Unavailable unavailable -> trouble = unavailable.reason();
        }
        return wake();
    }

    /** The account's settings are others from now on; what is not in use of its limits goes back. */
    Set<ActorRef<Meter.Command>> changed(long life, long nextVersion, AccountSettings next) {
        adopt(life, nextVersion, next, settings != null); // of one that was let go its meter may know more
        slices.giveBack();
        return wake();
    }

    Set<ActorRef<Meter.Command>> deleted() {
        gone = true;
        return wake();
    }

    /** What is not in use of these limits goes back. */
    void giveBack(List<LimitId> limits) {
        slices.giveBack(limits);
    }

    /** Forgets what is over. */
    void tidy(long now) {
        slices.tidy(now);
    }

    /** Gives back what is not in use, and asks for no more than is needed from now on. */
    void leave() {
        leaving = true;
        slices.giveBack();
    }

    private Set<ActorRef<Meter.Command>> wake() {
        Set<ActorRef<Meter.Command>> all = Set.copyOf(watchers);
        watchers.clear();
        return all;
    }

    private void adopt(long life, long nextVersion, AccountSettings next, boolean synced) {
        if (life < born || (life == born && nextVersion < version)) {
            return;
        }
        slices.adopt(LimitRule.of(next), life == born, synced);
        if (life != born && born != 0) {
            // of an account that was deleted
            arrivals.clear();
            holds.clear();
        }
        born = life;
        version = nextVersion;
        settings = next;
    }

    /** Nobody uses it: what is not in use goes back. It {@linkplain #isRetired is retired} when its meter has that. */
    void retire() {
        if (!retiring) {
            retiring = true;
            slices.giveBack();
        }
    }

    /** Its meter knows all that it knows, so that it may be forgotten: whoever needs it again asks what there was. */
    boolean isRetired() {
        return retired;
    }

    /** Nobody has used it since the last time that this was asked, and nothing of it is open. */
    boolean isIdle() {
        boolean idle = !used
                && !exchange.isAsking()
                && waiting.isEmpty()
                && holds.isEmpty()
                && arrivals.isEmpty()
                && slices.isAtRest();
        used = false;
        return idle;
    }
}
