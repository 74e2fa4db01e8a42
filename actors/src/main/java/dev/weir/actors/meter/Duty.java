package dev.weir.actors.meter;

import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;

/**
 * What a meter does while it has its row: admit the calls of a key, or give nodes their slices of an account. Its {@link
 * MeterBehavior} owns the row and its writes.
 */
interface Duty {

    /** What a duty asks of the life that it is part of. */
    interface Life {

        /** There may be something to write: asks {@link Duty#plan} when no write is in flight. */
        void write();

        boolean isWriting();
    }

    /** Why a node that may have been shut out does not answer. */
    String NO_RIGHT = "this node has not heard from the store for too long to decide anything";

    /**
     * Takes the row; nothing is given out before its claim is {@link #written}.
     *
     * @param former {@linkplain MeterState#former who} has had it, if that one did not leave it
     */
    void take(MeterState row, long former, long ledgerNanoUsd);

    /** Takes a row that this meter has just created. */
    void takeCreated(MeterState row);

    /** Lets go of the row: it is a tombstone, or was never there. Whoever waits is told so. */
    void drop();

    /** A command while the row is there. */
    void on(Meter.Use command);

    /** A command while it is not known yet. */
    void await(Meter.Use command);

    /** There is no such key, or account. */
    void absent(Meter.Use command);

    /** Nothing can be said now, and why; whoever waits is told. */
    void refuseWaiting(String reason);

    /** The same for one command. */
    void refuse(Meter.Use command, String reason);

    /** Whoever waits, and waits here no longer. */
    List<Meter.Use> handOn();

    MeterState durable();

    /** What has been spent, for a budget that is set from now on. */
    long spent();

    /** It knows only what the ledger had when it was last {@linkplain #ledger told}. */
    boolean countsByLedger();

    void ledger(long nanoUsd);

    Optional<MeterState> plan(UnaryOperator<MeterState> change, long now, long nonce);

    /** The last plan is durable. */
    void written(MeterState row);

    /** The last plan will never be. */
    void abandoned();

    /** The row has been claimed, or another write is through: looks again at whoever waits. */
    void resume();

    /** The row to leave behind; empty when the store has everything already. */
    Optional<MeterState> leaving(long nonce);

    /** The last write is through. */
    void left();

    /** The meter is here no longer, whatever ended it. */
    void ended();

    /** Nothing is open, and nobody waits. */
    boolean isQuiet();

    /** Does {@code then} once an operator's change, which is durable in {@code row}, is in force everywhere. */
    void enforce(Meter.Admin change, MeterState row, Runnable then);

    /** Does {@code then} when the view is whole, which may be now. */
    void whenKnown(Runnable then);

    MeterView view(long now);
}
