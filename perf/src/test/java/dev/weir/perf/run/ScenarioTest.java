package dev.weir.perf.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weir.perf.report.Measure;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class ScenarioTest {
    private static final Path SCENARIOS = Path.of("scenarios");

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void everyScenarioOfTheRepositoryCanBeReadAndJudged(boolean quick) throws IOException {
        assertThat(Scenario.names(SCENARIOS))
                .contains("calls", "streams", "open-loop", "hot-key")
                .doesNotContain("weir-full", "targets");
        for (String name : Scenario.names(SCENARIOS)) {
            Scenario scenario = Scenario.read(SCENARIOS, name, quick);

            assertThat(scenario.points()).isNotEmpty();
            assertThat(SCENARIOS.resolve(scenario.config())).exists();
            assertThat(scenario.targets())
                    .allSatisfy(target ->
                            assertThat(Measure.named(target.measure())).isNotNull());
        }
    }

    @Test
    void aPointIsTheLoadWithWhatIsDifferent() throws IOException {
        Scenario calls = Scenario.read(SCENARIOS, "calls", false);

        assertThat(calls.points()).extracting(Scenario.Workload::users).containsExactly(50, 150, 300, 500, 1000);
        assertThat(calls.points().getLast().seconds()).isEqualTo(20);
        assertThat(calls.seconds(7).points())
                .allSatisfy(point -> assertThat(point.seconds()).isEqualTo(7));
    }

    @Test
    void theQuickOneComparesNothing() throws IOException {
        Scenario quick = Scenario.read(SCENARIOS, "calls", true);

        assertThat(quick.rounds()).isEqualTo(1);
        assertThat(quick.points()).extracting(Scenario.Workload::users).containsExactly(300);
        assertThat(quick.warming()).isNull();
        assertThat(quick.targets())
                .isNotEmpty()
                .allSatisfy(target -> assertThat(target.compares()).isFalse());
    }

    @Test
    void anUnknownScenarioIsAnsweredWithThoseThereAre() {
        assertThatThrownBy(() -> Scenario.read(SCENARIOS, "nothing", false))
                .hasMessageContaining("No scenario nothing, there are: bodies, bursts, calls");
    }

    @ParameterizedTest
    @ValueSource(strings = {"rounds:", "users:", "seconds:", "subject:"})
    void aMisspelledFieldIsRefused(String field, @TempDir Path directory) throws IOException {
        String right = Files.readString(SCENARIOS.resolve("calls.yaml"));
        assertThat(right).contains(field);
        Files.writeString(directory.resolve("wrong.yaml"), right.replace(field, "x" + field));

        assertThatThrownBy(() -> Scenario.read(directory, "wrong", false)).hasMessageContaining(field.replace(":", ""));
    }
}
