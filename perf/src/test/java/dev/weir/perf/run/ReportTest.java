package dev.weir.perf.run;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

final class ReportTest {
    private static final Scenario.Workload WORKLOAD = new Scenario.Workload(10, false, "mock", 20, 500, 1, 2, 10);

    @Test
    void aRatioIsHeldAgainstItsBound() {
        Map<String, List<Round>> rounds = new TreeMap<>();
        rounds.put("nginx", List.of(Rounds.of("nginx", 1, 1000, 0), Rounds.of("nginx", 2, 1200, 0)));
        rounds.put("weir", List.of(Rounds.of("weir", 1, 800, 0), Rounds.of("weir", 2, 900, 0)));

        Report good = report(rounds, new Scenario.Target("weir", "throughput", "nginx", 0.6, null));
        Report bad = report(rounds, new Scenario.Target("weir", "throughput", "nginx", 0.8, null));

        assertThat(good.passed()).isTrue();
        assertThat(good.markdown()).contains("met: weir: calls/s / nginx = 0.773 (850 / 1100), must be >= 0.6");
        assertThat(good.markdown()).contains("| weir | 850 (800 to 900) | 0 |").contains("| 77 % |");
        assertThat(bad.passed()).isFalse();
        assertThat(bad.markdown()).contains("NOT MET: weir");
    }

    @Test
    void failuresOfAllRoundsCount() {
        Map<String, List<Round>> rounds =
                Map.of("weir", List.of(Rounds.of("weir", 1, 800, 0), Rounds.of("weir", 2, 900, 1)));

        Report report = report(rounds, new Scenario.Target("weir", "failures", null, null, 0.0));

        assertThat(report.passed()).isFalse();
        assertThat(report.markdown()).contains("weir, round 2: {").contains("TRUNCATED=1");
    }

    @Test
    void aDisagreementVoidsTheRun() {
        Report report = report(Map.of("weir", List.of(Rounds.of("weir", 1, 800, 0, "ledger rows 7999, witness 8000"))));

        assertThat(report.passed()).isFalse();
        assertThat(report.markdown()).contains("Void").contains("weir, round 1: ledger rows 7999, witness 8000");
    }

    @Test
    void aMissingSubjectFailsAndAMissingControlIsSaid() {
        Map<String, List<Round>> weirOnly = Map.of("weir", List.of(Rounds.of("weir", 1, 800, 0)));
        Scenario.Target target = new Scenario.Target("weir", "throughput", "nginx", 0.6, null);

        assertThat(report(Map.of(), target).passed()).isFalse();
        assertThat(report(weirOnly, target).passed()).isTrue();
        assertThat(report(weirOnly, target).markdown()).contains("not judged");
    }

    @Test
    void aHarnessThatLimitsSaysSo() {
        Report report = report(Map.of("weir", List.of(Rounds.of("weir", 1, 800, 0))));

        assertThat(report.markdown()).contains("weir, round 1: the load's loop was busy 95 % of the time");
    }

    private static Report report(Map<String, List<Round>> rounds, Scenario.Target... targets) {
        Scenario scenario = new Scenario(
                "What?",
                new Scenario.Mock("60ms", "0ms", 1),
                WORKLOAD,
                WORKLOAD,
                1,
                2,
                List.of("nginx", "weir"),
                List.of(targets));
        return new Report("test", scenario, rounds, List.of(), "perf/bin/bench run test");
    }
}
