package dev.weir.actors.meter;

import java.util.function.LongSupplier;

/**
 * The messages of a {@link Share} to its account's meter, and the answers: one at most is on its way, and it is said again
 * until it is answered.
 */
final class Exchange {

    /** With a recall at the meter that nobody answers, a call still gets its answer within what it waits. */
    private static final int TICKS_TO_ANSWER = 3;

    /** So many messages in a row without an answer are no accident. */
    private static final int SILENT = 5;

    private final LongSupplier sequences;
    private long first;
    private long last;
    private long answered;
    private boolean asking;
    private int ticks;
    private int unanswered;

    /** @param sequences of this node's messages, which only grow: the meter knows the last one, whatever share sent it */
    Exchange(LongSupplier sequences) {
        this.sequences = sequences;
    }

    /** Begins a message. Returns its number. */
    long ask() {
        asking = true;
        ticks = 0;
        last = sequences.getAsLong();
        first = first == 0 ? last : first;
        return last;
    }

    boolean isAsking() {
        return asking;
    }

    /** Whether an answer is to this share; one to a share before it is true no more. */
    boolean isOurs(long sequence) {
        return first != 0 && sequence >= first;
    }

    /** It is to the last message. */
    boolean isCurrent(long sequence) {
        return sequence == last;
    }

    void ended() {
        asking = false;
        unanswered = 0;
    }

    /** The number of the last message. */
    long last() {
        return last;
    }

    /** The last message whose answer had figures. */
    long answered() {
        return answered;
    }

    void hadFigures(long sequence) {
        answered = Math.max(answered, sequence);
    }

    /** A tick of the clock went by. True when a message was lost and has to be sent again. */
    boolean isLate() {
        if (asking && ++ticks >= TICKS_TO_ANSWER) {
            asking = false;
            unanswered++;
            return true;
        }
        return false;
    }

    /** The meter has not answered for some time. */
    boolean isSilent() {
        return unanswered >= SILENT;
    }
}
