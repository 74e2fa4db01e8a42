package dev.weir.actors.meter;

import org.jspecify.annotations.Nullable;

/**
 * What a call asks for.
 *
 * @param hash of the secret that was shown, SHA-256 in hex
 * @param model the public name; empty when nobody serves it, which checks the key only
 * @param endUser whom the application says that it calls for
 * @param topUp counts what a running call asks for in addition, from 1; 0 is the reservation of one that begins
 * @param epoch of the grant that a top-up is to; 0 of a reservation
 * @param paid false of an account that somebody else pays for
 */
public record Ask(
        HoldId hold,
        String hash,
        String model,
        Need need,
        @Nullable String endUser,
        int topUp,
        long epoch,
        boolean paid) {

    /** What it needs of a limit. */
    long amount(Portion portion) {
        return portion.id().isAbout(model) ? portion.id().unit().of(need) : 0;
    }

    /** What a call that asked for this used of a limit beyond it. */
    long excess(Portion portion, Need used) {
        LimitId.Unit unit = portion.id().unit();
        long had = unit.of(need);
        return portion.id().isAbout(model) ? Math.max(0, unit.charged(had, used, true) - had) : 0;
    }

    /** Whether that fits. A call that runs may go beyond a limit that has no more within. */
    Portion.Fit fit(Portion portion, long now) {
        long amount = amount(portion);
        Portion.Fit within = portion.fit(amount, now);
        return within == Portion.Fit.EXCEEDED && topUp > 0 ? portion.fitBeyond(amount, now) : within;
    }

    Ask withoutMoney() {
        Need unpaid = new Need(need.requests(), need.tokens(), 0, need.slots(), true);
        return new Ask(hold, hash, model, unpaid, endUser, topUp, epoch, false);
    }
}
