package dev.weir.cluster.wire;

import dev.weir.actors.meter.Ack;
import dev.weir.actors.meter.Decided;
import dev.weir.actors.meter.HoldId;
import dev.weir.actors.meter.Meter;
import dev.weir.actors.meter.Need;
import java.io.NotSerializableException;
import java.nio.BufferOverflowException;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.time.DateTimeException;
import org.apache.pekko.actor.ExtendedActorSystem;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.ActorRefResolver;
import org.apache.pekko.actor.typed.javadsl.Adapter;
import org.apache.pekko.serialization.ByteBufferSerializer;
import org.apache.pekko.serialization.SerializerWithStringManifest;
import org.jspecify.annotations.Nullable;

/**
 * The four messages that every call sends between its door and its meter, in and out of a compact binary form.
 *
 * <p>A manifest is a letter for the message and a number for its layout. Bytes that are not exactly one message fail
 * with {@link NotSerializableException}, whatever they are: nothing is allocated on the word of a length that the bytes
 * themselves do not bear out.
 */
public final class CallSerializer extends SerializerWithStringManifest implements ByteBufferSerializer {

    /** Stands in every message beside the manifest; another number is another serializer. */
    public static final int IDENTIFIER = 727_001;

    private static final String RESERVE = "R2";
    private static final String SETTLE = "S2";
    private static final String DECIDED = "D3";
    private static final String ACK = "A1";

    private static final int USUAL_SIZE = 2 * 1024;

    /** An actor and its path as it is written, whose making costs more than the rest of a reservation. */
    private static final class Named {
        private final ActorRef<?> ref;
        private final byte[] path;

        Named(ActorRef<?> ref, byte[] path) {
            this.ref = ref;
            this.path = path;
        }
    }

    private final ActorRefResolver refs;
    private final ThreadLocal<ByteBuffer> scratch = ThreadLocal.withInitial(() -> ByteBuffer.allocate(USUAL_SIZE));

    private volatile @Nullable Named last;

    /** Made by Pekko, by the name in {@code reference.conf}. */
    public CallSerializer(ExtendedActorSystem system) {
        refs = ActorRefResolver.get(Adapter.toTyped(system));
    }

    @Override
    public int identifier() {
        return IDENTIFIER;
    }

    @Override
    public String manifest(Object message) {
        return switch (message) {
            case Meter.Reserve reserve -> RESERVE;
            case Meter.Settle settle -> SETTLE;
            case Decided decided -> DECIDED;
            case Ack ack -> ACK;
            default -> throw unbound(message);
        };
    }

    @Override
    public byte[] toBinary(Object message) {
        ByteBuffer room = scratch.get().clear();
        while (true) {
            try {
                toBinary(message, room);
                byte[] bytes = new byte[room.flip().remaining()];
                room.get(bytes);
                return bytes;
            } catch (BufferOverflowException full) {
                room = ByteBuffer.allocate(2 * room.capacity());
            }
        }
    }

    /** @throws BufferOverflowException when it does not fit, which Artery tells from other failures */
    @Override
    public void toBinary(Object message, ByteBuffer target) {
        Output out = new Output(target);
        switch (message) {
            case Meter.Reserve reserve -> write(out, reserve);
            case Meter.Settle settle -> write(out, settle);
            case Decided decided -> {
                hold(out, decided.hold());
                DecisionLayout.write(out, decided.decision());
            }
            case Ack ack -> hold(out, ack.hold());
            default -> throw unbound(message);
        }
    }

    private static IllegalArgumentException unbound(Object message) {
        return new IllegalArgumentException(message.getClass().getName() + " is no message of a call");
    }

    private void write(Output out, Meter.Reserve reserve) {
        hold(out, reserve.hold());
        out.text(reserve.hash());
        out.text(reserve.model());
        need(out, reserve.need());
        out.optional(reserve.endUser(), Output::text);
        out.number(reserve.notAfterEpochMillis());
        ref(out, reserve.replyTo());
    }

    private void write(Output out, Meter.Settle settle) {
        hold(out, settle.hold());
        out.number(settle.epoch());
        out.text(settle.model());
        out.optional(settle.endUser(), Output::text);
        need(out, settle.held());
        need(out, settle.used());
        out.bool(settle.began());
        ref(out, settle.replyTo());
    }

    /** A node has one actor that answers go to, so that one path is all that is worth keeping. */
    @SuppressWarnings("ReferenceEquality") // The path of this very reference; an equal one has the same, at a price.
    private void ref(Output out, ActorRef<?> replyTo) {
        Named known = last;
        if (known == null || known.ref != replyTo) {
            known = new Named(replyTo, Output.ofText(refs.toSerializationFormat(replyTo)));
            last = known;
        }
        out.written(known.path);
    }

    static void hold(Output out, HoldId hold) {
        out.number(hold.incarnation());
        out.number(hold.sequence());
    }

    private static void need(Output out, Need need) {
        out.number(need.requests());
        out.number(need.tokens());
        out.number(need.nanoUsd());
        out.number(need.slots());
        out.bool(need.priced());
    }

    @Override
    public Object fromBinary(byte[] bytes, String manifest) throws NotSerializableException {
        return fromBinary(ByteBuffer.wrap(bytes), manifest);
    }

    @Override
    public Object fromBinary(ByteBuffer bytes, String manifest) throws NotSerializableException {
        Input in = new Input(bytes);
        try {
            Object message = read(in, manifest);
            in.requireEnd();
            return message;
        } catch (BufferUnderflowException cut) {
            throw new NotSerializableException("message " + manifest + " ends too early");
        } catch (IllegalArgumentException | DateTimeException malformed) {
            throw new NotSerializableException("message " + manifest + ": " + malformed.getMessage());
        }
    }

    private Object read(Input in, String manifest) throws NotSerializableException {
        return switch (manifest) {
            case RESERVE ->
                new Meter.Reserve(
                        hold(in), in.text(), in.text(), need(in), in.optional(Input::text), in.number(), ref(in));
            case SETTLE ->
                new Meter.Settle(
                        hold(in),
                        in.number(),
                        in.text(),
                        in.optional(Input::text),
                        need(in),
                        need(in),
                        in.bool(),
                        ref(in));
            case DECIDED -> new Decided(hold(in), DecisionLayout.read(in));
            case ACK -> new Ack(hold(in));
            default ->
                throw new NotSerializableException(
                        "a message of a call with manifest \"" + manifest + "\": written by a newer Weir");
        };
    }

    static HoldId hold(Input in) {
        return new HoldId(in.number(), in.number());
    }

    private static Need need(Input in) {
        return new Need(in.number(), in.number(), in.number(), in.number(), in.bool());
    }

    private <T> ActorRef<T> ref(Input in) {
        return refs.resolveActorRef(in.text());
    }
}
