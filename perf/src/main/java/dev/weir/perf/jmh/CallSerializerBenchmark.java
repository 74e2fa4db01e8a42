package dev.weir.perf.jmh;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import dev.weir.actors.meter.Ack;
import dev.weir.actors.meter.Answer;
import dev.weir.actors.meter.Decided;
import dev.weir.actors.meter.Decision;
import dev.weir.actors.meter.HoldId;
import dev.weir.actors.meter.LimitId;
import dev.weir.actors.meter.Meter;
import dev.weir.actors.meter.Need;
import dev.weir.actors.meter.Standing;
import dev.weir.cluster.meters.Node;
import dev.weir.cluster.wire.CallSerializer;
import dev.weir.config.BudgetPeriod;
import dev.weir.config.KeySettings;
import dev.weir.config.Limits;
import dev.weir.config.Money;
import java.math.BigDecimal;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.apache.pekko.actor.ExtendedActorSystem;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.Props;
import org.apache.pekko.actor.typed.javadsl.Adapter;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.serialization.Serialization;
import org.apache.pekko.serialization.Serialization$;
import org.apache.pekko.serialization.SerializationExtension;
import org.apache.pekko.serialization.SerializerWithStringManifest;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/** A message of a call into bytes and out of them, by the serializers of a node. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class CallSerializerBenchmark {

    /** Which one. */
    public enum Message {
        RESERVE,
        SETTLE,
        GRANTED,
        ACK
    }

    private static final int JACKSON_CBOR = 33;

    /** Without a binding Jackson takes these messages from a list of prefixes only. */
    private static final Config ALSO_CBOR =
            ConfigFactory.parseString("pekko.serialization.jackson.allowed-class-prefix = [dev.weir.actors.meter]");

    private static final HoldId HOLD = new HoldId(41, 1_234_567);
    private static final Need HELD = Need.ofCall(1500, 225_000, true);
    private static final Need USED = Need.ofCall(900, 135_000, true);
    private static final Instant RESET = Instant.parse("2026-11-20T00:01:00Z");

    private static final String HASH = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";

    private static final KeySettings KEY = new KeySettings(
            "ci",
            List.of("gpt-4o", "gpt-4o-mini", "claude/*"),
            "u-17",
            "team-a",
            null,
            Limits.NONE
                    .withRpm(600)
                    .withTpm(1_000_000)
                    .withBudget(Money.ofUsd(BigDecimal.valueOf(20)), BudgetPeriod.parse("30d"))
                    .withSlots(20),
            null,
            Instant.parse("2027-11-20T00:00:00Z"),
            KeySettings.KeyType.DEFAULT,
            Map.of("owner", "payments", "cost_center", 4711),
            List.of("production"),
            false);

    @Param
    public Message message = Message.ACK;

    private final ActorSystem<Void> node = ActorSystem.create(Behaviors.empty(), "bench", Node.config(ALSO_CBOR));
    private final ActorRef<Answer> answers =
            node.systemActorOf(Behaviors.empty(), "weir-correspondence", Props.empty());
    private final ExtendedActorSystem system = (ExtendedActorSystem) Adapter.toClassic(node);
    private final Serialization serialization = SerializationExtension.get(node);
    private final SerializerWithStringManifest binary = serializer(CallSerializer.IDENTIFIER);
    private final SerializerWithStringManifest cbor = serializer(JACKSON_CBOR);
    private Object sample = "";

    private SerializerWithStringManifest serializer(int identifier) {
        return (SerializerWithStringManifest)
                serialization.serializerByIdentity().apply(identifier);
    }

    @Setup
    public void choose() {
        sample = switch (message) {
            case RESERVE ->
                new Meter.Reserve(HOLD, HASH, "gpt-4o-mini", HELD, null, RESET.toEpochMilli(), answers.narrow());
            case SETTLE -> new Meter.Settle(HOLD, 3, "gpt-4o-mini", null, HELD, USED, true, answers.narrow());
            case GRANTED ->
                new Decided(HOLD, new Decision.Granted(HOLD, 3, HASH, KEY, null, 4_500_000_000L, standings()));
            case ACK -> new Ack(HOLD);
        };
        if (!(binary instanceof CallSerializer)
                || !weir().equals(sample)
                || !baseline().equals(sample)) {
            throw new IllegalStateException(message + " does not come across");
        }
    }

    private static List<Standing> standings() {
        return Stream.of(LimitId.Unit.values())
                .map(unit -> new LimitId(LimitId.Kind.RATE, unit, null, "60s"))
                .map(id -> new Standing(Standing.Scope.API_KEY, null, id, 1_000_000, 420_000, 1500, RESET))
                .toList();
    }

    @TearDown
    public void stop() {
        node.terminate();
    }

    @Benchmark
    public Object weir() {
        return thereAndBack(binary);
    }

    @Benchmark
    public Object baseline() {
        return thereAndBack(cbor);
    }

    /** Through Pekko's own doors, which say whose actors are meant; the first has a Scala name only. */
    private Object thereAndBack(SerializerWithStringManifest serializer) {
        byte[] bytes = Serialization$.MODULE$.withTransportInformation(system, () -> serializer.toBinary(sample));
        return serialization
                .deserialize(bytes, serializer.identifier(), serializer.manifest(sample))
                .get();
    }
}
