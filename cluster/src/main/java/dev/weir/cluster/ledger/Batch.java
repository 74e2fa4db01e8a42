package dev.weir.cluster.ledger;

import dev.weir.actors.meter.Outcome;
import dev.weir.config.price.Usage;
import java.util.List;

/**
 * What one transaction does to the store. Repeated as it is when nobody knows whether it was done.
 *
 * @param number the transactions of a journal are counted without a gap
 * @param readTo where reading goes on; every end before it is in the ledger
 * @param released what lies before it will not be read again
 * @param parked attempts that run for long, to be kept by the store in the journal's place
 * @param progressed of attempts that are parked
 * @param rows attempts that have ended. May be read of the journal at each look, for garbage's sake: to be gone through
 *     in order, and not kept
 * @param ends of attempts whose beginning is parked
 * @param unparked among {@code rows}, those whose beginning is parked
 */
record Batch(
        long number,
        long readTo,
        long released,
        List<Running> parked,
        List<Entry.Progressed> progressed,
        List<Row> rows,
        List<AttemptEnded> ends,
        List<AttemptId> unparked) {

    /** An attempt that has not ended, and what it is charged if nothing further is heard. */
    record Running(AttemptBegun begun, long tokens, long nanoUsd) {

        Running atLeast(long otherTokens, long otherNanoUsd) {
            return new Running(begun, Math.max(tokens, otherTokens), Math.max(nanoUsd, otherNanoUsd));
        }

        /** Its row when nothing further is heard. */
        Row lost(long millis) {
            return new Row(
                    begun,
                    new AttemptEnded(
                            begun.id(),
                            Outcome.LOST,
                            0,
                            Usage.ofText(tokens, 0),
                            true,
                            nanoUsd,
                            begun.held().priced(),
                            Math.max(millis, begun.startedMillis()),
                            0));
        }
    }

    /** Both ends of an attempt. */
    record Row(AttemptBegun begun, AttemptEnded ended) {}

    boolean isEmpty() {
        return parked.isEmpty() && progressed.isEmpty() && rows.isEmpty() && ends.isEmpty();
    }
}
