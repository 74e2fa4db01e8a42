package dev.weir.actors.meter;

import dev.weir.config.AccountId;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * An open hold: what a call in flight has of each limit of its key. What it has of accounts is in their {@link Share}s,
 * and goes with it when its key's meter moves.
 *
 * @param model that it calls
 * @param accounts that it is charged to, besides its key
 * @param need all of it
 * @param pieces none for a limit of which the call needed nothing
 * @param topUps how often it was topped up
 * @param parts what it had of accounts on the node that its meter has left
 */
public record Hold(
        HoldId id,
        String model,
        Need need,
        List<AccountId> accounts,
        List<Piece> pieces,
        int topUps,
        List<Part> parts) {

    /**
     * An amount of one limit. It belongs to the generation that granted it and is refunded into no other.
     *
     * @param beyond the limit: what of it is not used comes back as room within
     */
    public record Piece(LimitId limit, long gen, long amount, boolean beyond) {

        /** What of it is within the limit. */
        long inside() {
            return beyond ? 0 : amount;
        }

        /** At another node it is within what came there. */
        Piece come() {
            return new Piece(limit, gen, amount, false);
        }

        /** It is of this limit, and of the window that is open there. */
        boolean isOf(Portion portion) {
            return limit.equals(portion.id())
                    && (gen == portion.gen() || (gen == ShareSlice.ANY_GEN && portion.gen() > 0));
        }
    }

    /**
     * What a hold had of one account on the node of its meter.
     *
     * @param paid whether the account pays for the call, or somebody else
     * @param pieces of which what is within a window that is open goes along
     * @param from the node that has them, where it is not that node: they were on their way to it
     */
    public record Part(
            AccountId account,
            boolean paid,
            @Nullable String endUser,
            List<Piece> pieces,
            @Nullable Long from) {
        public Part {
            pieces = List.copyOf(pieces);
        }
    }

    public Hold {
        accounts = List.copyOf(accounts);
        pieces = List.copyOf(pieces);
        parts = List.copyOf(parts);
    }

    Hold(HoldId id, String model, Need need, List<AccountId> accounts, List<Piece> pieces, int topUps) {
        this(id, model, need, accounts, pieces, topUps, List.of());
    }

    /** The same hold, on its way to another node. */
    Hold with(List<Part> parted) {
        return new Hold(id, model, need, accounts, pieces, topUps, parted);
    }

    /** Takes an amount that fits within or, where it does not, beyond. */
    static Piece taken(Portion portion, long amount, long now) {
        boolean beyond = portion.fit(amount, now) != Portion.Fit.YES;
        if (beyond) {
            portion.debitBeyond(amount);
        } else {
            portion.debit(amount, now);
        }
        return new Piece(portion.id(), portion.gen(), amount, beyond);
    }

    /** The same hold with more. */
    Hold toppedUp(Ask by, List<Piece> more) {
        List<Piece> all = new ArrayList<>(pieces);
        all.addAll(more);
        return new Hold(id, by.model(), need.and(by.need()), accounts, all, by.topUp());
    }

    /** The same hold, which its door has said more of: it has been admitted by an owner before this one. */
    Hold reopened(Need more, List<AccountId> of) {
        Set<AccountId> all = new TreeSet<>(accounts); // in the order of their locks, as everywhere
        all.addAll(of);
        return new Hold(id, model, need.and(more), List.copyOf(all), pieces, topUps);
    }

    /**
     * Ends a hold in one limit: what was not used is free in the window that it was held in, what was used beyond is
     * charged to the one that is open.
     *
     * @param charged what is charged for it already, besides the pieces: of a hold whose owner crashed
     * @return whether something was charged beyond
     */
    static boolean settle(Portion portion, String model, List<Piece> pieces, Need charged, Need used, boolean began) {
        LimitId id = portion.id();
        long had = id.isAbout(model) ? id.unit().of(charged) : 0;
        long live = 0;
        long beyond = 0;
        for (Piece piece : pieces) {
            if (piece.limit.equals(id)) {
                had += piece.amount;
                long current = piece.isOf(portion) ? piece.amount : 0;
                live += piece.beyond ? 0 : current;
                beyond += piece.beyond ? current : 0;
            }
        }
        if (had == 0 && !id.isAbout(model)) {
            return false;
        }
        long took = id.unit().charged(had, used, began);
        if (live + beyond > 0) {
            portion.release(live, Math.clamp(had - took, 0, live + beyond));
        }
        if (took > had) {
            portion.charge(took - had);
            return true;
        }
        return false;
    }
}
