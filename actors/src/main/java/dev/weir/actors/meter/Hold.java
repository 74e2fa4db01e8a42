package dev.weir.actors.meter;

import dev.weir.config.AccountId;
import java.util.List;

/**
 * An open hold: what a call in flight has of each limit of its key. What it has of accounts is in their {@link Share}s.
 *
 * @param model that it calls
 * @param accounts that it is charged to, besides its key
 * @param pieces none for a limit of which the call needed nothing
 */
public record Hold(HoldId id, String model, Need need, List<AccountId> accounts, List<Piece> pieces) {

    /** An amount of one limit. It belongs to the generation that granted it and is refunded into no other. */
    public record Piece(LimitId limit, long gen, long amount) {}

    public Hold {
        accounts = List.copyOf(accounts);
        pieces = List.copyOf(pieces);
    }

    /**
     * Ends a hold in one limit: what was not used is free in the window that it was held in, what was used beyond is
     * charged to the one that is open.
     *
     * @return whether something was charged beyond
     */
    static boolean settle(Portion portion, String model, List<Piece> pieces, Need used, boolean began) {
        LimitId id = portion.id();
        long had = 0;
        long live = 0;
        for (Piece piece : pieces) {
            if (piece.limit.equals(id)) {
                had += piece.amount;
                live += piece.gen == portion.gen() ? piece.amount : 0;
            }
        }
        if (had == 0 && !id.isAbout(model)) {
            return false;
        }
        long took = id.unit().charged(had, used, began);
        if (live > 0) {
            portion.release(live, Math.clamp(had - took, 0, live));
        }
        if (took > had) {
            portion.charge(took - had);
            return true;
        }
        return false;
    }
}
