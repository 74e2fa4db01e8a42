package dev.weir.actors.meter;

import dev.weir.config.AccountId;
import java.time.Instant;
import java.time.ZoneId;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * This node's slice of one limit of an account: what was granted durably, and what the keys of this node use of it. Not
 * thread-safe: it is its {@link Share}'s.
 */
final class ShareSlice implements Portion {

    private static final long DENIED_MILLIS = 250;

    /** More of it costs a message to another node each time. */
    private static final int MOST_AHEAD = 50;

    /** Whatever generation is open. */
    static final long ANY_GEN = -1;

    private final Standing.Scope scope;
    private final AccountId account;
    private final ZoneId zone;
    private LimitRule rule;
    private boolean synced;
    private long gen;
    private long end;
    private long granted;
    private long returned;
    private long returnedKnown;
    private long elsewhere;
    private long used;
    private long held;
    private long over;
    private long overDurable;
    private long parted;
    private long out;
    private final Map<Long, Long> taken = new HashMap<>();
    private long takenHere;
    private long takenDurable;
    private final Demand demand = new Demand(MOST_AHEAD);
    private long deniedUntil;
    private long deniedBeyondUntil;
    private long free;
    private long crowdedUntil;

    /** @param synced nothing of the limit was this node's before */
    ShareSlice(AccountId account, Standing.Scope scope, LimitRule rule, ZoneId zone, boolean synced) {
        this.account = account;
        this.scope = scope;
        this.rule = rule;
        this.zone = zone;
        this.synced = synced;
    }

    /** Another amount: what was denied may be had now. */
    void rule(LimitRule next) {
        if (!next.equals(rule)) {
            rule = next;
            deniedUntil = 0;
            deniedBeyondUntil = 0;
        }
    }

    /** What the account's meter says; an older word than is known changes nothing. */
    void told(Allotted.Line line, long now) {
        if (line.gen() < gen) {
            return;
        }
        if (line.gen() > gen) {
            long known = line.formerGen() == gen ? Math.max(overDurable, line.formerOver()) : overDurable;
            over = line.over() + (synced ? Math.max(0, over - known) : over);
            // A share is forgotten with calls that are over, so that slots are free; what they used of windows is used.
            boolean isNew = synced || rule.id().kind() == LimitId.Kind.SLOTS;
            used = isNew ? 0 : line.granted() + sum(line.taken()) - line.returned() - line.out();
            overDurable = line.over();
            held = 0;
            parted = line.out();
            out = line.out();
            taken.clear();
            taken.putAll(line.taken());
            takenHere = sum(taken);
            gen = line.gen();
            granted = line.granted();
            returned = line.returned();
        }
        synced = true;
        if (line.out() > out) {
            used -= line.out() - out;
            out = line.out();
        }
        takenDurable = sum(line.taken());
        returnedKnown = line.returned();
        granted = Math.max(granted, line.granted());
        overDurable = Math.max(overDurable, line.over());
        end = line.end();
        elsewhere = line.committed() - (line.granted() + takenDurable - line.returned() - line.out() + line.over());
        free = Math.max(0, rule.cap(now) - line.committed());
        returned += Math.clamp(headroom(), 0, Math.max(0, line.committed() - rule.cap(now))); // the limit was lowered
        crowdedUntil = line.crowded() ? now + DENIED_MILLIS : 0;
        if (line.denied()) {
            deniedUntil = now + DENIED_MILLIS;
        }
        if (line.deniedBeyond()) {
            deniedBeyondUntil = now + DENIED_MILLIS;
        }
    }

    /**
     * What to tell the account's meter.
     *
     * @param waiting the sum of the needs that wait here
     * @param beyond the same of those that may go beyond the limit, and have to
     * @param goesBeyond whether there are any that may
     * @param onStock whether more than that is worth having
     */
    Want.Line want(long waiting, long beyond, boolean goesBeyond, boolean onStock, long now) {
        if (!synced) {
            return Want.Line.unknown(rule.id());
        }
        if (!goesBeyond) {
            giveBackBeyond();
        }
        boolean open = isOpen(now);
        long room = open ? headroom() : 0;
        long missing = Math.max(0, waiting - room);
        long left = Math.max(0, room - waiting);
        long ahead = onStock && (missing > 0 || isLow(now)) ? Math.max(0, demand.ahead(rule.cap(now), now) - left) : 0;
        return new Want.Line(
                rule.id(),
                gen,
                missing,
                Math.max(0, beyond - spareBeyond()),
                ahead,
                used,
                returned,
                over,
                overDurable,
                taken);
    }

    // Calls whose key's meter moves take what they hold along. It is the other node's as soon as its meter says so, and
    // until the account's meter knows nobody else's.

    /** A call of this node's goes to another one. What it has beyond the limit goes as if it were of what is within. */
    void part(Hold.Piece piece) {
        held -= piece.inside();
        parted += piece.amount();
    }

    /** It has not left, or comes back before anybody took it over. */
    void stay(Hold.Piece piece) {
        held += piece.inside();
        parted -= piece.amount();
    }

    /** Whether what there is of a generation is known: it is open, or over. */
    boolean knows(long ofGen) {
        return synced && gen >= ofGen;
    }

    /** Its meter knows nothing of it: an end user's windows are over for so long that they were forgotten. */
    boolean isForgotten() {
        return synced && gen == 0;
    }

    /** A call has come from another node with {@code amount}. Of a window that is over it has nothing. */
    void take(long from, long ofGen, long amount) {
        if (ofGen == gen || (ofGen == ANY_GEN && gen > 0)) {
            taken.merge(from, amount, Long::sum);
            takenHere += amount;
            used += amount;
            held += amount;
        }
    }

    private static long sum(Map<Long, Long> amounts) {
        long sum = 0;
        for (long amount : amounts.values()) {
            sum += amount;
        }
        return sum;
    }

    boolean hasGivenBack() {
        return returned > returnedKnown;
    }

    /** Gives back what is not in use. */
    void giveBack() {
        returned += Math.max(0, headroom());
    }

    /**
     * Slots of a call that came from another node and is over go back: they may be free there already, when that node is gone.
     *
     * @return whether there were any
     */
    boolean giveBackSlots(List<Hold.Piece> pieces) {
        long slots = 0;
        for (Hold.Piece piece : pieces) {
            slots += rule.id().kind() == LimitId.Kind.SLOTS && piece.isOf(this) ? piece.amount() : 0;
        }
        returned += Math.clamp(headroom(), 0, slots);
        return slots > 0;
    }

    /**
     * Gives back what it was let go beyond the limit and did not. The meter knows the counters that it has, all of which
     * only grow: so it is as if that had been used beyond, and as much less within.
     */
    private void giveBackBeyond() {
        long spare = spareBeyond();
        over += spare;
        used -= spare;
        returned += spare;
    }

    /** What it may still use beyond the limit. */
    long spareBeyond() {
        return Math.max(0, overDurable - over);
    }

    boolean isOpen(long now) {
        return gen > 0 && now < end;
    }

    private long headroom() {
        return piece() - used;
    }

    /** Nothing of it is in flight, and nothing that its meter does not know. */
    boolean isAtRest() {
        return held == 0 && !owesMeter() && !hasParted();
    }

    /** Of a window, what has parted is used and stays so; a slot would be free again. */
    private boolean hasParted() {
        return rule.id().kind() == LimitId.Kind.SLOTS && parted > out;
    }

    /** Nothing of it has to wait for another message: its meter is asked first what this node had of it. */
    boolean tellsAll() {
        return synced || over == 0;
    }

    /** There was no room for its end user, some time ago. */
    boolean wasCrowded(long now) {
        return crowdedUntil > 0 && !isCrowded(now) && isForgettable(now);
    }

    /** Nothing is lost with it: its window is over, or it has nothing. */
    boolean isForgettable(long now) {
        return isAtRest() && (!isOpen(now) || (piece() == 0 && used == 0));
    }

    /** There is use beyond the slice that its meter has not made durable, as far as is known here. */
    boolean owesMeter() {
        return over > overDurable || takenHere > takenDurable;
    }

    /** What of the limit is this node's. */
    long piece() {
        return granted + takenHere - returned - out;
    }

    /** What has come from other nodes. */
    long taken() {
        return takenHere;
    }

    /** What other nodes have taken over, as far as is known here. */
    long out() {
        return out;
    }

    /** What of it is in use. */
    long used() {
        return used;
    }

    long over() {
        return over;
    }

    @Override
    public LimitId id() {
        return rule.id();
    }

    @Override
    public long gen() {
        return gen;
    }

    /** What is here comes first: only the account's meter can say that there is no more. */
    @Override
    public Fit fit(long need, long now) {
        if (need == 0) {
            return Fit.YES;
        }
        demand.asked(need);
        if (isCrowded(now) || need > rule.cap(now)) {
            return Fit.EXCEEDED;
        }
        if (!isOpen(now)) {
            return Fit.SHORT;
        }
        if (need <= headroom()) {
            return Fit.YES;
        }
        return now < deniedUntil && need > free + headroom() ? Fit.EXCEEDED : Fit.SHORT;
    }

    /** Beyond the limit only the account's meter lets anybody go, and durably before it happens. */
    @Override
    public Fit fitBeyond(long need, long now) {
        if (isCrowded(now)) {
            return Fit.EXCEEDED;
        }
        if (need <= overDurable - over) {
            return Fit.YES;
        }
        return now < deniedBeyondUntil ? Fit.EXCEEDED : Fit.SHORT;
    }

    @Override
    public void debitBeyond(long need) {
        over += need;
    }

    @Override
    public void debit(long need, long now) {
        used += need;
        held += need;
        demand.used(need, now);
    }

    @Override
    public void release(long amount, long unused) {
        held -= amount;
        used -= unused;
    }

    @Override
    public void charge(long excess) {
        long inside = Math.clamp(headroom(), 0, excess);
        used += inside;
        over += excess - inside;
    }

    @Override
    public boolean isLow(long now) {
        return free > 0 && isOpen(now) && demand.isLow(headroom(), rule.cap(now), free, now);
    }

    @Override
    public @Nullable AccountId crowd(long now) {
        return isCrowded(now) ? account : null;
    }

    private boolean isCrowded(long now) {
        return now < crowdedUntil;
    }

    @Override
    public Standing standing(long now) {
        boolean open = isOpen(now);
        return new Standing(
                scope,
                rule.id().endUser() == null ? account.name() : rule.id().endUser(),
                rule.id(),
                rule.cap(now),
                open ? elsewhere + used + over : 0,
                open ? held : 0,
                open && end != LimitRule.NEVER ? Instant.ofEpochMilli(end) : null);
    }

    @Override
    public Standing refusal(long now) {
        Standing standing = standing(now);
        @Nullable Instant reset = standing.reset();
        return reset != null || rule.period() == null
                ? standing
                : standing.until(Instant.ofEpochMilli(rule.windowEnd(now, zone)));
    }
}
