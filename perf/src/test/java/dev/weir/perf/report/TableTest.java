package dev.weir.perf.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weir.perf.run.Round;
import dev.weir.perf.run.Run;
import dev.weir.perf.run.Scenario;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class TableTest {
    private static final Path SCENARIOS = Path.of("scenarios");
    private static final String ROWS = """
            question: Is it so?
            rows:
              - {row: "1", question: share, scenario: test, point: 10 users, measure: throughput, against: nginx, must: {at_least: 0.7}, aim: {at_least: 0.9}}
              - {row: "2", question: elsewhere, note: somebody else measures it}
            """;

    @TempDir
    @SuppressWarnings("NullAway.Init")
    Path directory;

    @Test
    void everyTableOfTheRepositoryNamesPointsThatThereAre() throws IOException {
        assertThat(Table.names(SCENARIOS)).containsExactly("guard", "targets");
        for (String name : Table.names(SCENARIOS)) {
            Table table = Table.read(SCENARIOS, name);
            for (String scenario : table.scenarios()) {
                List<String> points = Scenario.read(SCENARIOS, scenario, false).points().stream()
                        .map(Scenario.Workload::name)
                        .toList();

                assertThat(points).containsAll(table.points(scenario));
            }
        }
    }

    @Test
    void aRowIsMetMissedOrNotMeasured() throws IOException {
        Table table = table(ROWS);
        Run good = run(800);
        Run bad = run(600);

        assertThat(table.fill(Map.of("test", good)).passed()).isTrue();
        assertThat(table.fill(Map.of("test", good)).markdown())
                .contains("| 1 | share | 0.800 (800 / 1000) | >= 0.7 | >= 0.9 | met |")
                .contains("| 2 | elsewhere | somebody else measures it |");
        assertThat(table.fill(Map.of("test", run(950))).markdown()).contains("| aim met |");
        assertThat(table.fill(Map.of("test", bad)).passed()).isFalse();
        assertThat(table.fill(Map.of("test", bad)).markdown()).contains("**MISSED**");
        assertThat(table.fill(Map.of()).passed()).isFalse();
        assertThat(table.fill(Map.of()).markdown()).contains("| 1 | share | not measured |");
    }

    @Test
    void aVoidRunFailsTheTable() throws IOException {
        Round round = Rounds.of("weir", 1, 800, 0, "ledger rows 1, witness 2");
        Run run = Rounds.run(List.of(Rounds.point("10 users", 10)), List.of(Rounds.of("nginx", 1, 1000, 0), round));

        assertThat(table(ROWS).fill(Map.of("test", run)).passed()).isFalse();
    }

    @Test
    void aTableSaysOnHowManyMeasurementsTheHostKeptTheMachine() throws IOException {
        long twoHundredths = 400_000;
        List<Round> rounds = List.of(
                Rounds.stolen(0, "10 users", "nginx", 1, 1000, 0),
                Rounds.stolen(twoHundredths - 1, "10 users", "weir", 1, 800, 0),
                Rounds.stolen(twoHundredths, "10 users", "weir", 2, 800, 0));
        Run run = Rounds.run(List.of(Rounds.point("10 users", 10)), rounds);

        assertThat(table(ROWS).fill(Map.of("test", run)).markdown())
                .contains("**on a machine that others had too** (1 of 3 measurements");
        assertThat(table(ROWS).fill(Map.of("test", run(800))).markdown()).doesNotContain("others had too");
        assertThat(new Report(run).markdown())
                .contains("weir, 10 users, round 2: the host kept the machine 2 % of the time")
                .doesNotContain("round 1: the host");
    }

    @Test
    void aMeasureThatIsNoneIsRefused() {
        assertThatThrownBy(() -> table(ROWS.replace("throughput", "speed"))).hasMessageContaining("measure: speed");
    }

    private Table table(String text) throws IOException {
        Files.writeString(directory.resolve("t.yaml"), text);
        return Table.read(directory, "t");
    }

    private static Run run(long callsPerSecond) {
        return Rounds.run(
                List.of(Rounds.point("10 users", 10)),
                List.of(Rounds.of("nginx", 1, 1000, 0), Rounds.of("weir", 1, callsPerSecond, 0)));
    }
}
