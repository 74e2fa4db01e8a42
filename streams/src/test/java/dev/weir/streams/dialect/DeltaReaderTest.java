package dev.weir.streams.dialect;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What it reads it reads as the library does; what it does not read it leaves alone. */
class DeltaReaderTest {

    private static final String SIGNS = "{}[]\",:\\ue0+-.\0";

    private static final String[] EVENTS = {"""
        {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1700000000,"model":"m","choices":[{"index":0,\
        "delta":{"role":"assistant","content":"tk 1"},"logprobs":null,"finish_reason":null}],"usage":null}""", """
        { "choices" : [ { "delta" : { "content" : "größer 好 \\uD83D\\uDE00 😀 \\"q\\" \\n", "refusal": null } } ] }""", """
        {"choices":[{"delta":{"tool_calls":[{"index":0,"id":"c","function":{"name":"f","arguments":"{\\"a\\":-1.5e3}"}}]}},\
        {"delta":{"content":""}},7,{}],"x":[true,false,[],{}]}""", """
        {"choices":[{"index":0,"message":{"role":"assistant","content":"whole","audio":{"data":"AA"}}}],"error":null}"""};

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3})
    void theEventsOfStreamsAreReadWithoutTheLibrary(int event) {
        byte[] bytes = EVENTS[event].getBytes(UTF_8);

        assertThat(new DeltaReader().read(bytes, 0, bytes.length)).isTrue();
        assertReadAsByTheLibrary(bytes);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"choices\":[],\"usage\":{\"prompt_tokens\":1}}",
                "{\"error\":{\"message\":\"x\"}}",
                "{\"error\":\"x\"}",
                "{\"cho\\u0069ces\":[]}",
                "[1]",
                "",
                "{\"choices\":[{\"delta\":{\"content\":\"x\"}}]",
                "{\"choices\":[{\"delta\":{\"content\":\"x\"},}]}",
                "{\"n\":01}",
                "{\"n\":12345678901234567890}",
                "{\"n\":nul}"
            })
    void theRestIsTheLibrarys(String event) {
        byte[] bytes = event.getBytes(UTF_8);

        assertThat(new DeltaReader().read(bytes, 0, bytes.length)).isFalse();
    }

    @Test
    void jsonThatIsDeeperThanItReadsIsTheLibrarys() {
        byte[] bytes = ("{\"x\":" + "[".repeat(100) + "]".repeat(100) + "}").getBytes(UTF_8);

        assertThat(new DeltaReader().read(bytes, 0, bytes.length)).isFalse();
    }

    @Property(tries = 20_000)
    void aDamagedEventIsReadAsTheLibraryReadsIt(@ForAll long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        byte[] event = EVENTS[random.nextInt(EVENTS.length)].getBytes(UTF_8);

        assertReadAsByTheLibrary(damaged(event, random));
    }

    @Property(tries = 3_000)
    void jsonOfAnyShapeIsReadAsTheLibraryReadsIt(@ForAll long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        Map<String, @Nullable Object> delta = new LinkedHashMap<>();
        for (String name : List.of("content", "tool_calls", "reasoning", "images", "other")) {
            if (random.nextBoolean()) {
                delta.put(name, Tree.random(random, 3));
            }
        }
        Map<String, @Nullable Object> event = new LinkedHashMap<>();
        event.put("x", Tree.random(random, 3));
        event.put("choices", List.of(Map.of("delta", delta), Map.of("message", Map.of("content", "y"))));

        assertReadAsByTheLibrary(Tree.write(event, random).getBytes(UTF_8));
    }

    private static byte[] damaged(byte[] event, SplittableRandom random) {
        byte[] bytes = event.clone();
        int times = 1 + random.nextInt(3);
        for (int i = 0; i < times && bytes.length > 1; i++) {
            int at = random.nextInt(bytes.length);
            switch (random.nextInt(4)) {
                case 0 -> bytes[at] = (byte) random.nextInt(256);
                case 1 -> bytes = Arrays.copyOf(bytes, at);
                case 2 -> {
                    byte[] longer = new byte[bytes.length + 1];
                    System.arraycopy(bytes, 0, longer, 0, at);
                    longer[at] = (byte) SIGNS.charAt(random.nextInt(SIGNS.length()));
                    System.arraycopy(bytes, at, longer, at + 1, bytes.length - at);
                    bytes = longer;
                }
                default -> bytes[at] = bytes[random.nextInt(bytes.length)];
            }
        }
        return bytes;
    }

    private static void assertReadAsByTheLibrary(byte[] bytes) {
        DeltaReader reader = new DeltaReader();
        if (reader.read(bytes, 0, bytes.length)) {
            ChatFacts facts = new ChatFacts();
            facts.parse(bytes, 0, bytes.length);
            assertThat(facts.malformed()).isZero();
            assertThat(facts.error()).isFalse();
            assertThat(facts.usage()).isNull();
            assertThat(reader.content()).isEqualTo(facts.content());
            assertThat(reader.chars()).isEqualTo(facts.contentChars());
        }
    }
}
