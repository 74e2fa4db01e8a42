package dev.weir.streams.relay;

import dev.weir.config.price.Usage;
import dev.weir.streams.dialect.ChatFacts;
import dev.weir.streams.dialect.ChatRequest;
import org.jspecify.annotations.Nullable;

/** What one attempt uses, and who is told: exactly one end for every begin. */
final class AttemptAccount {

    private static final long PROGRESS_TOKENS = 256;

    private final CallWatch watch;
    private final int number;
    private final Target target;
    private final ChatRequest request;
    private final ChatFacts facts;

    private boolean begun;
    private boolean ended;
    private long begunAt;
    private long firstContentNanos;
    private long journalledOutput = PROGRESS_TOKENS;

    AttemptAccount(CallWatch watch, int number, Target target, ChatRequest request, ChatFacts facts) {
        this.watch = watch;
        this.number = number;
        this.target = target;
        this.request = request;
        this.facts = facts;
    }

    /** @return false when it must not begin */
    boolean begin() {
        begun = watch.attemptBegins(number, target);
        begunAt = System.nanoTime();
        return begun;
    }

    long begunAt() {
        return begunAt;
    }

    void firstContent() {
        firstContentNanos = System.nanoTime() - begunAt;
    }

    /** Says how far the output will have come before it is passed on, in steps, so that a crash leaves nothing uncharged. */
    void progress() {
        long output = facts.outputEstimate();
        if (output > journalledOutput && !ended) {
            journalledOutput = output + PROGRESS_TOKENS;
            watch.attemptProgressed(number, target, Usage.ofText(request.inputEstimate(), journalledOutput));
        }
    }

    /**
     * @param failure null when the upstream's answer reached its own end
     * @param status what the upstream answered, or 0
     */
    void end(@Nullable Failure failure, int status) {
        if (!begun || ended) {
            return;
        }
        ended = true;
        Usage told = facts.usage();
        boolean charged = told != null || failure == null || mayHaveGenerated(failure, status);
        boolean estimated = told == null && charged;
        Usage usage = told != null ? told : charged ? estimate() : Usage.NONE;
        watch.attemptEnded(number, target, new AttemptEnd(failure, status, usage, estimated, firstContentNanos));
    }

    /** A provider that refused did nothing; one that was cut off may have worked on the whole input. */
    private static boolean mayHaveGenerated(Failure failure, int status) {
        return switch (failure.kind()) {
            case CLIENT_LEFT, TIMED_OUT, DRAINING -> status < 400;
            default -> status >= 200 && status < 300;
        };
    }

    private Usage estimate() {
        return Usage.ofText(request.inputEstimate(), facts.outputEstimate());
    }
}
