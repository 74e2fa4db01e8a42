package dev.weir.streams.dialect;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.config.price.Usage;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SplittableRandom;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is learned from answers, whole or event by event. */
class ChatFactsTest {

    @Property(tries = 500)
    void theBucketsAreDisjointAndTheirSumIsTheProvidersTotal(
            @ForAll @IntRange(max = 1_000_000) int prompt,
            @ForAll @IntRange(max = 1_000_000) int completion,
            @ForAll @IntRange(max = 2_000_000) int cached,
            @ForAll @IntRange(max = 2_000_000) int reasoning,
            @ForAll @IntRange(max = 2_000_000) int audio) {
        Usage usage = usage("{\"usage\":{\"prompt_tokens\":" + prompt + ",\"completion_tokens\":" + completion
                + ",\"total_tokens\":" + (prompt + completion) + ",\"prompt_tokens_details\":{\"cached_tokens\":"
                + cached + "},\"completion_tokens_details\":{\"reasoning_tokens\":" + reasoning + ",\"audio_tokens\":"
                + audio + "}}}");

        assertThat(usage.prompt()).isEqualTo(prompt);
        assertThat(usage.completion()).isEqualTo(completion);
        assertThat(usage.total()).isEqualTo((long) prompt + completion);
        assertThat(usage.cacheRead()).isEqualTo(Math.min(cached, prompt));
        assertThat(usage.reasoning()).isEqualTo(Math.min(reasoning, completion));
    }

    @Property(tries = 300)
    void reasoningThatAProviderCountsInItsTotalOnlyIsOutputToo(
            @ForAll @IntRange(max = 100_000) int prompt,
            @ForAll @IntRange(max = 100_000) int visible,
            @ForAll @IntRange(max = 100_000) int reasoning) {
        Usage usage = usage("{\"usage\":{\"prompt_tokens\":" + prompt + ",\"completion_tokens\":" + visible
                + ",\"total_tokens\":" + (prompt + visible + reasoning)
                + ",\"completion_tokens_details\":{\"reasoning_tokens\":" + reasoning + "}}}");

        assertThat(usage).isEqualTo(new Usage(prompt, 0, 0, visible, reasoning, 0, 0));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "\"content\":\"x\"",
                "\"content\":[{\"type\":\"text\",\"text\":\"x\"}]",
                "\"reasoning_content\":\"x\"",
                "\"reasoning\":\"x\"",
                "\"refusal\":\"x\"",
                "\"tool_calls\":[{\"index\":0,\"function\":{\"arguments\":\"{\"}}]",
                "\"function_call\":{\"name\":\"f\"}",
                "\"audio\":{\"data\":\"AA\"}",
                "\"images\":[{\"image_url\":{\"url\":\"data:\"}}]",
                "\"role\":\"assistant\",\"content\":\"x\""
            })
    void theseDeltasBearContent(String delta) {
        ChatFacts facts = read("{\"choices\":[{\"index\":0,\"delta\":{" + delta + "}}]}");

        assertThat(facts.content()).isTrue();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"choices\":[{\"delta\":{\"role\":\"assistant\",\"content\":\"\"}}]}",
                "{\"choices\":[{\"delta\":{\"content\":null,\"tool_calls\":[],\"refusal\":null}}]}",
                "{\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}",
                "{\"choices\":[],\"usage\":{\"prompt_tokens\":1}}",
                "{\"choices\":{\"delta\":{\"content\":\"x\"}}}",
                "{\"delta\":{\"content\":\"x\"}}",
                "[{\"choices\":[{\"delta\":{\"content\":\"x\"}}]}]"
            })
    void theseEventsDoNot(String event) {
        assertThat(read(event).content()).isFalse();
    }

    @Test
    void onlyAnEventWithoutChoicesIsThereForItsUsageAlone() {
        assertThat(read("{\"choices\":[],\"usage\":{\"prompt_tokens\":1}}").usageOnly())
                .isTrue();
        assertThat(read("{\"choices\":[{\"delta\":{}}],\"usage\":{\"prompt_tokens\":1}}")
                        .usageOnly())
                .isFalse();
        assertThat(read("{\"choices\":[],\"usage\":null}").usageOnly()).isFalse();
        assertThat(read("{\"choices\":{},\"usage\":{\"prompt_tokens\":1}}").usageOnly())
                .isFalse();
    }

    @Test
    void anErrorIsSeenWithTheStatusThatItNames() {
        assertThat(read("{\"error\":{\"message\":\"x\",\"code\":503,\"details\":{\"code\":1}}}")
                        .errorStatus())
                .isEqualTo(503);
        assertThat(read("{\"error\":\"overloaded\"}").error()).isTrue();
        assertThat(read("{\"error\":null}").error()).isFalse();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"usage\":{\"prompt_tokens\":{\"completion_tokens\":7},\"completion_tokens\":3}}",
                "{\"usage\":{\"prompt_tokens\":[1,2],\"completion_tokens\":3}}",
                "{\"usage\":{\"completion_tokens_details\":{\"reasoning_tokens\":{\"x\":1}},\"completion_tokens\":3}}",
                "{\"usage\":{\"prompt_tokens\":-5,\"completion_tokens\":\"3\"}}"
            })
    void figuresThatAreNoneCountAsZeroAndHideNoOthers(String event) {
        assertThat(usage(event)).isEqualTo(Usage.ofText(0, 3));
    }

    /** Jackson takes four such bytes for a UTF-32 that it does not read, and says so by another exception. */
    @Test
    void whatLooksLikeAnotherEncodingIsMalformed() {
        ChatFacts facts = new ChatFacts();

        facts.read(new byte[] {0, 0, 33, 0, 1}, 0, 5);

        assertThat(facts.malformed()).isEqualTo(1);
    }

    @Property(tries = 2000)
    void garbageIsCountedAndNeverThrown(@ForAll byte[] bytes) {
        ChatFacts facts = new ChatFacts();

        facts.read(bytes, 0, bytes.length);

        assertThat(facts.done()).isFalse();
    }

    @Property(tries = 1500)
    void jsonOfAnyShapeIsReadToItsEnd(@ForAll long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        Map<String, @Nullable Object> event = new LinkedHashMap<>();
        event.put("choices", Tree.random(random, 3));
        event.put("usage", Tree.random(random, 2));
        event.put("error", null);
        event.put("unknown", Tree.random(random, 3));
        event.put("x", java.util.List.of(Map.of("delta", Map.of("content", "y"))));
        ChatFacts facts = read(Tree.write(event, random));

        assertThat(facts.malformed()).isZero();
        assertThat(facts.error()).isFalse();
    }

    @Test
    void figuresBeyondAllNumbersLeaveTheAnswerMalformedAndNothingElse() {
        assertThat(read("{\"usage\":{\"prompt_tokens\":" + "9".repeat(400) + "}}")
                        .usage())
                .isNull();
    }

    @Test
    void outputIsEstimatedByEventsAndByCharactersWhereEventsAreLarge() {
        ChatFacts small = new ChatFacts();
        ChatFacts large = new ChatFacts();
        byte[] token = "{\"choices\":[{\"delta\":{\"content\":\"four\"}}]}".getBytes(StandardCharsets.UTF_8);
        byte[] page = ("{\"choices\":[{\"delta\":{\"content\":\"" + "four".repeat(100) + "\"}}]}")
                .getBytes(StandardCharsets.UTF_8);
        for (int i = 0; i < 10; i++) {
            small.read(token, 0, token.length);
            large.read(page, 0, page.length);
        }

        assertThat(small.outputEstimate()).isEqualTo(10);
        assertThat(large.outputEstimate()).isEqualTo(1_000);
    }

    private static ChatFacts read(String event) {
        ChatFacts facts = new ChatFacts();
        byte[] bytes = event.getBytes(StandardCharsets.UTF_8);
        facts.read(bytes, 0, bytes.length);
        return facts;
    }

    private static Usage usage(String event) {
        Usage usage = read(event).usage();
        assertThat(usage).isNotNull();
        return usage;
    }
}
