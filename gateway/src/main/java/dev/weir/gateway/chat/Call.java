package dev.weir.gateway.chat;

import dev.weir.actors.meter.Decision;
import dev.weir.actors.meter.HoldId;
import dev.weir.actors.meter.Need;
import dev.weir.actors.meter.Outcome;
import dev.weir.cluster.ledger.AttemptBegun;
import dev.weir.cluster.ledger.AttemptEnded;
import dev.weir.cluster.ledger.AttemptId;
import dev.weir.config.KeySettings;
import dev.weir.config.price.Price;
import dev.weir.config.price.Usage;
import dev.weir.gateway.door.Inbound;
import dev.weir.gateway.door.Refusal;
import dev.weir.gateway.door.Replies;
import dev.weir.gateway.telemetry.AccessLines;
import dev.weir.streams.dialect.ChatRequest;
import dev.weir.streams.pool.HeaderBlock;
import dev.weir.streams.relay.AttemptEnd;
import dev.weir.streams.relay.CallWatch;
import dev.weir.streams.relay.Failure;
import dev.weir.streams.relay.Target;
import org.apache.pekko.util.ByteString;
import org.jspecify.annotations.Nullable;

/**
 * An admitted call: it journals its attempts, sums them up, and settles its hold exactly once. Confined to its loop.
 */
final class Call implements CallWatch {

    private final ChatRoute.Rooms rooms;
    private final Inbound inbound;
    private final @Nullable String endUser;
    private final ChatRequest request;
    private final Models.Group group;
    private final Decision.Granted granted;
    private final Holding holding;

    private boolean began;
    private boolean ended;
    private int attempts;
    private long attemptBeganMillis;
    private long attemptBeganNanos;
    private long upstreamNanos;
    private long firstContentNanos;
    private long promptTokens;
    private long completionTokens;
    private long nanoUsd;
    private long replacedTokens;
    private long replacedNanoUsd;
    private boolean estimated;
    private boolean priced = true;
    private int lastStatus;
    private @Nullable Target lastTarget;

    Call(
            ChatRoute.Rooms rooms,
            Inbound inbound,
            @Nullable String endUser,
            ChatRequest request,
            Models.Group group,
            Decision.Granted granted,
            Holding holding) {
        this.rooms = rooms;
        this.inbound = inbound;
        this.endUser = endUser;
        this.request = request;
        this.group = group;
        this.granted = granted;
        this.holding = holding;
    }

    Decision.Granted granted() {
        return granted;
    }

    Models.Group group() {
        return group;
    }

    /** What the attempts so far have cost, in nano-dollars. */
    long nanoUsd() {
        return nanoUsd;
    }

    /** Time spent in this house rather than waiting for an upstream, up to now. */
    long overheadNanos() {
        return Math.max(0, System.nanoTime() - inbound.startedNanos() - upstreamNanos);
    }

    @Override
    public HeaderBlock headers(int number, Target target) {
        if (!rooms.attemptHeader()) {
            return target.headers();
        }
        return target.headers().with("x-weir-attempt", id(number).toString());
    }

    private AttemptId id(int number) {
        HoldId hold = granted.hold();
        return new AttemptId(hold, number);
    }

    @Override
    public void holdAnother(int number, Target target, Held then) {
        long tokens = promptTokens + completionTokens - replacedTokens;
        long cost = nanoUsd - replacedNanoUsd;
        replacedTokens += tokens;
        replacedNanoUsd += cost;
        holding.replace(tokens, cost, then);
    }

    @Override
    public long outputHeld() {
        return holding.output();
    }

    @Override
    public void holdOutput(long tokens, Held then) {
        holding.growTo(tokens, then);
    }

    @Override
    public boolean attemptBegins(int number, Target target) {
        KeySettings key = granted.key();
        attemptBeganMillis = System.currentTimeMillis();
        attemptBeganNanos = System.nanoTime();
        boolean journalled = rooms.meters().mayDecide() // or this process has stood still since the call was admitted
                && rooms.journal()
                        .begin(new AttemptBegun(
                                id(number),
                                inbound.requestId(),
                                granted.meter(),
                                request.model(),
                                group.name(),
                                target.id(),
                                target.provider(),
                                request.stream(),
                                holding.need(),
                                attemptBeganMillis,
                                key.teamId(),
                                key.userId(),
                                granted.organizationId(),
                                endUser,
                                request.tags()));
        if (journalled) {
            began = true;
            attempts = number;
        }
        return journalled;
    }

    @Override
    public void attemptProgressed(int number, Target target, Usage upTo) {
        Price price = group.served(target).price();
        rooms.journal().progress(id(number), upTo, price == null ? 0 : price.cost(upTo));
    }

    @Override
    public void attemptEnded(int number, Target target, AttemptEnd end) {
        Models.Served served = group.served(target);
        Usage usage = end.usage();
        long cost = served.price() == null ? 0 : served.price().cost(usage);
        Outcome outcome = outcome(end.failure());
        rooms.journal()
                .end(new AttemptEnded(
                        id(number),
                        outcome,
                        end.status(),
                        usage,
                        end.estimated(),
                        cost,
                        served.price() != null,
                        System.currentTimeMillis(),
                        end.firstContentNanos() == 0 ? 0 : attemptBeganMillis + end.firstContentNanos() / 1_000_000));
        upstreamNanos += System.nanoTime() - attemptBeganNanos;
        firstContentNanos = end.firstContentNanos();
        promptTokens += usage.prompt();
        completionTokens += usage.completion();
        nanoUsd += cost;
        estimated |= end.estimated();
        priced &= served.price() != null;
        lastStatus = end.status();
        lastTarget = target;
        served.series().attemptEnded(outcome);
        if (!end.estimated() && outcome == Outcome.COMPLETED && end.status() < 300) {
            group.experience().prompt(request, usage.prompt());
            if (request.stream()) {
                group.experience().output(usage.completion());
            }
        }
        if (firstContentNanos > 0) {
            group.series().firstContent(firstContentNanos);
        }
    }

    @Override
    public void callEnded(@Nullable Failure failure) {
        if (ended) {
            return;
        }
        ended = true;
        Need used = new Need(began ? 1 : 0, promptTokens + completionTokens, nanoUsd, 0, priced);
        holding.settled();
        rooms.meters().settle(granted.meter(), granted.hold(), granted.epoch(), holding.need(), used, began);
        Outcome outcome = outcome(failure);
        long nanos = System.nanoTime() - inbound.startedNanos();
        group.series().ended(outcome, promptTokens, completionTokens, nanoUsd, nanos);
        rooms.access().add(line(failure, outcome, nanos));
    }

    private AccessLines.Line line(@Nullable Failure failure, Outcome outcome, long nanos) {
        return new AccessLines.Line(
                inbound.startedMillis(),
                inbound.requestId(),
                inbound.method(),
                inbound.shownPath(),
                status(failure),
                outcome.label(),
                granted.meter(),
                granted.key().alias(),
                granted.key().teamId(),
                request.model(),
                lastTarget == null ? null : lastTarget.id(),
                request.stream(),
                attempts,
                promptTokens,
                completionTokens,
                estimated,
                nanoUsd,
                nanos / 1_000,
                firstContentNanos / 1_000,
                failure == null ? null : failure.kind() + ": " + failure.detail());
    }

    private int status(@Nullable Failure failure) {
        if (failure == null) {
            return lastStatus;
        }
        return switch (failure.kind()) {
            case CLIENT_LEFT -> 499;
            case UPSTREAM_LIMIT, UPSTREAM_ERROR, UPSTREAM_REFUSED -> lastStatus;
            default -> firstContentNanos > 0 ? 200 : refusal(failure).kind().status();
        };
    }

    /** What a client is told: of a limit, the limit's own words. */
    Refusal refusal(Failure failure) {
        Decision.Refused refused = failure.kind() == Failure.Kind.QUOTA ? holding.refusal() : null;
        return refused == null ? rooms.refusals().of(failure) : rooms.refusals().of(refused, granted.meter());
    }

    static Outcome outcome(@Nullable Failure failure) {
        if (failure == null) {
            return Outcome.COMPLETED;
        }
        return switch (failure.kind()) {
            case CLIENT_LEFT -> Outcome.CLIENT_CANCELLED;
            case TIMED_OUT -> Outcome.TIMED_OUT;
            case DRAINING -> Outcome.DRAINED;
            case QUOTA, NOT_HELD -> Outcome.CUT;
            case OVERLOADED,
                    UNREACHABLE,
                    BROKEN,
                    TRUNCATED,
                    MALFORMED,
                    TOO_LARGE,
                    IN_BAND,
                    UPSTREAM_AUTH,
                    UPSTREAM_LIMIT,
                    UPSTREAM_ERROR,
                    UPSTREAM_REFUSED,
                    NOT_JOURNALLED -> Outcome.UPSTREAM_FAILED;
        };
    }

    @Override
    public ByteString inBand(Failure failure) {
        return Replies.event(refusal(failure));
    }
}
