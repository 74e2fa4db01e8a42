package dev.weir.cluster.nodes;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

final class SeedsTest {

    @Test
    void aSeedThatIsNotKnownIsMetAsItStandsAndAtItsAddress() {
        assertThat(Seeds.besides(List.of("10.0.0.1:7350"), List.of("localhost:7350")))
                .contains("localhost:7350", "127.0.0.1:7350");
    }

    @Test
    void aSeedThatLeadsToANodeThatIsKnownIsNotMetByAnotherName() {
        assertThat(Seeds.besides(List.of("127.0.0.1:7350"), List.of("localhost:7350", "127.0.0.1:7350")))
                .doesNotContain("localhost:7350", "127.0.0.1:7350");
        assertThat(Seeds.besides(List.of("localhost:7350"), List.of("127.0.0.1:7350")))
                .isEmpty();
    }

    @Test
    void anotherPortIsAnotherNode() {
        assertThat(Seeds.besides(List.of("127.0.0.1:7350"), List.of("127.0.0.1:7351")))
                .containsExactly("127.0.0.1:7351");
    }

    @Test
    void aNameThatLeadsNowhereIsMetAsItStands() {
        assertThat(Seeds.besides(List.of(), List.of("no-such-node.invalid:7350")))
                .containsExactly("no-such-node.invalid:7350");
    }

    @Test
    void anAddressOfTheSixthVersionKeepsItsBrackets() {
        assertThat(Seeds.besides(List.of(), List.of("[::1]:7350")))
                .containsExactly("[::1]:7350", "[0:0:0:0:0:0:0:1]:7350");
    }
}
