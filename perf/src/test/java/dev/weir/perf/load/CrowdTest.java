package dev.weir.perf.load;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.perf.run.FreePort;
import dev.weir.streams.mock.MockSettings;
import dev.weir.streams.mock.MockUpstream;
import dev.weir.streams.mock.Witness;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The load against the mock, and against everything that the mock can do wrong: a judge is trusted when it has been seen red. */
final class CrowdTest {

    @SuppressWarnings("NullAway.Init")
    private MockUpstream mock;

    @BeforeEach
    void start() {
        mock = MockUpstream.start(MockSettings.forTests().withScript("latency=1ms;tokens=5"));
    }

    @AfterEach
    void stop() {
        mock.close();
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void everyRightAnswerIsCountedAndAgreesWithTheWitness(boolean streamed) throws Exception {
        LoadResult result = load("mock", streamed);

        Witness.Totals witness = mock.witness().totals();
        assertThat(result.failures()).isZero();
        assertThat(result.all(Outcome.OK)).isPositive().isEqualTo(witness.complete());
        assertThat(result.sent()).isEqualTo(witness.requests());
        assertThat(result.promptTokens()).isEqualTo(witness.toldPromptTokens());
        assertThat(result.completionTokens()).isEqualTo(witness.toldCompletionTokens());
        assertThat(result.latency().count()).isEqualTo(result.measured(Outcome.OK));
        assertThat(witness.connections()).isEqualTo(4);
    }

    @Test
    void aStreamHasATimeToItsFirstTokenAndAGapBeforeEachOther() throws Exception {
        LoadResult result = load("mock;gap=1ms", true);

        long streams = result.measured(Outcome.OK);
        assertThat(result.firstToken().count()).isEqualTo(streams);
        assertThat(result.gap().count()).isEqualTo(streams * 4);
        assertThat(result.firstToken().min()).isGreaterThan(900);
    }

    @ParameterizedTest
    @ValueSource(strings = {"mock;crlf;comments;bom", "mock;segments=1", "mock;unframed", "mock;close"})
    void whatIsMerelyUnusualIsRight(String model) throws Exception {
        LoadResult result = load(model, true);

        assertThat(result.failures()).isZero();
        assertThat(result.all(Outcome.OK)).isPositive();
    }

    @ParameterizedTest
    @CsvSource({
        "mock;status=500, STATUS",
        "mock;status=429;retry-after=1, STATUS",
        "mock;reset-after=3, TRUNCATED",
        "mock;reset=headers, TRUNCATED",
        "mock;end-after=3, TRUNCATED",
        "mock;end-after=5, TRUNCATED",
        "mock;unframed;end-after=2, TRUNCATED",
        "mock;fault=early-eof, TRUNCATED",
        "mock;malformed-at=3, CORRUPTED",
        "mock;fault=bad-chunk, CORRUPTED",
        "mock;fault=gzip, TRUNCATED",
        "mock;tokens=4, TRUNCATED",
        "mock;tokens=6, CORRUPTED",
        "mock;usage=off, WRONG_USAGE",
        "mock;stall-after=2, TIMEOUT",
        "mock;stall=headers, TIMEOUT"
    })
    void aWrongStreamIsAFailureOfItsKind(String model, Outcome kind) throws Exception {
        LoadResult result = load(model, true);

        assertThat(result.all().keySet()).containsExactly(kind.name());
        assertThat(result.latency().count()).isZero();
        assertThat(result.firstToken().count()).isZero();
        assertThat(result.gap().count()).isZero();
    }

    @ParameterizedTest
    @CsvSource({
        "mock;status=503, STATUS",
        "mock;reset-after=3, TRUNCATED",
        "mock;end-after=3, TRUNCATED",
        "mock;fault=early-eof, TRUNCATED",
        "mock;fault=gzip, CORRUPTED",
        "mock;tokens=4, TRUNCATED",
        "mock;tokens=6, CORRUPTED",
        "mock;usage=off, WRONG_USAGE",
        "mock;stall=headers, TIMEOUT"
    })
    void aWrongCallIsAFailureOfItsKind(String model, Outcome kind) throws Exception {
        LoadResult result = load(model, false);

        assertThat(result.all().keySet()).containsExactly(kind.name());
        assertThat(result.latency().count()).isZero();
    }

    @Test
    void nobodyThereIsAFailureToConnect() throws Exception {
        URI nowhere = URI.create("http://127.0.0.1:" + FreePort.number() + "/v1/chat/completions");

        LoadResult result = load(nowhere, "mock", false);

        assertThat(result.all().keySet()).containsExactly("CONNECT");
        assertThat(result.sent()).isZero();
    }

    @Test
    void phasesAreAnnouncedInOrder() throws Exception {
        List<Crowd.Phase> phases = new ArrayList<>();
        try (Crowd crowd = Crowd.start(settings(target(), "mock", false), phases::add)) {
            crowd.result().get(20, TimeUnit.SECONDS);
        }

        assertThat(phases).containsExactly(Crowd.Phase.MEASURING, Crowd.Phase.MEASURED);
    }

    private LoadResult load(String model, boolean streamed) throws Exception {
        return load(target(), model, streamed);
    }

    private static LoadResult load(URI target, String model, boolean streamed) throws Exception {
        try (Crowd crowd = Crowd.start(settings(target, model, streamed), phase -> {})) {
            return crowd.result().get(20, TimeUnit.SECONDS);
        }
    }

    private URI target() {
        return URI.create(mock.baseUrl() + "/chat/completions");
    }

    /** Only what stalls by its script may time out, however busy the machine is. */
    private static LoadSettings settings(URI target, String model, boolean streamed) {
        double timeout = model.contains("stall") ? 0.1 : 15;
        return new LoadSettings(
                target, new LoadSettings.Call(model, "sk-test", streamed, 5, 100), 4, 0.02, 0.05, 0.4, timeout);
    }
}
