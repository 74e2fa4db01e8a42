package dev.weir.gateway.admin;

import dev.weir.gateway.door.BodyReader;
import dev.weir.gateway.door.Desk;
import dev.weir.gateway.door.Handler;
import dev.weir.gateway.door.Inbound;
import dev.weir.gateway.door.Refusal;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Function;
import java.util.function.Supplier;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What every admin route has before it: the gate, and for a write the body. */
public final class AdminDesk implements AutoCloseable {

    /** Handles a write. */
    interface Write {
        CompletionStage<HttpResponse> handle(Inbound inbound, Map<String, Object> fields);
    }

    /** Handles a read. */
    interface Read {
        CompletionStage<HttpResponse> handle(Inbound inbound, AdminGate.Entry who);
    }

    private static final Logger LOG = LoggerFactory.getLogger(AdminDesk.class);

    private final Desk desk;
    private final AdminGate gate;
    private final BodyReader bodies;
    private final ExecutorService blocking = Executors.newThreadPerTaskExecutor(
            Thread.ofVirtual().name("weir-admin-", 0).factory());

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

    /** A route that operators read by, and nobody else. */
    public Handler read(Function<Inbound, CompletionStage<HttpResponse>> read) {
        return readOwn((inbound, who) ->
                who instanceof AdminGate.Holder ? refuse(inbound, AdminGate.notAllowed()) : read.apply(inbound));
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

    /** Asks the store, away from the loops; its failure is said as one. */
    CompletionStage<HttpResponse> blocking(Inbound inbound, Supplier<HttpResponse> work) {
        return CompletableFuture.supplyAsync(work, blocking)
                .exceptionallyAsync(
                        failure -> {
                            LOG.error("{} {}: {}", inbound.method(), inbound.shownPath(), failure.getMessage());
                            return desk.refuse(
                                    inbound,
                                    Refusal.of(Refusal.Kind.STORE_DOWN, "The store did not answer. Try again.", 1));
                        },
                        inbound.connection().loop());
    }

    @Override
    public void close() {
        blocking.shutdown();
    }
}
