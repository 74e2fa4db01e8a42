package dev.weir.perf.jmh;

import dev.weir.actors.meter.Need;
import io.github.bucket4j.Bucket;
import io.github.bucket4j.ConsumptionProbe;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A key's limits as a gateway without meters keeps them: a token bucket for each, and a counter of calls in flight. A
 * call that one limit refuses gives the others back what it had of them.
 */
final class Buckets {

    /** Long, because a bucket takes no more than a token a nanosecond. */
    private static final Duration WINDOW = Duration.ofDays(30);

    private final Bucket requests;
    private final Bucket tokens;
    private final Bucket money;
    private final AtomicLong inFlight = new AtomicLong();
    private final long slots;

    Buckets(long limit, long slots) {
        this.requests = bucket(limit);
        this.tokens = bucket(limit);
        this.money = bucket(limit);
        this.slots = slots;
    }

    private static Bucket bucket(long limit) {
        return Bucket.builder()
                .addLimit(each -> each.capacity(limit).refillIntervally(limit, WINDOW))
                .build();
    }

    /** What is left of the limits, for an answer's headers; -1 when one of them refuses. */
    long admit(Need need) {
        if (inFlight.incrementAndGet() > slots) {
            inFlight.decrementAndGet();
            return -1;
        }
        ConsumptionProbe ofRequests = requests.tryConsumeAndReturnRemaining(need.requests());
        if (!ofRequests.isConsumed()) {
            inFlight.decrementAndGet();
            return -1;
        }
        ConsumptionProbe ofTokens = tokens.tryConsumeAndReturnRemaining(need.tokens());
        if (!ofTokens.isConsumed()) {
            inFlight.decrementAndGet();
            requests.addTokens(need.requests());
            return -1;
        }
        ConsumptionProbe ofMoney = money.tryConsumeAndReturnRemaining(need.nanoUsd());
        if (!ofMoney.isConsumed()) {
            inFlight.decrementAndGet();
            requests.addTokens(need.requests());
            tokens.addTokens(need.tokens());
            return -1;
        }
        return ofRequests.getRemainingTokens() ^ ofTokens.getRemainingTokens() ^ ofMoney.getRemainingTokens();
    }

    void settle(Need held, Need used) {
        tokens.addTokens(held.tokens() - used.tokens());
        money.addTokens(held.nanoUsd() - used.nanoUsd());
        inFlight.decrementAndGet();
    }
}
