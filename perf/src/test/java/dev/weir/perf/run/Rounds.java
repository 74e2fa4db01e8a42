package dev.weir.perf.run;

import dev.weir.perf.load.LoadResult;
import java.util.List;
import java.util.Map;

/** Rounds for tests. */
final class Rounds {
    private static final LoadResult.Distribution NONE = new LoadResult.Distribution(0, 0, 0, 0, 0, 0, 0, 0, "");
    private static final LoadResult.Distribution SOME =
            new LoadResult.Distribution(10, 1000, 2000, 3000, 4000, 5000, 6000, 2500, "");

    private Rounds() {}

    static Round of(String subject, int number, long callsPerSecond, long failures, String... disagreements) {
        Map<String, Long> outcomes = Map.of("OK", callsPerSecond * 10, "TRUNCATED", failures);
        LoadResult load =
                new LoadResult(10, 10, callsPerSecond * 10 + failures, outcomes, outcomes, 1, 1, SOME, NONE, NONE);
        return new Round(
                subject,
                number,
                load,
                10,
                1_000_000,
                2_000_000,
                9_500_000,
                12_500_000,
                50_000_000,
                100_000_000,
                List.of(disagreements));
    }
}
