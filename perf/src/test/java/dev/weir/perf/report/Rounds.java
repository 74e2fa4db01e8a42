package dev.weir.perf.report;

import dev.weir.perf.load.LoadResult;
import dev.weir.perf.load.LoadResult.Distribution;
import dev.weir.perf.run.Round;
import dev.weir.perf.run.Run;
import dev.weir.perf.run.Sample;
import dev.weir.perf.run.Scenario;
import dev.weir.perf.subject.Mock;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/** Rounds and runs for tests. */
public final class Rounds {
    private static final Distribution NONE = new Distribution(0, 0, 0, 0, 0, 0, 0, 0, curve(0), "");
    private static final Distribution SOME =
            new Distribution(10, 1000, 2000, 3000, 4000, 5000, 6000, 2500, curve(2500), "");
    private static final Round.Findings NOTHING =
            new Round.Findings(null, null, null, null, null, null, null, null, null, null, null, null);

    private Rounds() {}

    public static LoadResult load(Map<String, Long> outcomes, LoadResult.Tokens tokens) {
        return new LoadResult(
                10,
                1,
                outcomes,
                outcomes,
                tokens,
                SOME,
                NONE,
                NONE,
                NONE,
                List.of(new LoadResult.Second(10, 0, 0, 2000, 4000), new LoadResult.Second(12, 0, 0, 2000, 4000)),
                List.of());
    }

    static Round of(String subject, int number, long callsPerSecond, long failures, String... disagreements) {
        return at("10 users", subject, number, callsPerSecond, failures, disagreements);
    }

    static Round at(
            String point, String subject, int number, long callsPerSecond, long failures, String... disagreements) {
        return stolen(0, point, subject, number, callsPerSecond, failures, disagreements);
    }

    /** A round of ten seconds in which the host kept so many microseconds. */
    static Round stolen(
            long stolen,
            String point,
            String subject,
            int number,
            long callsPerSecond,
            long failures,
            String... disagreements) {
        return new Round(
                subject,
                point,
                number,
                10,
                false,
                load(Map.of("OK", callsPerSecond * 10, "TRUNCATED", failures), new LoadResult.Tokens(1, 1, 0)),
                new Round.Usage(
                        10, 1_000_000, 2_000_000, 9_500_000, 12_500_000, stolen, 50_000_000, 100_000_000, 90_000_000),
                NOTHING,
                List.of(new Sample(1, 0.5, 0.1, 0.1, 0.7, 100, 90, 20, 30)),
                List.of(disagreements));
    }

    /** A round whose memory grows by so much an hour. */
    static Round growing(double megabytesAnHour) {
        Round round = of("weir", 1, 100, 0);
        List<Sample> samples = IntStream.rangeClosed(1, 300)
                .mapToObj(second ->
                        new Sample(second, 1, 0, 0, 1, 100 + megabytesAnHour * second / 3600 + second % 2, 90, 20, 30))
                .toList();
        return new Round(
                round.subject(),
                round.point(),
                round.number(),
                round.users(),
                round.refusals(),
                round.load(),
                round.usage(),
                round.findings(),
                samples,
                round.disagreements());
    }

    static Scenario.Workload point(String name, int users) {
        return new Scenario.Workload(
                name, users, null, false, 0, 0, false, 20, 500, 1, 2, 10, null, 0, 0, 0, false, Map.of());
    }

    static Run run(List<Scenario.Workload> points, List<Round> rounds, Scenario.Target... targets) {
        Scenario scenario = new Scenario(
                "test",
                "What?",
                new Mock.Settings("60ms", "0ms", 1, 0),
                "weir-full.yaml",
                false,
                false,
                points,
                null,
                2,
                List.of("nginx", "weir"),
                List.of(targets));
        return new Run(
                scenario,
                "perf/bin/bench run test",
                "2026-01-01T00:00:00",
                "0123456789",
                "two cores",
                2,
                Map.of("weir", "everything"),
                rounds,
                List.of("Skipped: other: not installed"));
    }

    private static List<Double> curve(double micros) {
        return Collections.nCopies(Distribution.PERCENTILES.size(), micros);
    }
}
