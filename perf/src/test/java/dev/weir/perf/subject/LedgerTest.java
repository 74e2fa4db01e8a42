package dev.weir.perf.subject;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.weir.perf.load.LoadResult;
import dev.weir.perf.report.Rounds;
import java.io.IOException;
import java.net.URI;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

final class LedgerTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Mock.Totals WITNESS = new Mock.Totals(3, 0, 3, 60, 100, 60);
    private static final LoadResult CLIENT = Rounds.load(Map.of("OK", 3L), new LoadResult.Tokens(100, 60, 0));
    private static final String IDLE = "# TYPE x\nweir_pool_in_use{deployment=\"mock\"} 0.0\n";

    @Test
    void booksThatAgreeAreSilent() throws Exception {
        Books books = ledger("{\"attempts\": 3, \"completion_tokens\": 60}", "0.00022", "0", IDLE)
                .look(CLIENT, WITNESS);

        assertThat(books.disagreements()).isEmpty();
        assertThat(books.permitsLeaked()).isZero();
        assertThat(books.unmetered()).isZero();
    }

    @Test
    void aMissingRowAMissingNanoDollarAndAHoldThatStaysAreSeen() throws Exception {
        Books books = ledger("{\"attempts\": 2, \"completion_tokens\": 40}", "0.000219999", "0.000000001", IDLE)
                .look(CLIENT, WITNESS);

        assertThat(books.disagreements())
                .containsExactly(
                        "ledger rows 2, witness 3",
                        "spend 219999 nano-USD, by the witness 220000",
                        "held 1 nano-USD when nobody calls");
        assertThat(books.unmetered()).isEqualTo(20);
    }

    @Test
    void aPermitThatStaysIsSeen() throws Exception {
        String two = IDLE.replace("0.0", "2.0") + "weir_pool_in_use{deployment=\"other\"} 1.0\n";

        assertThat(ledger("{\"attempts\": 3, \"completion_tokens\": 60}", "0.00022", "0", two)
                        .look(CLIENT, WITNESS)
                        .permitsLeaked())
                .isEqualTo(3);
    }

    @Test
    void whereClientsLeaveTokensAreBetweenWhatTheyHaveAndWhatWasSent() throws Exception {
        LoadResult client = Rounds.load(Map.of("OK", 2L, "LEFT", 1L), new LoadResult.Tokens(66, 40, 47));
        Mock.Totals witness = new Mock.Totals(3, 0, 2, 49, 66, 40);

        assertThat(ledger("{\"attempts\": 3, \"completion_tokens\": 48}", "0.1", "0", IDLE)
                        .look(client, witness)
                        .disagreements())
                .isEmpty();
        assertThat(ledger("{\"attempts\": 3, \"completion_tokens\": 46}", "0.1", "0", IDLE)
                        .look(client, witness)
                        .unmetered())
                .isEqualTo(1);
        assertThat(ledger("{\"attempts\": 3, \"completion_tokens\": 50}", "0.1", "0", IDLE)
                        .look(client, witness)
                        .disagreements())
                .containsExactly("ledger 50 tokens, but the witness sent 49");
    }

    @Test
    void aSummaryWithoutACountIsNotTakenForZero() throws Exception {
        assertThat(ledger("{}", "0.00022", "0", IDLE).look(CLIENT, WITNESS).disagreements())
                .containsExactly("/spend/logs?summarize=true names no attempts");
    }

    @Test
    void anAdminApiThatIsNotThereIsSaid() throws Exception {
        Ledger ledger = new Ledger(
                route -> {
                    throw new IOException(route + " answers 404");
                },
                () -> IDLE,
                access());

        assertThat(ledger.look(CLIENT, WITNESS).disagreements())
                .singleElement()
                .asString()
                .contains("answers 404");
    }

    private static Ledger ledger(String summary, String spend, String held, String metrics) {
        Map<String, String> answers = Map.of(
                "/spend/logs?summarize=true&api_key=sk-x",
                summary,
                "/key/info?key=sk-x",
                "{\"info\": {\"spend\": " + spend + ", \"held\": " + held + "}}");
        return new Ledger(route -> JSON.readTree(answers.get(route)), () -> metrics, access());
    }

    private static Subject.Access access() {
        return new Subject.Access(URI.create("http://127.0.0.1:1/"), "mock", List.of(Ledger.AUTHORIZATION + "sk-x"));
    }
}
