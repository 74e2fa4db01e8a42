package dev.weir.cluster.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.typesafe.config.ConfigFactory;
import dev.weir.actors.Wire;
import dev.weir.actors.meter.Ack;
import dev.weir.actors.meter.AdminReply;
import dev.weir.actors.meter.Answer;
import dev.weir.actors.meter.Decided;
import dev.weir.actors.meter.Decision;
import dev.weir.actors.meter.HoldId;
import dev.weir.actors.meter.LimitId;
import dev.weir.actors.meter.Meter;
import dev.weir.actors.meter.Need;
import dev.weir.actors.meter.Standing;
import dev.weir.cluster.meters.Node;
import dev.weir.config.BudgetPeriod;
import dev.weir.config.KeySettings;
import dev.weir.config.Limit;
import dev.weir.config.Limits;
import dev.weir.config.Money;
import java.io.NotSerializableException;
import java.nio.BufferOverflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Instant;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.serialization.Serialization;
import org.apache.pekko.serialization.SerializationExtension;
import org.apache.pekko.serialization.jackson.JacksonCborSerializer;
import org.assertj.core.api.AbstractStringAssert;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

@TestInstance(TestInstance.Lifecycle.PER_CLASS)
final class CallSerializerTest {

    private static final Set<Class<?>> OF_A_CALL =
            Set.of(Meter.Reserve.class, Meter.Settle.class, Decided.class, Ack.class);

    private final ActorTestKit kit = ActorTestKit.create("here", Node.config(ConfigFactory.empty()));
    private final Serialization serialization = SerializationExtension.get(kit.system());
    private final CallSerializer serializer =
            (CallSerializer) serialization.serializerByIdentity().apply(CallSerializer.IDENTIFIER);
    private final List<Object> messages = CallMessages.all(
            kit.createTestProbe(Decided.class).getRef(),
            kit.createTestProbe(Ack.class).getRef());

    @AfterAll
    void close() {
        kit.shutdownTestKit();
    }

    @Test
    void everyMessageOfACallIsBinaryAndComesAcrossAsItWas() {
        assertThat(messages).allSatisfy(message -> {
            assertThat(serialization.findSerializerFor(message)).isSameAs(serializer);
            assertThat(kit.serializationTestKit().verifySerialization(message, true))
                    .isEqualTo(message);
        });
    }

    @Test
    void everyMessageComesThroughTheBuffersOfTheTransport() {
        assertThat(messages).allSatisfy(message -> {
            ByteBuffer frame = ByteBuffer.allocateDirect(1 << 16).order(ByteOrder.LITTLE_ENDIAN);

            serializer.toBinary(message, frame);
            frame.flip();

            assertThat(frame).isEqualTo(ByteBuffer.wrap(serializer.toBinary(message)));
            assertThat(serializer.fromBinary(frame.asReadOnlyBuffer(), serializer.manifest(message)))
                    .isEqualTo(message);
        });
    }

    @Test
    void everyKindOfDecisionHasASample() {
        Set<Class<?>> sampled = CallMessages.decisions().map(Object::getClass).collect(Collectors.toSet());

        assertThat(sampled).isEqualTo(leaves(Decision.class).collect(Collectors.toSet()));
    }

    @Test
    void whateverElseCrossesIsCbor() {
        List<Class<?>> others = Stream.of(Meter.Command.class, Answer.class, AdminReply.class)
                .flatMap(CallSerializerTest::leaves)
                .filter(Wire.class::isAssignableFrom)
                .filter(type -> !OF_A_CALL.contains(type))
                .toList();

        assertThat(others)
                .hasSizeGreaterThan(8)
                .allSatisfy(type ->
                        assertThat(serialization.serializerFor(type)).isInstanceOf(JacksonCborSerializer.class));
    }

    @Test
    void anythingElseIsNotTakenForAMessageOfACall() {
        assertThatExceptionOfType(IllegalArgumentException.class)
                .isThrownBy(() -> serializer.manifest(Meter.Stop.INSTANCE))
                .withMessageContaining("Meter$Stop");
        assertThatExceptionOfType(IllegalArgumentException.class)
                .isThrownBy(() -> serializer.toBinary(Meter.Stop.INSTANCE));
    }

    @Test
    void aMessageCutAnywhereIsRefused() {
        assertThat(messages).allSatisfy(message -> {
            byte[] whole = serializer.toBinary(message);
            for (int length = 0; length < whole.length; length++) {
                refused(Arrays.copyOf(whole, length), serializer.manifest(message));
            }
        });
    }

    @Test
    void aMessageWithSomethingBehindItIsRefused() {
        assertThat(messages).allSatisfy(message -> {
            byte[] whole = serializer.toBinary(message);
            refused(Arrays.copyOf(whole, whole.length + 1), serializer.manifest(message));
        });
    }

    @Test
    void aDamagedMessageIsAnotherMessageOrRefused() {
        assertThat(messages).allSatisfy(message -> {
            byte[] whole = serializer.toBinary(message);
            for (int at = 0; at < Math.min(whole.length, 500); at++) {
                for (int damage : new int[] {0x01, 0x40, 0x7F, 0x80, 0xFF}) {
                    byte[] damaged = whole.clone();
                    damaged[at] ^= (byte) damage;
                    readOrRefused(damaged, serializer.manifest(message));
                }
            }
        });
    }

    private void readOrRefused(byte[] bytes, String manifest) {
        try {
            assertThat(serializer.fromBinary(bytes, manifest)).isNotNull();
        } catch (NotSerializableException refusal) {
            assertThat(refusal).hasMessageStartingWith("message " + manifest);
        }
    }

    @Test
    void aLengthIsNotBelievedBeyondTheBytesThereAre() {
        String hold = "0101";
        String mostBytes = "feffffffffffffffff01";
        String mostInteger = "feffffff0f";
        String modelDenied = "05" + "01";

        refused(hold + mostBytes, "R2");
        refused(hold + mostInteger, "R2");
        refused(hold + modelDenied + "00" + mostBytes, "D3");
        refused(hold + modelDenied + "00" + mostInteger, "D3");
    }

    @Test
    void listsInListsThatEachPromiseAllBytesCostNoMemory() {
        String beforeMetadata = "0101" + "01" + "0101" + "00" + "00".repeat(15) + "01";
        String oneEntry = "01" + "00";
        String listOfAMillion = "0a" + "c0843d";

        refused(beforeMetadata + oneEntry + listOfAMillion.repeat(900) + "01".repeat(1_000_000), "D3");
    }

    @Test
    void endUsersOfEndUsersAreRefused() {
        Limits limits = Limits.NONE;
        for (int depth = 0; depth < 2; depth++) {
            limits = new Limits(List.of(), null, List.of(), List.of(), null, null, limits);
        }
        KeySettings key = KeySettings.UNLIMITED.withLimits(limits);

        refused(serializer.toBinary(granted(key)), "D3");
    }

    @Test
    void metadataIsAsDeepAsAParserReadsAndNoDeeper() {
        Decided deepest = granted(CallMessages.nested(JsonLayout.DEEPEST));
        Decided tooDeep = granted(CallMessages.nested(JsonLayout.DEEPEST + 1));
        String beforeMetadata = "0101" + "01" + "0101" + "00" + "00".repeat(15) + "01";
        String oneObjectIn = "01" + "00" + "0b";

        assertThat(kit.serializationTestKit().verifySerialization(deepest, true))
                .isEqualTo(deepest);
        assertThatExceptionOfType(IllegalArgumentException.class)
                .isThrownBy(() -> serializer.toBinary(tooDeep))
                .withMessageContaining("deeper than");
        refused(beforeMetadata + oneObjectIn.repeat(100_000) + "00", "D3");
    }

    private static Decided granted(Map<String, Object> metadata) {
        return granted(KeySettings.UNLIMITED.withMetadata(metadata));
    }

    private static Decided granted(KeySettings key) {
        return new Decided(new HoldId(1, 1), new Decision.Granted(new HoldId(1, 1), 0, "k", key, null, 0, List.of()));
    }

    @Test
    void metadataThatNoParserMakesIsRefusedByItsName() {
        assertThatExceptionOfType(IllegalArgumentException.class)
                .isThrownBy(() -> serializer.toBinary(granted(Map.of("set", Set.of()))))
                .withMessageContaining("metadata: a java.util.");
    }

    @Test
    void amountsThatCannotBeAreRefused() {
        String negativeRequests = "ffffffffffffffffff01" + "00000000";
        String expired = "0101" + "04";
        String wholeSecondOfNanos = "8094ebdc03";
        String farthestSecond = "ffffffffffffffff7f";
        String seventyBits = "ffffffffffffffffff7f";

        refused("0101" + "0000" + negativeRequests, "R2");
        refused(expired + "00" + wholeSecondOfNanos, "D3");
        refused(expired + farthestSecond + "00", "D3");
        refused(expired + seventyBits + "00", "D3");
    }

    @Test
    void anUnknownManifestIsRefusedByItsName() {
        for (String manifest : List.of("", "R", "R1", "D1", "Z1")) {
            assertThatExceptionOfType(NotSerializableException.class)
                    .isThrownBy(() -> serializer.fromBinary(new byte[] {1, 1}, manifest))
                    .withMessageContaining("\"" + manifest + "\"");
        }
    }

    @Test
    void aFullBufferIsSaidInTheTransportsOwnWord() {
        assertThat(messages)
                .allSatisfy(message -> assertThatExceptionOfType(BufferOverflowException.class)
                        .isThrownBy(() -> serializer.toBinary(message, ByteBuffer.allocate(1))));
    }

    @Test
    void layoutsStayAsTheyAre() {
        HoldId hold = new HoldId(7, 300);
        Need need = new Need(1, 2, 3, 4, true);
        String holdBytes = "07ac02";
        String needBytes = "0102030401";
        String nobody = "28" + "70656b6b6f3a2f2f6c6f63616c2f69676e6f7265";
        KeySettings key = new KeySettings(
                "a",
                List.of("\u6a21"),
                null,
                null,
                "o",
                Limits.NONE
                        .withRpm(1)
                        .withBudget(new Money(128), BudgetPeriod.parse("30d"))
                        .withModel(new Limit(Limit.Of.TOKENS, 5, BudgetPeriod.parse("60s"), "m"))
                        .withEndUsers(Limits.NONE.withRpm(3))
                        .withSlots(2),
                new KeySettings.Increase(new Money(6), Instant.ofEpochSecond(7)),
                Instant.ofEpochSecond(2, 3),
                KeySettings.KeyType.DEFAULT,
                Map.of("n", 5),
                List.of(),
                true);
        LimitId budget = new LimitId(LimitId.Kind.BUDGET, LimitId.Unit.NANO_USD, null, "1d", "u");
        Standing standing = new Standing(Standing.Scope.TEAM, "t", budget, 128, 2, 1, null);

        assertLayout(new Meter.Reserve(
                        hold, "h", "gpt", need, null, 128, kit.system().ignoreRef()))
                .isEqualTo(holdBytes + "0268" + "06677074" + needBytes + "00" + "8001" + nobody);
        assertLayout(new Meter.Settle(
                        hold, 9, "gpt", "u", need, Need.NONE, true, kit.system().ignoreRef()))
                .isEqualTo(holdBytes + "09" + "06677074" + "010275" + needBytes + "0000000001" + "01" + nobody);
        assertLayout(new Decided(hold, new Decision.Granted(hold, 9, "k", key, null, 4, List.of(standing))))
                .isEqualTo(holdBytes + "01" + holdBytes + "09" + "026b"
                        + ("010261" + "01036a21" + "00" + "00" + "01026f")
                        + ("01" + "0101" + "013c01" + "00")
                        + ("01" + "038001" + "011e04" + "00")
                        + "00"
                        + ("01" + "0205" + "013c01" + "01026d")
                        + ("00" + "0102")
                        + ("01" + ("01" + "0103" + "013c01" + "00") + "00" + "00" + "00" + "00" + "00" + "00")
                        + ("01" + "06" + "0700")
                        + ("010203" + "01")
                        + ("01026e0405" + "00" + "01")
                        + "00"
                        + ("04" + "01" + "03" + "010274" + "0203" + "00" + "01043164" + "010275" + "80010201" + "00")
                        + "00");
        assertLayout(new Decided(hold, new Decision.TypeDenied(KeySettings.KeyType.READ_ONLY)))
                .isEqualTo(holdBytes + "06" + "04");
        assertLayout(new Ack(hold)).isEqualTo(holdBytes);
    }

    private AbstractStringAssert<?> assertLayout(Object message) {
        assertThat(serializer.manifest(message))
                .as("what is below belongs to these layouts")
                .isIn("R2", "S2", "D3", "A1");
        return assertThat(HexFormat.of().formatHex(serializer.toBinary(message)));
    }

    private static byte[] bytes(String hex) {
        return HexFormat.of().parseHex(hex);
    }

    private void refused(String hex, String manifest) {
        refused(bytes(hex), manifest);
    }

    private void refused(byte[] bytes, String manifest) {
        assertThatExceptionOfType(NotSerializableException.class)
                .isThrownBy(() -> serializer.fromBinary(bytes, manifest))
                .withMessageStartingWith("message " + manifest);
    }

    private static Stream<Class<?>> leaves(Class<?> type) {
        Class<?>[] permitted = type.getPermittedSubclasses();
        return permitted == null ? Stream.of(type) : Stream.of(permitted).flatMap(CallSerializerTest::leaves);
    }
}
