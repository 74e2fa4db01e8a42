package dev.weir.actors.meter;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * What a key's meter knows of holds that it does not have: they are over, or an owner before it crashed, or their door is
 * gone. Each of those is settled once.
 */
final class OldHolds {

    private static final int REMEMBERED = 4096;

    /** Of each kind: more than what doors may still have to say while a meter moves. */
    private static final int TAKEN_ALONG = 256;

    private final long knownSince;
    private final Set<HoldId> orphans;
    private final Set<HoldId> settled;

    /**
     * @param knownSince the meter has all open holds of this epoch and of later ones, but for the orphans
     * @param before what the owner before this one knew
     */
    OldHolds(long knownSince, PastHolds before) {
        this.knownSince = knownSince;
        this.orphans = new LinkedHashSet<>(before.orphans());
        this.settled = new LinkedHashSet<>(before.settled());
    }

    /** The door of an open hold is gone, as far as is known. */
    void orphan(HoldId hold) {
        add(orphans, hold);
    }

    /** @param born the epoch of the key's creation */
    boolean isOver(HoldId hold, long epoch, long born) {
        boolean isKnown = epoch >= knownSince && !orphans.contains(hold);
        return isKnown || epoch < born || settled.contains(hold);
    }

    /** @return false when that had been said before, among the last {@value #REMEMBERED} */
    boolean settle(HoldId hold) {
        orphans.remove(hold);
        return add(settled, hold);
    }

    private static boolean add(Set<HoldId> last, HoldId hold) {
        if (last.size() >= REMEMBERED) {
            last.remove(last.iterator().next());
        }
        return last.add(hold);
    }

    /** What the next owner has to know. */
    PastHolds known() {
        return new PastHolds(knownSince, last(orphans), last(settled));
    }

    private static List<HoldId> last(Set<HoldId> holds) {
        return holds.stream().skip(Math.max(0, holds.size() - TAKEN_ALONG)).toList();
    }
}
