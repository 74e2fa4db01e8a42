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
        {"choices":[{"index":0,"message":{"role":"assistant","content":"whole","audio":{"data":"AA"}}}],"error":null}""", """
        {"id":"chatcmpl-1","choices":[{"message":{"content":"t1 "}}],"usage":{"prompt_tokens":7,"completion_tokens":20,\
        "total_tokens":30,"prompt_tokens_details":{"cached_tokens":3,"audio_tokens":0,"cache_write_tokens":2},\
        "completion_tokens_details":{"reasoning_tokens":4,"audio_tokens":5},"x":{"y":[1]}}}""", """
        {"choices":[],"usage":{"prompt_tokens":12,"cache_creation_input_tokens":4,"prompt_tokens_details":{},\
        "completion_tokens_details":{}}}""", """
        {"usage":{},"usage":{"total_tokens":99999999999},"choices":[{}],"choices":[]}"""};

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3, 4, 5, 6})
    void theEventsOfStreamsAreReadWithoutTheLibrary(int event) {
        byte[] bytes = EVENTS[event].getBytes(UTF_8);

        assertThat(new DeltaReader().read(bytes, 0, bytes.length)).isTrue();
        assertReadAsByTheLibrary(bytes);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"usage\":{\"prompt_tokens\":-1}}",
                "{\"usage\":{\"prompt_tokens\":1.5}}",
                "{\"usage\":{\"prompt_tokens\":1e3}}",
                "{\"usage\":{\"prompt_tokens\":\"1\"}}",
                "{\"usage\":{\"prompt_tokens\":null}}",
                "{\"usage\":{\"prompt_tokens\":01}}",
                "{\"usage\":{\"prompt_tokens_details\":null}}",
                "{\"usage\":{\"completion_tokens_details\":[1]}}",
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
        if (random.nextBoolean()) {
            event.put("usage", usage(random));
        }

        assertReadAsByTheLibrary(Tree.write(event, random).getBytes(UTF_8));
    }

    private static Map<String, @Nullable Object> usage(SplittableRandom random) {
        Map<String, @Nullable Object> usage = new LinkedHashMap<>();
        for (String name :
                List.of("prompt_tokens", "completion_tokens", "total_tokens", "cache_creation_input_tokens", "other")) {
            if (random.nextBoolean()) {
                usage.put(name, figure(random));
            }
        }
        for (String name : List.of("prompt_tokens_details", "completion_tokens_details")) {
            Map<String, @Nullable Object> details = new LinkedHashMap<>();
            for (String detail : List.of(
                    "cached_tokens",
                    "cache_creation_tokens",
                    "cache_write_tokens",
                    "reasoning_tokens",
                    "audio_tokens")) {
                if (random.nextBoolean()) {
                    details.put(detail, figure(random));
                }
            }
            usage.put(name, random.nextInt(8) == 0 ? Tree.random(random, 2) : details);
        }
        return usage;
    }

    /** Nearly always a whole number. */
    private static @Nullable Object figure(SplittableRandom random) {
        return random.nextInt(16) == 0
                ? Tree.random(random, 1)
                : new Tree.Digits(Integer.toString(random.nextInt(10_000)));
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
            UsageFigures figures = reader.usage();
            assertThat(figures == null ? null : figures.usage()).isEqualTo(facts.usage());
            assertThat(figures != null && reader.emptyChoices()).isEqualTo(facts.usageOnly());
            assertThat(reader.content()).isEqualTo(facts.content());
            assertThat(reader.chars()).isEqualTo(facts.contentChars());
        }
    }
}
