package dev.weir.actors.meter;

import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.Set;

/**
 * What a key's meter knows of holds that it does not have: they are over, or an owner before it crashed, or their door is
 * gone. Each of those is settled once.
 */
final class OldHolds {

    private static final int REMEMBERED = 4096;

    private final long knownSince;
    private final Set<HoldId> orphans = new HashSet<>();
    private final Set<HoldId> settled = new LinkedHashSet<>();

    /** @param knownSince the meter has all open holds of this epoch and of later ones, but for the orphans */
    OldHolds(long knownSince) {
        this.knownSince = knownSince;
    }

    /** The door of an open hold is gone, as far as is known. */
    void orphan(HoldId hold) {
        orphans.add(hold);
    }

    /** @param born the epoch of the key's creation */
    boolean isOver(HoldId hold, long epoch, long born) {
        boolean isKnown = epoch >= knownSince && !orphans.contains(hold);
        return isKnown || epoch < born || settled.contains(hold);
    }

    /** @return false when that had been said before, among the last {@value #REMEMBERED} */
    boolean settle(HoldId hold) {
        if (settled.size() >= REMEMBERED) {
            settled.remove(settled.iterator().next());
        }
        return settled.add(hold);
    }
}
