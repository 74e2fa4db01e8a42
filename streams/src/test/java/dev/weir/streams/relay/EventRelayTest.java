package dev.weir.streams.relay;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.util.SplittableRandom;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.apache.pekko.util.ByteString;
import org.junit.jupiter.api.Test;

/** What a client gets of an upstream's stream, and what is learned beside it. */
class EventRelayTest {

    private static final String USAGE =
            "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":3,\"total_tokens\":12}}";

    /** A stream in which {@code $} stands for the line end and {@code #} for the usage event. */
    record Sample(String text, String lineEnd) {

        String upstream() {
            return text.replace("#", USAGE + "$$").replace("$", lineEnd);
        }

        String withoutUsage() {
            return text.replace("#", "").replace("$", lineEnd);
        }
    }

    @Property(tries = 500)
    void theUsageEventIsWithheldAndEveryOtherByteIsPassedHoweverTheyWereCut(
            @ForAll("samples") Sample sample, @ForAll long seed) {
        EventRelay relay = new EventRelay(true, Integer.MAX_VALUE);

        String out = relayed(relay, sample.upstream(), new SplittableRandom(seed));

        assertThat(out).isEqualTo(sample.withoutUsage());
        boolean told = sample.text.contains("#");
        assertThat(relay.facts().usage() != null).isEqualTo(told);
        assertThat(relay.facts().malformed()).isZero();
    }

    @Property(tries = 300)
    void everyByteIsPassedToAClientThatAskedForUsage(@ForAll("samples") Sample sample, @ForAll long seed) {
        EventRelay relay = new EventRelay(false, Integer.MAX_VALUE);

        String out = relayed(relay, sample.upstream(), new SplittableRandom(seed));

        assertThat(out).isEqualTo(sample.upstream());
    }

    @Property(tries = 300)
    void whatIsLearnedDoesNotDependOnTheCuts(@ForAll("samples") Sample sample, @ForAll long seed) {
        EventRelay whole = new EventRelay(true, Integer.MAX_VALUE);
        EventRelay cut = new EventRelay(true, Integer.MAX_VALUE);

        whole.feed(Unpooled.copiedBuffer(sample.upstream(), StandardCharsets.UTF_8));
        whole.finish();
        relayed(cut, sample.upstream(), new SplittableRandom(seed));

        assertThat(cut.facts().usage()).isEqualTo(whole.facts().usage());
        assertThat(cut.facts().done()).isEqualTo(whole.facts().done());
        assertThat(cut.contentSeen()).isEqualTo(whole.contentSeen());
        assertThat(cut.facts().outputEstimate()).isEqualTo(whole.facts().outputEstimate());
    }

    @Provide
    Arbitrary<Sample> samples() {
        Arbitrary<String> event = Arbitraries.of(
                "data: {\"choices\":[{\"delta\":{\"role\":\"assistant\",\"content\":\"\"}}]}$$",
                "data: {\"choices\":[{\"delta\":{\"content\":\"\u00fc\u20ac\"}}],\"unknown\":[1,{}]}$$",
                "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}],\"usage\":null}$$",
                ": ping$$",
                "event: message$id: 4$data: {\"choices\":[{\"delta\":{\"content\":\"x\"}}]}$$",
                "data: {\"choices\":[],$data: \"x\":1}$$",
                "#",
                "#");
        Arbitrary<String> end = Arbitraries.of("data: [DONE]$$", "data: [DONE]$", "data: [DONE]", "");
        return Combinators.combine(event.list().ofMaxSize(12), end, Arbitraries.of("\n", "\r", "\r\n"))
                .as((events, last, lineEnd) -> new Sample(String.join("", events) + last, lineEnd));
    }

    @Test
    void anEventIsGivenWholeOrNotYet() {
        EventRelay relay = new EventRelay(false, Integer.MAX_VALUE);

        relay.feed(Unpooled.copiedBuffer("data: {}\n\ndata: {\"a\"", StandardCharsets.UTF_8));

        assertThat(relay.take().utf8String()).isEqualTo("data: {}\n\n");
        assertThat(relay.take().isEmpty()).isTrue();
    }

    private static String relayed(EventRelay relay, String stream, SplittableRandom random) {
        ByteBuf all = Unpooled.copiedBuffer(stream, StandardCharsets.UTF_8);
        ByteString out = ByteString.emptyByteString();
        while (all.isReadable()) {
            int length = Math.min(all.readableBytes(), 1 + random.nextInt(random.nextInt(1, 60)));
            relay.feed(all.readSlice(length));
            if (random.nextBoolean()) {
                out = out.concat(relay.take());
            }
        }
        relay.finish();
        return out.concat(relay.take()).utf8String();
    }
}
