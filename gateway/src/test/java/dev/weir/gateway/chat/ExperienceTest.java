package dev.weir.gateway.chat;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.streams.dialect.ChatRequest;
import dev.weir.streams.dialect.ChatRequestReader;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.IntRange;
import org.apache.pekko.util.ByteString;
import org.junit.jupiter.api.Test;

class ExperienceTest {

    private static final int ENOUGH = 32;

    private static ChatRequest request(int promptBytes) {
        String body = "{\"model\":\"m\",\"stream\":true,\"messages\":[{\"role\":\"user\",\"content\":\""
                + "a".repeat(promptBytes) + "\"}]}";
        return ((ChatRequestReader.Read) new ChatRequestReader(64).read(ByteString.fromString(body))).request();
    }

    @Test
    void untilThereIsEnoughOfItTheBoundIsEveryTokenizers() {
        Experience experience = new Experience(1_024);
        ChatRequest request = request(4_000);
        for (int i = 1; i < ENOUGH; i++) {
            experience.prompt(request, 1_000);
            experience.output(10);
        }

        assertThat(experience.inputBound(request)).isEqualTo(request.inputBound());
        assertThat(experience.usualOutput()).isEqualTo(1_024);
    }

    @Test
    void whatIsLearnedHoldsLess() {
        Experience experience = new Experience(1_024);
        ChatRequest request = request(4_000);
        for (int i = 0; i < ENOUGH; i++) {
            experience.prompt(request, 1_000);
            experience.output(200);
        }

        assertThat(experience.inputBound(request)).isBetween(1_000L, 1_300L).isLessThan(request.inputBound());
        assertThat(experience.usualOutput()).isEqualTo(300);
    }

    /** Calls as dense as those that were seen are never held too low. */
    @Property
    void theBoundCoversWhatWasSeen(
            @ForAll @DoubleRange(min = 0.05, max = 0.5) double tokensPerByte,
            @ForAll @IntRange(min = 1, max = 5_000) int bytes) {
        Experience experience = new Experience(1_024);
        ChatRequest seen = request(2_000);
        for (int i = 0; i < 2 * ENOUGH; i++) {
            experience.prompt(seen, (long) (seen.promptBytes() * tokensPerByte));
        }
        ChatRequest request = request(bytes);

        assertThat(experience.inputBound(request))
                .isGreaterThanOrEqualTo((long) (request.promptBytes() * tokensPerByte))
                .isLessThanOrEqualTo(request.inputBound());
    }

    @Test
    void oneDensePromptIsRememberedForLong() {
        Experience experience = new Experience(1_024);
        ChatRequest request = request(4_000);
        experience.prompt(request, 1_900);
        for (int i = 0; i < 200; i++) {
            experience.prompt(request, 400);
        }

        assertThat(experience.inputBound(request)).isGreaterThan(1_800);
    }
}
