package dev.weir.perf.faults.judge;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.weir.perf.faults.callers.Said;
import dev.weir.streams.mock.Sighting;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

final class JudgeTest {

    private static final long TOKENS = 20;
    private static final int PROMPT = 14;

    private final Judge judge = new Judge();

    @Test
    void whatAgreesIsClean() {
        judge.rows(List.of(seen("1-1.1", 0, 10)), List.of(row("1-1.1", "call", "completed", 20)), List.of(said(200)));
        judge.statuses(List.of(said(200), said(429), said(503), said(502), said(0)));
        judge.undisturbed(List.of(said(200), said(429)));
        judge.limit("requests", 100, 100);
        judge.usedUp("requests", 100, 100);
        judge.books("team", 21, 20);
        judge.exact("team", 20, 20);
        judge.atRest("team", limits(0));

        assertThat(judge.findings().details()).isEmpty();
        assertThat(judge.findings().isClean()).isTrue();
    }

    @Test
    void whatTheWitnessSawBeyondALimitIsOverAdmitted() {
        judge.limit("requests", 103, 100);

        assertThat(judge.findings().overAdmitted()).isEqualTo(3);
        assertThat(judge.findings().isClean()).isFalse();
    }

    @Test
    void anAttemptWithoutARowIsUnmetered() {
        judge.rows(
                List.of(seen("1-1.1", 0, 10), seen("1-2.1", 0, 10)),
                List.of(row("1-1.1", "call", "completed", 20)),
                List.of());

        assertThat(judge.findings().unmetered()).isEqualTo(1);
    }

    @Test
    void aRowThatTheWitnessKnowsNothingOfIsNoFinding() {
        judge.rows(List.of(), List.of(row("1-1.1", "call", "failed", 0)), List.of());

        assertThat(judge.findings().isClean()).isTrue();
    }

    @Test
    void twoRowsOfAnAttemptAreDuplicated() {
        JsonNode row = row("1-1.1", "call", "completed", 20);

        judge.rows(List.of(seen("1-1.1", 0, 10)), List.of(row, row), List.of());

        assertThat(judge.findings().duplicated()).isEqualTo(1);
    }

    @Test
    void anAttemptThatWasMadeTwiceIsDuplicated() {
        judge.rows(
                List.of(seen("1-1.1", 0, 10), seen("1-1.1", 20, 30)),
                List.of(row("1-1.1", "call", "completed", 20)),
                List.of());

        assertThat(judge.findings().duplicated()).isEqualTo(1);
    }

    @Test
    void anAttemptThatDoesNotSayWhichItIsIsDuplicated() {
        judge.rows(List.of(seen(null, 0, 10)), List.of(), List.of());

        assertThat(judge.findings().duplicated()).isEqualTo(1);
    }

    @Test
    void aRowBelowWhatTheClientGotIsWrong() {
        judge.rows(List.of(seen("1-1.1", 0, 10)), List.of(row("1-1.1", "call", "client_left", 19)), List.of(said(200)));

        assertThat(judge.findings().wrong()).isEqualTo(1);
    }

    @Test
    void aRowBeyondWhatTheWitnessSentIsWrong() {
        judge.rows(List.of(seen("1-1.1", 0, 10)), List.of(row("1-1.1", "call", "client_left", 21)), List.of());

        assertThat(judge.findings().wrong()).isEqualTo(1);
    }

    @Test
    void aRowOfACompletedAttemptThatIsNotWhatTheWitnessSentIsWrong() {
        judge.rows(List.of(seen("1-1.1", 0, 10)), List.of(row("1-1.1", "call", "completed", 19)), List.of());

        assertThat(judge.findings().wrong()).isEqualTo(1);
    }

    @Test
    void aLostAttemptMayBeChargedMore() {
        judge.rows(List.of(seen("1-1.1", 0, 10)), List.of(row("1-1.1", "call", "lost", 60)), List.of(said(200)));

        assertThat(judge.findings().isClean()).isTrue();
    }

    @Test
    void aLostAttemptThatIsChargedLessThanTheClientGotIsWrong() {
        judge.rows(List.of(seen("1-1.1", 0, 10)), List.of(row("1-1.1", "call", "lost", 0)), List.of(said(200)));

        assertThat(judge.findings().wrong()).isEqualTo(1);
    }

    @Test
    void aLostAttemptThatIsChargedLessThanTheWitnessSentIsWrong() {
        judge.rows(List.of(seen("1-1.1", 0, 10)), List.of(row("1-1.1", "call", "lost", TOKENS - 1)), List.of());

        assertThat(judge.findings().wrong()).isEqualTo(1);
    }

    @Test
    void aRowOfACompletedAttemptWithAnotherInputIsWrong() {
        JsonNode row = ((ObjectNode) row("1-1.1", "call", "completed", TOKENS)).put("prompt_tokens", PROMPT - 1);

        judge.rows(List.of(seen("1-1.1", 0, 10)), List.of(row), List.of());

        assertThat(judge.findings().wrong()).isEqualTo(1);
    }

    @Test
    void aRowThatIsStillProvisionalInTheEndIsWrong() {
        JsonNode row = ((ObjectNode) row("1-1.1", "call", "completed", TOKENS)).put("provisional", true);

        judge.rows(List.of(seen("1-1.1", 0, 10)), List.of(row), List.of());

        assertThat(judge.findings().wrong()).isEqualTo(1);
    }

    @Test
    void whoeverHasSpentAnotherSumThanTheRowsSayIsWrong() {
        List<JsonNode> rows = List.of(
                JsonNodeFactory.instance.objectNode().put("spend", 0.000047),
                JsonNodeFactory.instance.objectNode().put("spend", 0.000048));

        judge.spent("key", 0.000095, rows);
        assertThat(judge.findings().isClean()).isTrue();

        judge.spent("key", 0.000142, rows);
        assertThat(judge.findings().wrong()).isEqualTo(1);
    }

    @Test
    void aKeyWithoutLimitsThatIsRefusedByOneIsWrong() {
        judge.unlimited(List.of(said(200), said(503), said(429)));

        assertThat(judge.findings().wrong()).isEqualTo(1);
    }

    @Test
    void whoeverDoesNotSayWhatItHoldsIsWrong() {
        judge.atRest("team", JsonNodeFactory.instance.missingNode());

        assertThat(judge.findings().wrong()).isEqualTo(1);
    }

    @Test
    void theMostTokensWithinATimeAreOfAnyPlaceInIt() {
        Witnessed seen = Witnessed.of(List.of(seen("1-1.1", 0, 1), seen("1-2.1", 6, 7), seen("1-3.1", 9, 12)), 0, 9);

        assertThat(seen.mostTokensWithin(5)).isEqualTo(2 * (TOKENS + PROMPT));
        assertThat(seen.mostTokensWithin(3)).isEqualTo(TOKENS + PROMPT);
        assertThat(seen.mostTokensWithin(10)).isEqualTo(3 * (TOKENS + PROMPT));
        assertThat(seen.spanNanos()).isEqualTo(9);
    }

    @Test
    void aGoodKeyThatIsToldToBeAStrangerIsWrong() {
        judge.statuses(List.of(said(200), said(401)));

        assertThat(judge.findings().wrong()).isEqualTo(1);
        assertThat(judge.findings().details()).first().asString().contains("call", "door 1", "401");
    }

    @Test
    void whereAnOperatorIsAtWorkEveryFailureIsWrong() {
        judge.undisturbed(List.of(said(503), said(0), new Said("call", 0, "", 0, 200, 7, false, "", 0, 1)));

        assertThat(judge.findings().wrong()).isEqualTo(3);
    }

    @Test
    void whereAnOperatorIsAtWorkANodeThatGivesUpIsWrong() {
        judge.noneEndedByItself(0);
        assertThat(judge.findings().isClean()).isTrue();

        judge.noneEndedByItself(1);
        assertThat(judge.findings().wrong()).isEqualTo(1);
    }

    @Test
    void whatIsHeldInTheEndIsWrong() {
        judge.atRest("team", limits(2));

        assertThat(judge.findings().wrong()).isEqualTo(1);
    }

    @Test
    void aMeterThatHasLessThanItsRowsIsWrong() {
        judge.books("team", 19, 20);

        assertThat(judge.findings().wrong()).isEqualTo(1);
    }

    @Test
    void aMeterThatBurntSomethingIsWrongWhereNothingMayBeLost() {
        judge.exact("team", 21, 20);

        assertThat(judge.findings().wrong()).isEqualTo(1);
    }

    @Test
    void whatIsLeftOfALimitThoughMoreWasAskedForIsWrong() {
        judge.usedUp("requests", 99, 100);

        assertThat(judge.findings().wrong()).isEqualTo(1);
    }

    @Test
    void theMostAtOnceIsCountedByArrivalAndEnd() {
        Witnessed seen = Witnessed.of(
                List.of(seen("1-1.1", 0, 10), seen("1-2.1", 5, 15), seen("1-3.1", 10, 20), seen("1-4.1", 30, 0)), 0, 9);

        assertThat(seen.atOnce()).isEqualTo(2);
        assertThat(seen.where(each -> each.arrivedNanos() > 4 && each.arrivedNanos() < 20)
                        .atOnce())
                .isEqualTo(2);
        assertThat(seen.where(each -> each.arrivedNanos() == 30).atOnce()).isEqualTo(1);
    }

    @Test
    void whatTheMockCouldNotTellOfAnInputIsWhatItToldOthers() {
        Sighting told = seen("1-1.1", 0, 10);
        Sighting cut = new Sighting(
                2, "1-2.1", "m0", "", true, 1, 0, 0, Map.of(), "", 0, 3, 0, Sighting.End.CLOSED_BY_PEER, 5, null);

        assertThat(Witnessed.of(List.of(told, cut), 0, 0).tokens()).isEqualTo(TOKENS + PROMPT + 3 + PROMPT);
    }

    private static Sighting seen(@Nullable String attempt, long arrived, long ended) {
        return new Sighting(
                1,
                attempt,
                "m0",
                "",
                true,
                1,
                arrived,
                0,
                Map.of(),
                "",
                0,
                (int) TOKENS,
                0,
                Sighting.End.COMPLETE,
                ended,
                new Sighting.Told(PROMPT, (int) TOKENS));
    }

    private static JsonNode row(String attempt, String call, String outcome, long tokens) {
        return JsonNodeFactory.instance
                .objectNode()
                .put("attempt", attempt)
                .put("request_id", call)
                .put("outcome", outcome)
                .put("prompt_tokens", PROMPT)
                .put("completion_tokens", tokens)
                .put("total_tokens", tokens == 0 ? 0 : tokens + PROMPT);
    }

    private static Said said(int status) {
        return new Said("call", 0, "", 0, status, status == 200 ? TOKENS : 0, status == 200, "", 0, 1);
    }

    private static JsonNode limits(int held) {
        return new ObjectMapper().valueToTree(List.of(Map.of("held", held)));
    }
}
