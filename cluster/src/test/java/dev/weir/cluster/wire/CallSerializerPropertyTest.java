package dev.weir.cluster.wire;

import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.ConfigFactory;
import dev.weir.actors.meter.Decided;
import dev.weir.actors.meter.Decision;
import dev.weir.actors.meter.HoldId;
import dev.weir.actors.meter.LimitId;
import dev.weir.actors.meter.Meter;
import dev.weir.actors.meter.Need;
import dev.weir.actors.meter.Standing;
import dev.weir.cluster.meters.Node;
import dev.weir.config.KeySettings;
import dev.weir.config.Limits;
import java.io.NotSerializableException;
import java.math.BigInteger;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.From;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.LongRange;
import net.jqwik.api.lifecycle.AfterContainer;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.serialization.SerializationExtension;

final class CallSerializerPropertyTest {

    private static final ActorTestKit KIT = ActorTestKit.create(Node.config(ConfigFactory.empty()));
    private static final CallSerializer SERIALIZER = (CallSerializer)
            SerializationExtension.get(KIT.system()).serializerByIdentity().apply(CallSerializer.IDENTIFIER);

    @AfterContainer
    static void close() {
        KIT.shutdownTestKit();
    }

    @Provide
    Arbitrary<String> texts() {
        return Arbitraries.strings().all().ofMaxLength(300);
    }

    @Provide
    Arbitrary<Map<String, Object>> objects() {
        Arbitrary<Object> plain = Arbitraries.oneOf(
                        texts().asGeneric(),
                        Arbitraries.integers().asGeneric(),
                        Arbitraries.longs().asGeneric(),
                        Arbitraries.doubles().asGeneric(),
                        Arbitraries.bigIntegers()
                                .between(BigInteger.TWO.pow(300).negate(), BigInteger.TWO.pow(300))
                                .asGeneric(),
                        Arbitraries.bigDecimals().asGeneric(),
                        Arbitraries.of(true, false).asGeneric())
                .injectNull(0.1);
        Arbitrary<Object> values = Arbitraries.recursive(
                () -> plain,
                inner -> Arbitraries.oneOf(
                        inner.list().ofMaxSize(4).asGeneric(),
                        Arbitraries.maps(texts(), inner).ofMaxSize(4).asGeneric()),
                0,
                4);
        return Arbitraries.maps(texts(), values).ofMaxSize(4);
    }

    @Provide
    Arbitrary<Standing> standings() {
        Arbitrary<Instant> resets = Combinators.combine(
                        Arbitraries.longs().between(Instant.MIN.getEpochSecond(), Instant.MAX.getEpochSecond()),
                        Arbitraries.integers().between(0, 999_999_999))
                .as(Instant::ofEpochSecond);
        return Combinators.combine(
                        Arbitraries.of(Standing.Scope.class),
                        texts().injectNull(0.3),
                        limits(),
                        Arbitraries.longs(),
                        Arbitraries.longs(),
                        Arbitraries.longs(),
                        resets.injectNull(0.3))
                .as(Standing::new);
    }

    private Arbitrary<LimitId> limits() {
        return Combinators.combine(
                        Arbitraries.of(LimitId.Kind.class),
                        Arbitraries.of(LimitId.Unit.class),
                        texts().injectNull(0.3),
                        texts().injectNull(0.3))
                .as(LimitId::new);
    }

    @Property
    void anyReservationComesAcross(
            @ForAll long incarnation,
            @ForAll long sequence,
            @ForAll("texts") String model,
            @ForAll @LongRange(min = 0) long amount,
            @ForAll boolean priced,
            @ForAll long notAfter)
            throws NotSerializableException {
        Need need = new Need(amount, amount / 2, amount / 300, amount % 200, priced);
        HoldId hold = new HoldId(incarnation, sequence);

        comesAcross(new Meter.Reserve(
                hold, model, model, need, model, notAfter, KIT.system().ignoreRef()));
        comesAcross(new Meter.Settle(
                hold,
                notAfter,
                model,
                model,
                need,
                Need.NONE,
                priced,
                KIT.system().ignoreRef()));
    }

    @Property(tries = 200)
    void anyGrantComesAcross(
            @ForAll long number,
            @ForAll List<@From("texts") String> tags,
            @ForAll("objects") Map<String, Object> metadata,
            @ForAll List<@From("standings") Standing> standings)
            throws NotSerializableException {
        HoldId hold = new HoldId(number, number);
        KeySettings key = new KeySettings(
                null,
                tags,
                null,
                null,
                null,
                Limits.NONE,
                null,
                null,
                KeySettings.KeyType.DEFAULT,
                metadata,
                tags,
                false);

        comesAcross(new Decided(hold, new Decision.Granted(hold, number, "k", key, null, number, standings)));
    }

    @Property
    void anyBytesAreAMessageOrRefused(@ForAll byte[] bytes, @ForAll @From("manifests") String manifest) {
        try {
            assertThat(SERIALIZER.fromBinary(bytes, manifest)).isNotNull();
        } catch (NotSerializableException refusal) {
            assertThat(refusal).hasMessageStartingWith("message " + manifest);
        }
    }

    @Provide
    Arbitrary<String> manifests() {
        return Arbitraries.of("R2", "S2", "D3", "A1");
    }

    private static void comesAcross(Object message) throws NotSerializableException {
        byte[] bytes = SERIALIZER.toBinary(message);

        assertThat(SERIALIZER.fromBinary(bytes, SERIALIZER.manifest(message))).isEqualTo(message);
    }
}
