package dev.weir.streams.relay;

import dev.weir.config.price.Usage;
import dev.weir.streams.pool.HeaderBlock;
import org.apache.pekko.util.ByteString;
import org.jspecify.annotations.Nullable;

/** Who must know how a call goes: records, meters and metrics. Called on the call's loop, in order. */
public interface CallWatch {

    /** What one attempt's request carries: the target's headers and those that name the attempt. */
    HeaderBlock headers(int number, Target target);

    /**
     * Another attempt is about to be made. Its call is held for what the ones before have used already, so that it has to
     * hold as much again.
     *
     * @param then what to do when it is held, or is not; at once, or later on the call's loop
     */
    void holdAnother(int number, Target target, Held then);

    /** How many output tokens of this attempt may be passed on; {@link Long#MAX_VALUE} for as many as come. */
    long outputHeld();

    /**
     * Holds more output for this attempt, at least {@code tokens} in all.
     *
     * @param then what to do when {@link #outputHeld} has grown, or has not; later, on the call's loop
     */
    void holdOutput(long tokens, Held then);

    /** What becomes of asking for more. */
    interface Held {

        /** @param refusal null when it is held */
        void answered(@Nullable Failure refusal);
    }

    /** The first byte to an upstream is about to leave; false forbids it. */
    boolean attemptBegins(int number, Target target);

    /** The attempt is about to pass on output up to this usage; told now and then. */
    void attemptProgressed(int number, Target target, Usage upTo);

    /** Told exactly once for each attempt that began. */
    void attemptEnded(int number, Target target, AttemptEnd end);

    /**
     * The call is over, told exactly once: the client has not got its last byte yet, if it is still there.
     *
     * @param failure null when the client gets what the upstream said
     */
    void callEnded(@Nullable Failure failure);

    /** What a client is told inside a stream that has already begun. */
    ByteString inBand(Failure failure);
}
