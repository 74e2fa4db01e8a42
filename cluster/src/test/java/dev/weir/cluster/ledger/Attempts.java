package dev.weir.cluster.ledger;

import dev.weir.actors.meter.HoldId;
import dev.weir.actors.meter.Need;
import dev.weir.actors.meter.Outcome;
import dev.weir.config.price.Usage;
import java.util.List;

/** Attempts as a door would write them. */
final class Attempts {

    static final long HELD_TOKENS = 100;
    static final long HELD_NANO = 5_000;

    private Attempts() {}

    static AttemptId id(long incarnation, long sequence) {
        return new AttemptId(new HoldId(incarnation, sequence), 1);
    }

    static String key(AttemptId id) {
        return "key" + id.call().sequence() % 3;
    }

    static AttemptBegun begun(AttemptId id, long millis) {
        return new AttemptBegun(
                id,
                "request",
                key(id),
                "gpt-4o",
                "gpt-4o",
                "azure-1",
                "azure",
                true,
                Need.ofCall(HELD_TOKENS, HELD_NANO, true),
                millis,
                "team",
                null,
                "organization",
                "customer",
                List.of("paid"));
    }

    static AttemptEnded ended(AttemptId id, long nanoUsd, long millis) {
        return new AttemptEnded(
                id, Outcome.COMPLETED, 200, Usage.ofText(7, 3), false, nanoUsd, true, millis, millis - 1);
    }
}
