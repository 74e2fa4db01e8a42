package dev.weir.perf.sabotage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

final class SabotageTest {

    @ParameterizedTest
    @EnumSource
    void aSabotageIsFoundByWhatItIsCalled(Sabotage sabotage) {
        assertThat(Sabotage.of(sabotage.toString())).isEqualTo(sabotage);
    }

    @Test
    void anUnknownNameIsToldTheOnesThereAre() {
        assertThatThrownBy(() -> Sabotage.of("holds"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(
                        "no sabotage: holds (expected: one of hold, permit, row, busywait, persist, dedupe, epoch)");
    }

    @Test
    void theFlagNamesTheAgentAndTheSabotage() {
        assertThat(Sabotage.HOLD.flag(Path.of("/weir/.")))
                .isEqualTo("-javaagent:/weir/perf/target/sabotage/weir-sabotage.jar=hold");
    }

    @Test
    void aHomeThatTheLauncherWouldSplitIsRefused() {
        assertThatThrownBy(() -> Sabotage.ROW.flag(Path.of("/my weir")))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("home: /my weir (expected: a path without blanks)");
    }
}
