package dev.weir.gateway.admin;

import dev.weir.gateway.door.BodyReader;
import dev.weir.gateway.door.Desk;
import dev.weir.gateway.door.Handler;
import dev.weir.gateway.door.Inbound;
import dev.weir.gateway.door.Refusal;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.http.javadsl.model.HttpResponse;

/** What every admin route has before it: the gate, and for a write the body. */
public final class AdminDesk {

    /** Handles a write. */
    interface Write {
        CompletionStage<HttpResponse> handle(Inbound inbound, Map<String, Object> fields);
    }

    /** Handles a read. */
    interface Read {
        CompletionStage<HttpResponse> handle(Inbound inbound, AdminGate.Entry who);
    }

    private final Desk desk;
    private final AdminGate gate;
    private final BodyReader bodies;

    public AdminDesk(Desk desk, AdminGate gate, BodyReader bodies) {
        this.desk = desk;
        this.gate = gate;
        this.bodies = bodies;
    }

    CompletionStage<HttpResponse> refuse(Inbound inbound, Refusal refusal) {
        return CompletableFuture.completedFuture(desk.refuse(inbound, refusal));
    }

    /** A route that changes something. */
    Handler write(Write write) {
        return inbound -> gate.enter(inbound, true)
                .thenComposeAsync(
                        entry -> switch (entry) {
                            case AdminGate.Denied denied -> refuse(inbound, denied.refusal());
                            case AdminGate.Holder holder -> refuse(inbound, AdminGate.notAllowed());
                            case AdminGate.Operator operator -> body(inbound, write);
                        },
                        inbound.connection().loop());
    }

    private CompletionStage<HttpResponse> body(Inbound inbound, Write write) {
        return bodies.read(inbound.request().entity(), inbound.dispatcher()).thenCompose(body -> switch (body) {
            case BodyReader.Unreadable unreadable -> refuse(inbound, unreadable.refusal());
            case BodyReader.Whole whole ->
                switch (JsonBody.read(whole.bytes())) {
                    case JsonBody.Bad bad -> refuse(inbound, bad.refusal());
                    case JsonBody.Fields fields -> write.handle(inbound, fields.values());
                };
        });
    }

    /** A route that operators read everything by, and a key itself. */
    Handler readOwn(Read read) {
        return inbound -> gate.enter(inbound, false)
                .thenComposeAsync(
                        entry -> entry instanceof AdminGate.Denied denied
                                ? refuse(inbound, denied.refusal())
                                : read.handle(inbound, entry),
                        inbound.connection().loop());
    }
}
