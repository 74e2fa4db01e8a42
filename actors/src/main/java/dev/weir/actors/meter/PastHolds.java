package dev.weir.actors.meter;

import java.util.List;

/**
 * What a key's row says of holds that are not open.
 *
 * @param knownSince all open holds of this epoch and of later ones are in the row; older ones were lost with their owner
 * @param orphans those whose door was gone, as far as was known: charged whole, and not settled
 * @param settled of lost ones, orphans and those that an owner before had granted, those that were settled last
 */
public record PastHolds(long knownSince, List<HoldId> orphans, List<HoldId> settled) {

    public PastHolds {
        orphans = List.copyOf(orphans);
        settled = List.copyOf(settled);
    }

    /** Nothing but what is in the row was ever open. */
    static PastHolds none(long epoch) {
        return new PastHolds(epoch, List.of(), List.of());
    }
}
