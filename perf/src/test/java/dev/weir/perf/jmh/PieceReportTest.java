package dev.weir.perf.jmh;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

final class PieceReportTest {

    private static final PieceReport.Figure SUBJECT = new PieceReport.Figure(50, 40.04, 250, 309.4);
    private static final PieceReport.Figure BASELINE = new PieceReport.Figure(200, 190, 1200.6, 1000);

    @Test
    void aPieceStandsBesideItsBaseline() {
        PieceReport report = new PieceReport(
                List.of(new PieceReport.Line(Piece.SSE_SCANNER, "reads event", SUBJECT, BASELINE)),
                List.of("Machine: this one"));

        assertThat(report.markdown())
                .contains("- Machine: this one\n")
                .contains(" (reads event) | 50.0 (40.0 to 250) | 309 | 200 (190 to 1201) | 1000 | 0.25 |\n")
                .contains("- " + Piece.SSE_SCANNER.title() + ": " + Piece.SSE_SCANNER.baseline())
                .doesNotContain(Piece.METER.title());
    }

    @Test
    void aFigureThatWasNotTakenIsNotMadeUp() {
        PieceReport.Figure unprofiled = new PieceReport.Figure(50, 50, 50, Double.NaN);
        PieceReport report =
                new PieceReport(List.of(new PieceReport.Line(Piece.METER, "", unprofiled, null)), List.of());

        assertThat(report.markdown()).contains("| " + Piece.METER.title() + " | 50.0 (50.0 to 50.0) |  |  |  |  |\n");
    }
}
