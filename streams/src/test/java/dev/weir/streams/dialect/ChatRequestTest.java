package dev.weir.streams.dialect;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.apache.pekko.util.ByteString;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Requests read once and sent on with single fields replaced. */
class ChatRequestTest {

    private static final ChatRequestReader READER = new ChatRequestReader(64);
    private static final String LIST_OF_TAGS = "[\"a\", \"b,]}\", \"\\u00fc\"]";

    /** What a client sent, as a tree and as the bytes it wrote. */
    private record Sent(Map<String, @Nullable Object> fields, ByteString body) {}

    @Property(tries = 1000)
    void whatIsReadIsWhatWasWritten(@ForAll long seed) {
        Sent sent = random(new SplittableRandom(seed));

        ChatRequest request = read(sent.body);

        assertThat(request.body()).isSameAs(sent.body);
        assertThat(request.model()).isEqualTo(sent.fields.get("model"));
        assertThat(request.stream()).isEqualTo(Boolean.TRUE.equals(sent.fields.get("stream")));
        assertThat(request.messages()).isEqualTo(((List<?>) at(sent.fields, "messages")).size());
        assertThat(request.wantsUsage()).isEqualTo(wantsUsage(sent.fields));
        assertThat(request.tags()).isEqualTo(tags(sent.fields));
        assertThat(request.user()).isEqualTo(sent.fields.get("user"));
    }

    @Property(tries = 1500)
    void whatIsSentOnDiffersInWhatWasMeantToOnly(@ForAll long seed, @ForAll boolean askUsage, @ForAll boolean renamed) {
        Sent sent = random(new SplittableRandom(seed));
        ChatRequest request = read(sent.body);
        String upstreamModel = renamed ? "up/stre\"am\u00fc;x=1" : request.model();

        byte[] out = ChatRewrite.body(request, upstreamModel, askUsage).toArray();

        assertThat(Tree.read(out)).isEqualTo(expected(sent.fields, upstreamModel, askUsage && request.stream()));
    }

    @Property(tries = 300)
    void aBodyInWhichNothingChangesIsTheVeryBody(@ForAll long seed) {
        Sent sent = random(new SplittableRandom(seed));
        ChatRequest request = read(sent.body);

        boolean unchanged = request.tags().isEmpty() && !request.spans().tags().exists();

        if (unchanged) {
            assertThat(ChatRewrite.body(request, request.model(), false)).isSameAs(sent.body);
        }
    }

    @Property(tries = 500)
    void spansHoldTheValuesThatTheyName(@ForAll long seed) {
        Sent sent = random(new SplittableRandom(seed));

        ChatRequest.Spans spans = read(sent.body).spans();

        assertThat(Tree.read(slice(sent.body, spans.model()))).isEqualTo(sent.fields.get("model"));
        assertThat(spans.streamOptions().exists()).isEqualTo(sent.fields.containsKey("stream_options"));
        if (sent.fields.get("stream_options") instanceof Map<?, ?> options) {
            assertThat(Tree.read(slice(sent.body, spans.streamOptions()))).isEqualTo(options);
        }
    }

    @Property(tries = 2000)
    void noBytesEverThrow(@ForAll byte[] bytes) {
        assertThat(READER.read(ByteString.fromArray(bytes))).isInstanceOf(ChatRequestReader.Bad.class);
    }

    @Property(tries = 1500)
    void noDamageToABodyEverThrowsAndWhatIsStillReadIsStillJson(@ForAll long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        byte[] bytes = random(random).body.toArray();
        for (int i = random.nextInt(1, 4); i > 0; i--) {
            bytes[random.nextInt(bytes.length)] =
                    (byte) (random.nextBoolean() ? random.nextInt(256) : "{}[],:\"\\".charAt(random.nextInt(8)));
        }
        byte[] damaged = Arrays.copyOf(bytes, random.nextInt(4) == 0 ? random.nextInt(bytes.length) : bytes.length);

        ChatRequestReader.Result result = READER.read(ByteString.fromArray(damaged));

        if (result instanceof ChatRequestReader.Read read) {
            byte[] out = ChatRewrite.body(read.request(), "other", true).toArray();
            assertThat(READER.read(ByteString.fromArray(out))).isInstanceOf(ChatRequestReader.Read.class);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"tags\": T}",
                "{ \"tags\" : T , \"a\": 1}",
                "{\"a\": 1, \"tags\": T}",
                "{\"a\": [1], \"tags\":T , \"b\": \"x\"}",
                "{\"a\": true ,\n \"tags\": T\n}"
            })
    void tagsLeaveWithExactlyOneComma(String metadata) {
        String text = "{\"model\":\"m\",\"metadata\":" + metadata.replace("T", LIST_OF_TAGS) + ",\"messages\":[{}]}";
        ChatRequest request = read(ByteString.fromString(text));

        Object out = Tree.read(ChatRewrite.body(request, "m", false).toArray());

        Map<String, @Nullable Object> expected = copy(Tree.read(text.getBytes(StandardCharsets.UTF_8)));
        copyAt(expected, "metadata").remove("tags");
        assertThat(request.tags()).containsExactly("a", "b,]}", "\u00fc");
        assertThat(out).isEqualTo(expected);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "\"stream_options\":null,",
                "\"stream_options\":{},",
                "\"stream_options\":{ \n },",
                "\"stream_options\":{\"include_usage\":false},",
                "\"stream_options\":{\"include_usage\":null},",
                "\"stream_options\":{\"other\":{\"x\":1}},",
                "\"stream_options\":{ \"other\":1,\"include_usage\":false , \"more\":2},"
            })
    void usageIsAskedForWhateverTheClientWrote(String options) {
        ChatRequest request =
                read(ByteString.fromString("{" + options + "\"model\":\"m\",\"stream\":true,\"messages\":[{}]}"));

        ChatRequest out = read(ChatRewrite.body(request, "m", true));

        assertThat(request.wantsUsage()).isFalse();
        assertThat(out.wantsUsage()).isTrue();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "\"model\":\"x\"",
                "\"mod\\u0065l\":\"x\"",
                "\"stream\":true",
                "\"messages\":[{}]",
                "\"max_tokens\":4",
                "\"stream_options\":{\"include_usage\":true}",
                "\"metadata\":{}",
                "\"user\":\"z\""
            })
    void aSecondFieldThatWeirActsOnIsRefused(String second) {
        String all = "{\"model\":\"m\",\"stream\":false,\"messages\":[{}],\"max_tokens\":3,\"stream_options\":{},"
                + "\"metadata\":{},\"user\":\"u\"," + second + "}";

        assertThat(problem(all).message()).endsWith("appears twice.");
    }

    @Test
    void aMarkBeforeTheBodyMovesNoSpan() {
        ChatRequest request = read(ByteString.fromString("\ufeff{\"model\":\"m\",\"messages\":[{}]}"));

        assertThat(ChatRewrite.body(request, "n", false).utf8String())
                .isEqualTo("\ufeff{\"model\":\"n\",\"messages\":[{}]}");
    }

    @Test
    void aLabelThatRowsWouldKeepMustBeShort() {
        String text = "{\"model\":\"m\",\"messages\":[{}],\"user\":\"" + "x".repeat(1_025) + "\"}";

        assertThat(problem(text).param()).isEqualTo("user");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "[]", "7", "{", "{}{}", "{\"model\":\"m\"}", "{\"messages\":[{}]}", "\u0000\u0000{}"})
    void whatIsNoRequestIsAProblemWithWords(String text) {
        assertThat(problem(text).message()).isNotBlank();
    }

    private static RequestProblem problem(String text) {
        ChatRequestReader.Result result = READER.read(ByteString.fromString(text));
        assertThat(result).isInstanceOf(ChatRequestReader.Bad.class);
        return ((ChatRequestReader.Bad) result).problem();
    }

    private static ChatRequest read(ByteString body) {
        ChatRequestReader.Result result = READER.read(body);
        assertThat(result).as(body.utf8String()).isInstanceOf(ChatRequestReader.Read.class);
        return ((ChatRequestReader.Read) result).request();
    }

    private static byte[] slice(ByteString body, ChatRequest.Span span) {
        return Arrays.copyOfRange(body.toArray(), span.from(), span.to());
    }

    private static Object expected(Map<String, @Nullable Object> sent, String upstreamModel, boolean askUsage) {
        Map<String, @Nullable Object> expected = copy(sent);
        expected.put("model", upstreamModel);
        if (expected.get("metadata") instanceof Map<?, ?> metadata && metadata.get("tags") instanceof List<?>) {
            copyAt(expected, "metadata").remove("tags");
        }
        if (askUsage && !wantsUsage(sent)) {
            Map<String, @Nullable Object> options = expected.get("stream_options") instanceof Map<?, ?>
                    ? copyAt(expected, "stream_options")
                    : new LinkedHashMap<>();
            options.put("include_usage", true);
            expected.put("stream_options", options);
        }
        return expected;
    }

    private static boolean wantsUsage(Map<String, @Nullable Object> fields) {
        return fields.get("stream_options") instanceof Map<?, ?> options
                && Boolean.TRUE.equals(options.get("include_usage"));
    }

    private static List<?> tags(Map<String, @Nullable Object> fields) {
        return fields.get("metadata") instanceof Map<?, ?> metadata && metadata.get("tags") instanceof List<?> tags
                ? tags
                : List.of();
    }

    private static Object at(Map<String, @Nullable Object> fields, String name) {
        Object value = fields.get(name);
        return value == null ? "" : value;
    }

    @SuppressWarnings("unchecked")
    private static Map<String, @Nullable Object> copy(Object fields) {
        return new LinkedHashMap<>((Map<String, @Nullable Object>) fields);
    }

    private static Map<String, @Nullable Object> copyAt(Map<String, @Nullable Object> fields, String name) {
        Map<String, @Nullable Object> inner = copy(at(fields, name));
        fields.put(name, inner);
        return inner;
    }

    private static Sent random(SplittableRandom random) {
        Map<String, @Nullable Object> fields = new LinkedHashMap<>();
        fields.put("model", random.nextBoolean() ? "m" : "gpt \u00fc \"x\"\\");
        fields.put("messages", List.of(Map.of("role", "user", "content", "hi \u20ac"), new LinkedHashMap<>()));
        maybe(random, fields, "stream", random.nextBoolean());
        maybe(random, fields, "stream_options", streamOptions(random));
        maybe(random, fields, "metadata", metadata(random));
        maybe(random, fields, "user", "somebody \ud83d\ude00");
        maybe(random, fields, "max_tokens", new Tree.Digits("7"));
        for (int i = random.nextInt(4); i > 0; i--) {
            fields.put("unknown" + i, Tree.random(random, 3));
        }
        List<String> names = new ArrayList<>(fields.keySet());
        Collections.shuffle(names, new java.util.Random(random.nextLong()));
        Map<String, @Nullable Object> shuffled = new LinkedHashMap<>();
        names.forEach(name -> shuffled.put(name, fields.get(name)));
        return new Sent(shuffled, ByteString.fromString(Tree.write(shuffled, random)));
    }

    private static void maybe(
            SplittableRandom random, Map<String, @Nullable Object> fields, String name, @Nullable Object value) {
        if (random.nextBoolean()) {
            fields.put(name, value);
        }
    }

    private static @Nullable Object streamOptions(SplittableRandom random) {
        Map<String, @Nullable Object> options = new LinkedHashMap<>();
        maybe(random, options, "other", Tree.random(random, 2));
        maybe(random, options, "include_usage", random.nextInt(3) == 0 ? null : random.nextBoolean());
        maybe(random, options, "more", Tree.random(random, 2));
        return random.nextInt(5) == 0 ? null : options;
    }

    private static @Nullable Object metadata(SplittableRandom random) {
        Map<String, @Nullable Object> metadata = new LinkedHashMap<>();
        maybe(random, metadata, "before", Tree.random(random, 2));
        maybe(random, metadata, "tags", random.nextInt(4) == 0 ? "no list" : List.of("a", "\u00fc]", ","));
        maybe(random, metadata, "after", Tree.random(random, 2));
        return random.nextInt(6) == 0 ? Tree.random(random, 0) : metadata;
    }
}
