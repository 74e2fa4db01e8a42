package dev.weir.perf.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class ScenarioTest {
    private static final Path SCENARIOS = Path.of("scenarios");

    @Test
    void everyScenarioOfTheRepositoryCanBeReadAndJudged() throws IOException {
        assertThat(Scenario.names(SCENARIOS))
                .contains("journey-calls", "journey-streams")
                .doesNotContain("weir-full");
        for (String name : Scenario.names(SCENARIOS)) {
            Scenario scenario = Scenario.read(SCENARIOS, name);

            assertThat(scenario.subjects()).isSubsetOf("direct", "nginx", "weir");
            assertThat(scenario.targets()).allSatisfy(target -> Measure.named(target.measure()));
            assertThat(scenario.load().ramp())
                    .isLessThanOrEqualTo(scenario.load().warmup());
            assertThat(scenario.quick().ramp())
                    .isLessThanOrEqualTo(scenario.quick().warmup());
        }
    }

    @Test
    void theQuickOneComparesNothing() throws IOException {
        Scenario quick = Scenario.read(SCENARIOS, "journey-calls").quickly();

        assertThat(quick.rounds()).isEqualTo(1);
        assertThat(quick.load().users()).isEqualTo(100);
        assertThat(quick.targets())
                .isNotEmpty()
                .allSatisfy(target -> assertThat(target.against()).isNull());
    }

    @Test
    void anUnknownScenarioIsAnsweredWithThoseThereAre() {
        assertThatThrownBy(() -> Scenario.read(SCENARIOS, "nothing"))
                .hasMessageContaining("No scenario nothing, there are: journey-calls");
    }

    @Test
    void aMisspelledFieldIsRefused(@TempDir Path directory) throws IOException {
        String right = Files.readString(SCENARIOS.resolve("journey-calls.yaml"));
        Files.writeString(directory.resolve("wrong.yaml"), right.replace("rounds:", "round:"));

        assertThatThrownBy(() -> Scenario.read(directory, "wrong")).hasMessageContaining("round");
    }
}
