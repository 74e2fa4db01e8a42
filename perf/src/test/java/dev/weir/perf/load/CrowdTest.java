package dev.weir.perf.load;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.perf.load.LoadSettings.Arrivals;
import dev.weir.perf.load.LoadSettings.Habits;
import dev.weir.perf.load.LoadSettings.Times;
import dev.weir.perf.subject.FreePort;
import dev.weir.streams.mock.MockSettings;
import dev.weir.streams.mock.MockUpstream;
import dev.weir.streams.mock.Sighting;
import dev.weir.streams.mock.Witness;
import java.net.URI;
import java.time.Duration;
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
        assertThat(result.failures(false)).isZero();
        assertThat(result.all(Outcome.OK)).isPositive().isEqualTo(witness.complete());
        assertThat(result.sent()).isEqualTo(witness.requests());
        assertThat(result.tokens().prompt()).isEqualTo(witness.toldPromptTokens());
        assertThat(result.tokens().completion()).isEqualTo(witness.toldCompletionTokens());
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

        assertThat(result.failures(false)).isZero();
        assertThat(result.all(Outcome.OK)).isPositive();
    }

    @ParameterizedTest
    @CsvSource({
        "mock;status=500, STATUS",
        "mock;status=429;retry-after=1, REFUSED",
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
        "mock;status=503, REFUSED",
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

    @Test
    void callsComeAtTheirTimesWhateverBecomesOfEarlierOnes() throws Exception {
        LoadResult result = run(call("mock;latency=50ms", false), new Arrivals.Open(200, false, 100), Habits.PLAIN, 15);

        assertThat(result.failures(false)).isZero();
        assertThat(result.sent()).isGreaterThan(20); // one after the other they would be nine
        assertThat(result.latency().min()).isGreaterThan(50_000);
    }

    @Test
    void whoWaitsForAConnectionHasWaitedInTheLatency() throws Exception {
        LoadResult result = run(call("mock;latency=40ms", false), new Arrivals.Open(100, true, 1), Habits.PLAIN, 15);

        assertThat(result.failures(false)).isZero();
        assertThat(result.latency().max()).isGreaterThan(150_000);
        assertThat(mock.witness().totals().connections()).isEqualTo(1);
    }

    @Test
    void whatWaitsTooLongIsATimeout() throws Exception {
        LoadResult result = run(call("mock;stall=headers", false), new Arrivals.Open(50, false, 1), Habits.PLAIN, 0.1);

        assertThat(result.all().keySet()).containsExactly("TIMEOUT");
        assertThat(result.all(Outcome.TIMEOUT)).isGreaterThan(5);
    }

    @Test
    void whoLeavesClosesTheConnectionAndIsNamedToTheWitness() throws Exception {
        LoadResult result =
                run(call("mock;gap=5ms;tokens=5", true), new Arrivals.Closed(4, 0), new Habits(0.5, 0, 0, false), 15);

        assertThat(result.failures(false)).isZero();
        assertThat(result.all(Outcome.LEFT))
                .isPositive()
                .isEqualTo(result.leavers().size());
        assertThat(result.all(Outcome.OK)).isPositive();
        LoadResult.Leaver left = result.leavers().getFirst();
        String user = String.format("caller-%012d", left.number());
        Sighting seen = mock.witness()
                .await(
                        sighting -> sighting.user().equals(user) && sighting.end() != Sighting.End.OPEN,
                        Duration.ofSeconds(10));
        assertThat(seen.end()).isEqualTo(Sighting.End.CLOSED_BY_PEER);
        assertThat(seen.endedNanos()).isGreaterThan(left.nanos());
        assertThat(left.tokens()).isBetween(1, 4);
    }

    @Test
    void paddedTokensAreCheckedToTheLastByte() throws Exception {
        LoadSettings.Call padded = new LoadSettings.Call("mock;event-bytes=1000", List.of(), true, 5, 1000, 100);
        LoadSettings.Call shorter = new LoadSettings.Call("mock;event-bytes=999", List.of(), true, 5, 1000, 100);

        assertThat(run(padded, new Arrivals.Closed(2, 0), Habits.PLAIN, 15).failures(false))
                .isZero();
        assertThat(run(shorter, new Arrivals.Closed(2, 0), Habits.PLAIN, 15)
                        .all()
                        .keySet())
                .containsExactly("CORRUPTED");
    }

    @Test
    void aSlowReaderTakesItsTime() throws Exception {
        LoadResult all = run(call("mock", true), new Arrivals.Closed(1, 0), new Habits(0, 1, 8_000, false), 15);

        assertThat(all.failures(false)).isZero();
        assertThat(all.all(Outcome.OK)).isBetween(1L, 8L); // about a kilobyte and a half each
        assertThat(all.latency().count()).isZero();
    }

    @Test
    void refusalsAreNoFailuresWhereTheyAreExpected() throws Exception {
        LoadResult result =
                run(call("mock;status=429", false), new Arrivals.Closed(1, 0), new Habits(0, 0, 0, true), 15);

        assertThat(result.failures(true)).isZero();
        assertThat(result.failures(false)).isPositive().isEqualTo(result.all(Outcome.REFUSED));
        assertThat(result.refusal().count()).isEqualTo(result.measured(Outcome.REFUSED));
    }

    @Test
    void usersThatPauseCallLessOften() throws Exception {
        LoadResult result = run(call("mock", false), new Arrivals.Closed(1, 0.2), Habits.PLAIN, 15);

        assertThat(result.failures(false)).isZero();
        assertThat(result.all().get("OK")).isBetween(1L, 50L);
    }

    @Test
    void everySecondIsTold() throws Exception {
        LoadSettings settings = new LoadSettings(
                target(), call("mock", false), new Arrivals.Closed(1, 0), Habits.PLAIN, new Times(0, 0, 2.2, 15));
        try (Crowd crowd = Crowd.start(settings, phase -> {})) {
            LoadResult result = crowd.result().get(20, TimeUnit.SECONDS);

            assertThat(result.seconds())
                    .hasSizeBetween(2, 3)
                    .allSatisfy(second -> assertThat(second.ok()).isPositive());
        }
    }

    private LoadResult load(String model, boolean streamed) throws Exception {
        return load(target(), model, streamed);
    }

    private static LoadResult load(URI target, String model, boolean streamed) throws Exception {
        try (Crowd crowd = Crowd.start(settings(target, model, streamed), phase -> {})) {
            return crowd.result().get(20, TimeUnit.SECONDS);
        }
    }

    private LoadResult run(LoadSettings.Call call, Arrivals arrivals, Habits habits, double timeout) throws Exception {
        LoadSettings settings = new LoadSettings(target(), call, arrivals, habits, new Times(0.02, 0.05, 0.4, timeout));
        try (Crowd crowd = Crowd.start(settings, phase -> {})) {
            return crowd.result().get(20, TimeUnit.SECONDS);
        }
    }

    private static LoadSettings.Call call(String model, boolean streamed) {
        return new LoadSettings.Call(model, List.of("authorization: Bearer sk-test"), streamed, 5, 0, 100);
    }

    private URI target() {
        return URI.create(mock.baseUrl() + "/chat/completions");
    }

    /** Only what stalls by its script may time out, however busy the machine is. */
    private static LoadSettings settings(URI target, String model, boolean streamed) {
        double timeout = model.contains("stall") ? 0.1 : 15;
        return new LoadSettings(
                target,
                call(model, streamed),
                new Arrivals.Closed(4, 0),
                Habits.PLAIN,
                new Times(0.02, 0.05, 0.4, timeout));
    }
}
