package dev.weir.perf.run;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.util.Map;
import org.junit.jupiter.api.Test;

final class LedgerTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Mock.Totals WITNESS = new Mock.Totals(3, 0, 3, 100, 60);

    @Test
    void booksThatAgreeAreSilent() throws Exception {
        assertThat(ledger("{\"attempts\": 3}", "0.00022").look(3, WITNESS)).isEmpty();
    }

    @Test
    void aMissingRowAndAMissingNanoDollarAreSeen() throws Exception {
        assertThat(ledger("{\"attempts\": 2}", "0.000219999").look(3, WITNESS))
                .containsExactly("ledger rows 2, witness 3, client 3", "spend 219999 nano-USD, by the witness 220000");
    }

    @Test
    void aSummaryWithoutACountIsNotTakenForZero() throws Exception {
        assertThat(ledger("{}", "0.00022").look(3, WITNESS))
                .containsExactly("/spend/logs?summarize=true names no attempts");
    }

    @Test
    void anAdminApiThatIsNotThereIsSaid() throws Exception {
        Ledger ledger = new Ledger(
                route -> {
                    throw new IOException(route + " answers 404");
                },
                "sk-x");

        assertThat(ledger.look(3, WITNESS)).singleElement().asString().contains("answers 404");
    }

    private static Ledger ledger(String summary, String spend) {
        Map<String, String> answers = Map.of(
                "/spend/logs?summarize=true&api_key=sk-x",
                summary,
                "/key/info?key=sk-x",
                "{\"info\": {\"spend\": " + spend + "}}");
        return new Ledger(route -> JSON.readTree(answers.get(route)), "sk-x");
    }
}
