package dev.weir.perf.report;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.perf.run.Round;
import dev.weir.perf.run.Run;
import dev.weir.perf.run.Scenario.Target;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class ReportTest {
    private static final String POINT = "10 users";
    private static final List<Round> BOTH = List.of(
            Rounds.of("nginx", 1, 1000, 0),
            Rounds.of("nginx", 2, 1200, 0),
            Rounds.of("weir", 1, 800, 0),
            Rounds.of("weir", 2, 900, 0));

    @Test
    void aRatioIsHeldAgainstItsBound() {
        Report good = report(BOTH, against("nginx", 0.6));
        Report bad = report(BOTH, against("nginx", 0.8));

        assertThat(good.passed()).isTrue();
        assertThat(good.markdown())
                .contains("met: weir, 10 users: calls/s / nginx = 0.773 (850 / 1100), must be >= 0.6")
                .contains("| 10 users | weir | 850 (800 to 900) | 0 |")
                .contains("| 77 % |");
        assertThat(bad.passed()).isFalse();
        assertThat(bad.markdown()).contains("**NOT MET**: weir");
    }

    @Test
    void aDifferenceIsHeldAgainstItsBound() {
        Target within = new Target(POINT, "weir", "p50_ms", null, "nginx", null, null, 0.5);
        Target beyond = new Target(POINT, "weir", "throughput", null, "nginx", null, 0.0, null);

        assertThat(report(BOTH, within).passed()).isTrue();
        assertThat(report(BOTH, beyond).passed()).isFalse();
        assertThat(report(BOTH, beyond).markdown()).contains("= -250.000 (850 - 1100), must be >= 0");
    }

    @Test
    void onePointIsHeldAgainstAnother() {
        List<Round> rounds = List.of(Rounds.at("one", "weir", 1, 1000, 0), Rounds.at("three", "weir", 1, 890, 0));
        Target kept = new Target("three", "weir", "throughput", null, null, "one", 0.9, null);
        Run run = Rounds.run(List.of(Rounds.point("one", 1), Rounds.point("three", 3)), rounds, kept);

        assertThat(new Report(run).passed()).isFalse();
        assertThat(new Report(run).markdown()).contains("three: calls/s / one = 0.890 (890 / 1000), must be >= 0.9");
    }

    @Test
    void failuresOfAllRoundsCount() {
        Report report = report(
                List.of(Rounds.of("weir", 1, 800, 0), Rounds.of("weir", 2, 900, 1)),
                new Target(null, "weir", "failures", null, null, null, null, 0.0));

        assertThat(report.passed()).isFalse();
        assertThat(report.markdown()).contains("weir, 10 users, round 2: {").contains("TRUNCATED=1");
    }

    @Test
    void aDisagreementVoidsTheRun() {
        Report report = report(List.of(Rounds.of("weir", 1, 800, 0, "ledger rows 7999, witness 8000")));

        assertThat(report.passed()).isFalse();
        assertThat(report.markdown())
                .contains("VOID")
                .contains("weir, 10 users, round 1: ledger rows 7999, witness 8000");
    }

    @Test
    void aMissingSubjectFailsAMissingControlIsSaidAndAMissingPointFails() {
        List<Round> weirOnly = List.of(Rounds.of("weir", 1, 800, 0));

        assertThat(report(List.of(), against("nginx", 0.6)).passed()).isFalse();
        assertThat(report(List.of(Rounds.of("nginx", 1, 800, 0)), against("nginx", 0.6))
                        .passed())
                .isFalse();
        assertThat(report(weirOnly, against("nginx", 0.6)).passed()).isTrue();
        assertThat(report(weirOnly, against("nginx", 0.6)).markdown()).contains("not measured");
        assertThat(report(weirOnly, new Target("11 users", "weir", "failures", null, null, null, null, 0.0))
                        .passed())
                .isFalse();
    }

    @Test
    void aHarnessThatLimitsSaysSo() {
        assertThat(report(List.of(Rounds.of("weir", 1, 800, 0))).markdown())
                .contains("weir, 10 users, round 1: the load's loop was busy 95 % of the time");
    }

    @Test
    void memoryThatGrowsHasASlope() {
        assertThat(Measure.RESIDENT_SLOPE.of(Rounds.growing(100))).isBetween(95.0, 105.0);
        assertThat(Measure.RESIDENT_SLOPE.of(Rounds.growing(0))).isBetween(-5.0, 5.0);
        assertThat(Measure.RESIDENT_SLOPE.of(Rounds.of("weir", 1, 1, 0))).isNaN();
    }

    @Test
    void aReportIsWrittenAnewFromItsData(@TempDir Path directory) throws IOException {
        Run run = Rounds.run(
                List.of(Rounds.point("one", 1), Rounds.point("three", 3)),
                List.of(
                        Rounds.at("one", "weir", 1, 1000, 0),
                        Rounds.at("three", "weir", 1, 890, 0),
                        Rounds.at("one", "nginx", 1, 1000, 0)),
                against("nginx", 0.6));
        new Report(run).write(directory);
        String markdown = Files.readString(directory.resolve("report.md"));
        Files.delete(directory.resolve("report.md"));

        Run again = Report.read(directory);
        new Report(again).write(directory);

        assertThat(again).isEqualTo(run);
        assertThat(directory.resolve("report.md")).hasContent(markdown);
        assertThat(markdown).contains("![throughput](throughput.svg)").contains("Skipped: other");
        assertThat(Files.readString(directory.resolve("throughput.svg")))
                .contains("<svg")
                .contains("weir: 3, 890");
        assertThat(Files.readString(directory.resolve("report.html")))
                .contains("<table>")
                .contains("<div class=\"plots\"><svg")
                .doesNotContain("<img");
        assertThat(Files.readString(directory.resolve("rounds.csv"))).contains("\"three\",weir,1,890.000");
    }

    @Test
    void twoRunsDifferWhereTheirRangesDoNotOverlap() {
        Run before = Rounds.run(List.of(Rounds.point(POINT, 10)), BOTH);
        Run after = Rounds.run(
                List.of(Rounds.point(POINT, 10)),
                List.of(Rounds.of("nginx", 1, 1150, 0), Rounds.of("weir", 1, 700, 0), Rounds.of("weir", 2, 750, 0)));

        assertThat(new Comparison(before, after).markdown())
                .contains("| 10 users | weir | calls/s | 850 (800 to 900) | 725 (700 to 750) | 0.85 | worse |")
                .contains("| 10 users | nginx | calls/s | 1100 (1000 to 1200) | 1150 | 1.05 |  |");
    }

    private static Target against(String control, double atLeast) {
        return new Target(POINT, "weir", "throughput", control, null, null, atLeast, null);
    }

    private static Report report(List<Round> rounds, Target... targets) {
        return new Report(Rounds.run(List.of(Rounds.point(POINT, 10)), rounds, targets));
    }
}
