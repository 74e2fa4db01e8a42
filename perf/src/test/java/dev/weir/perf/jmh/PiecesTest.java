package dev.weir.perf.jmh;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.BenchmarkList;
import org.openjdk.jmh.runner.BenchmarkListEntry;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.format.OutputFormatFactory;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;

final class PiecesTest {

    @BeforeAll
    static void beSideBySideWithAnotherJmhOfThisMachine() {
        System.setProperty("jmh.ignoreLock", "true");
    }

    @Test
    void everyBenchmarkIsAPieceBesideItsBaseline() {
        Stream<String> expected = Arrays.stream(Piece.values())
                .flatMap(piece -> Stream.of(PieceReport.SUBJECT, PieceReport.BASELINE)
                        .map(method -> piece.className() + "." + method));

        List<String> found = BenchmarkList.defaultList()
                .getAll(OutputFormatFactory.createFormatInstance(System.out, VerboseMode.SILENT), List.of())
                .stream()
                .map(BenchmarkListEntry::getUsername)
                .toList();

        assertThat(found).containsExactlyInAnyOrderElementsOf(expected.toList());
    }

    @Test
    void everyBenchmarkRunsAndHasALineWithBothFigures() throws RunnerException {
        Collection<RunResult> runs = new Runner(new OptionsBuilder()
                        .forks(0)
                        .warmupIterations(0)
                        .measurementIterations(1)
                        .measurementTime(TimeValue.milliseconds(1))
                        .shouldFailOnError(true)
                        .verbosity(VerboseMode.SILENT)
                        .build())
                .run();

        PieceReport report = PieceReport.of(runs, List.of());

        assertThat(report.lines()).extracting(PieceReport.Line::piece).contains(Piece.values());
        assertThat(report.lines()).hasSize(runs.size() / 2).allSatisfy(line -> {
            assertThat(line.weir()).isNotNull();
            assertThat(line.baseline()).isNotNull();
        });
    }
}
