package dev.weir.actors.meter;

import java.util.List;

/**
 * An open hold: what a call in flight has of each limit.
 *
 * @param pieces none for a limit of which the call needed nothing
 */
public record Hold(HoldId id, Need need, List<Piece> pieces) {

    /** An amount of one limit. It belongs to the generation that granted it and is refunded into no other. */
    public record Piece(LimitId limit, long gen, long amount) {}

    public Hold {
        pieces = List.copyOf(pieces);
    }

    boolean has(LimitId limit, long gen) {
        for (Piece piece : pieces) {
            if (piece.gen == gen && piece.limit.equals(limit)) {
                return true;
            }
        }
        return false;
    }
}
