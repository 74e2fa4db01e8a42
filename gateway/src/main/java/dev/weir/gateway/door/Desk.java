package dev.weir.gateway.door;

import dev.weir.gateway.telemetry.AccessLines;
import dev.weir.gateway.telemetry.Telemetry;
import org.apache.pekko.http.javadsl.model.HttpResponse;

/** Where "no" is said: counted by kind, written down, and answered in the client's shape. */
public final class Desk {

    private final Telemetry telemetry;
    private final AccessLines access;
    private final BodyReader bodies;

    public Desk(Telemetry telemetry, AccessLines access, BodyReader bodies) {
        this.telemetry = telemetry;
        this.access = access;
        this.bodies = bodies;
    }

    /** Refuses a request that no call came of; its body is let go. */
    public HttpResponse refuse(Inbound inbound, Refusal refusal) {
        access.add(new AccessLines.Line(
                inbound.startedMillis(),
                inbound.requestId(),
                inbound.method(),
                inbound.shownPath(),
                refusal.kind().status(),
                "refused",
                null,
                null,
                null,
                null,
                null,
                false,
                0,
                0,
                0,
                false,
                0,
                (System.nanoTime() - inbound.startedNanos()) / 1_000,
                0,
                refusal.kind().name()));
        bodies.discard(inbound.request().entity(), inbound.dispatcher());
        return refused(refusal);
    }

    /** Answers for a call that has its own line in the log. */
    public HttpResponse refused(Refusal refusal) {
        telemetry.refused(refusal.kind());
        return Replies.refusal(refusal);
    }
}
