package dev.weir.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.weir.streams.mock.MockSettings;
import java.math.BigDecimal;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Limits of the whole chain through the door: a call is admitted by all of them, or by none and for nothing. */
class ChainTest {

    private static final AtomicInteger NAMES = new AtomicInteger();

    private static House house;

    @BeforeAll
    static void open() {
        house = House.with(
                MockSettings.forTests(),
                House.model("m", "mock;tokens=10", "input_cost_per_token: 0.001", "output_cost_per_token: 0.001"),
                House.model("n", "mock;tokens=10", "input_cost_per_token: 0.001", "output_cost_per_token: 0.001"),
                House.model("slow", "mock;latency=700ms"),
                House.model("unpriced", "mock"),
                House.model("down", "mock;reset=headers"));
    }

    @AfterAll
    static void close() {
        house.close();
    }

    private static String name() {
        return "n" + NAMES.incrementAndGet();
    }

    private static JsonNode ok(HttpResponse<String> response) {
        assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
        return House.json(response);
    }

    private static JsonNode admin(String path, String body) {
        return house.admin(path, body);
    }

    private static String team(String fields) {
        String team = name();
        admin("/team/new", "{'team_id':'" + team + "'" + fields + "}");
        return team;
    }

    private static String key(String fields) {
        return house.key(("{" + fields + "}").replace('\'', '"'));
    }

    private static String keyOf(String team) {
        return key("'team_id':'" + team + "'");
    }

    private static JsonNode error(HttpResponse<String> refused) {
        return House.json(refused).path("error");
    }

    private static String header(HttpResponse<String> response, String name) {
        return response.headers().firstValue(name).orElse("");
    }

    private static JsonNode limit(JsonNode limits, String scope, String type) {
        for (JsonNode limit : limits) {
            if (limit.path("scope").asText().equals(scope)
                    && limit.path("limit_type").asText().equals(type)) {
                return limit;
            }
        }
        throw new AssertionError(scope + " " + type + " is not among " + limits);
    }

    private static JsonNode ofTeam(String team, String type) {
        JsonNode info = ok(house.get("/team/info?team_id=" + team, House.MASTER));
        return limit(info.path("team_info").path("limits"), "team", type);
    }

    @Test
    void aTeamsKeysShareItsLimit() {
        String team = team(",'rpm_limit':5");
        String one = keyOf(team);
        String other = keyOf(team);

        List<Integer> statuses = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            statuses.add(house.chat(one, "m").statusCode());
            statuses.add(house.chat(other, "m").statusCode());
        }

        assertThat(statuses).containsExactly(200, 200, 200, 200, 200, 429, 429, 429);
        HttpResponse<String> refused = house.chat(one, "m");
        assertThat(error(refused).path("scope").asText()).isEqualTo("team");
        assertThat(error(refused).path("message").asText())
                .startsWith("Rate limit exceeded for team: " + team + ". Limit type: requests. Current limit: 5,"
                        + " Remaining: 0.");
        assertThat(Integer.parseInt(header(refused, "retry-after"))).isBetween(1, 60);
        assertThat(header(refused, "x-ratelimit-team-limit-requests")).isEqualTo("5");
        assertThat(header(refused, "x-ratelimit-team-remaining-requests")).isEqualTo("0");
        assertThat(ofTeam(team, "requests").path("committed").asInt()).isEqualTo(5);
    }

    @Test
    void whoeverIsRefusedByOneLimitMovesNoOther() {
        String organization = name();
        admin("/organization/new", "{'organization_id':'" + organization + "','rpm_limit':2}");
        String team = team(",'rpm_limit':100,'organization_id':'" + organization + "'");
        String key = key("'team_id':'" + team + "','rpm_limit':100");
        assertThat(house.chat(key, "m").statusCode()).isEqualTo(200);
        assertThat(house.chat(key, "m").statusCode()).isEqualTo(200);

        for (int i = 0; i < 5; i++) {
            HttpResponse<String> refused = house.chat(key, "m");
            assertThat(refused.statusCode()).isEqualTo(429);
            assertThat(error(refused).path("scope").asText()).isEqualTo("organization");
        }

        JsonNode limits = house.info(key).path("limits");
        assertThat(limit(limits, "api_key", "requests").path("remaining").asInt())
                .isEqualTo(98);
        assertThat(limit(limits, "team", "requests").path("remaining").asInt()).isEqualTo(98);
        assertThat(limit(limits, "organization", "requests").path("remaining").asInt())
                .isZero();
    }

    @ParameterizedTest
    @CsvSource({
        "rps_limit, requests, 1s",
        "rpm_limit, requests, 60s",
        "rph_limit, requests, 1h",
        "rpd_limit, requests, 1d",
    })
    void everyWindowIsKept(String field, String type, String window) {
        String key = key("'" + field + "':1");
        HttpResponse<String> first = house.chat(key, "m");
        HttpResponse<String> second = house.chat(key, "m");

        assertThat(first.statusCode()).isEqualTo(200);
        assertThat(second.statusCode()).isEqualTo(429);
        assertThat(House.json(house.get("/key/info?key=" + key, House.MASTER))
                        .path("info")
                        .path("limits")
                        .get(0)
                        .path("window")
                        .asText())
                .isEqualTo(window);
    }

    @Test
    void aSecondsWindowOpensAgain() {
        String key = key("'rps_limit':1");
        assertThat(house.chat(key, "m").statusCode()).isEqualTo(200);

        Awaitility.await()
                .untilAsserted(
                        () -> assertThat(house.chat(key, "m").statusCode()).isEqualTo(200));
    }

    @Test
    void severalBudgetsHoldAtOnce() {
        String key = key("'max_budget':1000,'budget_duration':'30d','budget_limits':"
                + "[{'budget_duration':'1h','max_budget':0.06},{'budget_duration':'1d','max_budget':500}]");

        HttpResponse<String> first =
                house.post("/v1/chat/completions", key, House.body("m", false, ",\"max_tokens\":10"));
        HttpResponse<String> second =
                house.post("/v1/chat/completions", key, House.body("m", false, ",\"max_tokens\":10"));

        assertThat(first.statusCode()).as(first.body()).isEqualTo(200);
        assertThat(second.statusCode()).isEqualTo(429);
        assertThat(error(second).path("type").asText()).isEqualTo("budget_exceeded");
        assertThat(error(second).path("limit").asLong()).isEqualTo(60_000_000L);
    }

    @Test
    void aModelsOwnLimitLeavesTheOthersAlone() {
        String key = key("'model_rpm_limit':{'m':1},'model_tpm_limit':{'n':100000},"
                + "'model_max_budget':{'n':{'budget_limit':0.001,'time_period':'1d'}}");
        assertThat(house.chat(key, "m").statusCode()).isEqualTo(200);

        HttpResponse<String> refused = house.chat(key, "m");
        HttpResponse<String> poor = house.chat(key, "n");

        assertThat(refused.statusCode()).isEqualTo(429);
        assertThat(error(refused).path("message").asText()).contains("Model: m.");
        assertThat(poor.statusCode()).isEqualTo(429);
        assertThat(error(poor).path("type").asText()).isEqualTo("budget_exceeded");
        assertThat(house.chat(key, "slow").statusCode()).isEqualTo(200);
    }

    @Test
    void slotsOfATeamComeBackWithTheCall() {
        String team = team(",'max_parallel_requests':2");
        String one = keyOf(team);
        String other = keyOf(team);
        List<CompletableFuture<HttpResponse<String>>> calls = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            calls.add(house.postAsync("/v1/chat/completions", i % 2 == 0 ? one : other, House.body("slow", false)));
        }

        List<Integer> statuses =
                calls.stream().map(call -> call.join().statusCode()).sorted().toList();

        assertThat(statuses).containsExactly(200, 200, 429);
        for (int i = 0; i < 20; i++) {
            assertThat(house.chat(i % 2 == 0 ? one : other, "m").statusCode()).isEqualTo(200);
        }
        Awaitility.await()
                .untilAsserted(() -> assertThat(limit(house.info(one).path("limits"), "team", "max_parallel_requests")
                                .path("held")
                                .asInt())
                        .isZero());
    }

    @Test
    void aUsersKeysShareItsLimitsAndATeamsKeyUsesTheTeamsBudget() {
        String user = name();
        admin("/user/new", "{'user_id':'" + user + "','rpm_limit':2,'max_budget':0.0001}");
        String own = key("'user_id':'" + user + "'");
        String ofTeam = key("'user_id':'" + user + "','team_id':'" + team(",'max_budget':1000") + "'");

        HttpResponse<String> poor = house.chat(own, "m");

        assertThat(poor.statusCode()).isEqualTo(429);
        assertThat(error(poor).path("scope").asText()).isEqualTo("user");
        assertThat(house.chat(ofTeam, "m").statusCode()).isEqualTo(200);
        assertThat(house.chat(ofTeam, "m").statusCode()).isEqualTo(200);
        HttpResponse<String> third = house.chat(ofTeam, "m");
        assertThat(third.statusCode()).isEqualTo(429);
        assertThat(error(third).path("scope").asText()).isEqualTo("user");
    }

    @Test
    void aMemberHasABudgetWithinTheTeam() {
        String team = team(",'max_budget':1000");
        admin(
                "/team/member_add",
                "{'team_id':'" + team + "','member':{'user_id':'ann','role':'user'}," + "'max_budget_in_team':0.0001}");
        String anns = key("'team_id':'" + team + "','user_id':'ann'");
        String bobs = key("'team_id':'" + team + "','user_id':'bob'");

        HttpResponse<String> refused = house.chat(anns, "m");

        assertThat(refused.statusCode()).isEqualTo(429);
        assertThat(error(refused).path("scope").asText()).isEqualTo("team_member");
        assertThat(house.chat(bobs, "m").statusCode()).isEqualTo(200);
        admin("/team/member_update", "{'team_id':'" + team + "','user_id':'ann','max_budget_in_team':100}");
        assertThat(house.chat(anns, "m").statusCode()).isEqualTo(200);
        admin("/team/member_delete", "{'team_id':'" + team + "','user_id':'ann'}");
        assertThat(house.chat(anns, "m").statusCode()).isEqualTo(401);
    }

    @Test
    void aCustomerThatWasMadeHasLimitsAndCanBeBlocked() {
        String customer = name();
        admin("/customer/new", "{'user_id':'" + customer + "','rpm_limit':1}");
        String key = key("");
        String asked = House.body("m", false, ",\"user\":\"" + customer + "\"");
        String other = House.body("m", false, ",\"user\":\"somebody else\"");
        assertThat(house.post("/v1/chat/completions", key, asked).statusCode()).isEqualTo(200);

        HttpResponse<String> refused = house.post("/v1/chat/completions", key(""), asked);

        assertThat(refused.statusCode()).isEqualTo(429);
        assertThat(error(refused).path("scope").asText()).isEqualTo("end_user");
        assertThat(house.post("/v1/chat/completions", key, other).statusCode()).isEqualTo(200);
        admin("/customer/update", "{'user_id':'" + customer + "','rpm_limit':null}");
        assertThat(house.post("/v1/chat/completions", key, asked).statusCode()).isEqualTo(200);
        admin("/customer/block", "{'user_ids':['" + customer + "']}");
        assertThat(house.post("/v1/chat/completions", key, asked).statusCode()).isEqualTo(401);
        assertThat(house.chat(key, "m", "x-litellm-end-user-id", customer).statusCode())
                .isEqualTo(401);
        admin("/customer/unblock", "{'user_ids':['" + customer + "']}");
        assertThat(house.post("/v1/chat/completions", key, asked).statusCode()).isEqualTo(200);
        admin("/customer/delete", "{'user_ids':['" + customer + "']}");
        assertThat(house.post("/v1/chat/completions", key, asked).statusCode()).isEqualTo(200);
    }

    @Test
    void whatAnOperatorSetsHoldsForTheNextCall() {
        String team = team("");
        String key = keyOf(team);
        assertThat(house.chat(key, "m").statusCode()).isEqualTo(200);

        admin("/team/update", "{'team_id':'" + team + "','rpm_limit':1}");
        assertThat(house.chat(key, "m").statusCode()).isEqualTo(200);
        assertThat(house.chat(key, "m").statusCode()).isEqualTo(429);
        admin("/team/update", "{'team_id':'" + team + "','rpm_limit':3}");
        assertThat(house.chat(key, "m").statusCode()).isEqualTo(200);
        assertThat(house.chat(key, "m").statusCode()).isEqualTo(200);
        assertThat(house.chat(key, "m").statusCode()).isEqualTo(429);
        admin("/team/update", "{'team_id':'" + team + "','rpm_limit':null,'models':['n']}");
        HttpResponse<String> denied = house.chat(key, "m");
        assertThat(denied.statusCode()).isEqualTo(403);
        assertThat(error(denied).path("type").asText()).isEqualTo("team_model_access_denied");
        assertThat(house.chat(key, "n").statusCode()).isEqualTo(200);
        admin("/team/block", "{'team_id':'" + team + "'}");
        assertThat(house.chat(key, "n").statusCode()).isEqualTo(401);
        admin("/team/unblock", "{'team_id':'" + team + "'}");
        assertThat(house.chat(key, "n").statusCode()).isEqualTo(200);
        admin("/team/delete", "{'team_ids':['" + team + "']}");
        assertThat(house.chat(key, "n").statusCode()).isEqualTo(401);
    }

    @Test
    void aLoweredLimitLeavesWhatIsNotUsedOfIt() {
        String team = team(",'rpm_limit':100");
        String key = keyOf(team);
        for (int i = 0; i < 4; i++) {
            assertThat(house.chat(key, "m").statusCode()).isEqualTo(200);
        }

        admin("/team/update", "{'team_id':'" + team + "','rpm_limit':10}");

        int admitted = 0;
        for (int i = 0; i < 12; i++) {
            admitted += house.chat(key, "m").statusCode() == 200 ? 1 : 0;
        }
        assertThat(admitted).isEqualTo(6);
    }

    @Test
    void aTeamThatIsMadeLaterLimitsTheKeysThatNameIt() {
        String team = name();
        String key = keyOf(team);
        assertThat(house.chat(key, "m").statusCode()).isEqualTo(200);

        admin("/team/new", "{'team_id':'" + team + "','rpm_limit':1}");

        assertThat(house.chat(key, "m").statusCode()).isEqualTo(200);
        assertThat(house.chat(key, "m").statusCode()).isEqualTo(429);
    }

    @Test
    void aKeyThatMovesLeavesItsRunningCallWithTheOldTeam() {
        String old = team(",'tpm_limit':100000");
        String next = team(",'tpm_limit':100000");
        String key = keyOf(old);
        CompletableFuture<HttpResponse<String>> running =
                house.postAsync("/v1/chat/completions", key, House.body("slow", false));
        Awaitility.await()
                .untilAsserted(() -> assertThat(limit(house.info(key).path("limits"), "team", "tokens")
                                .path("held")
                                .asLong())
                        .isPositive());

        admin("/key/update", "{'key':'" + key + "','team_id':'" + next + "'}");
        running.join();

        int used = House.json(running.join()).path("usage").path("total_tokens").asInt();
        Awaitility.await()
                .untilAsserted(
                        () -> assertThat(ofTeam(old, "tokens").path("committed").asInt())
                                .isEqualTo(used));
        assertThat(ofTeam(next, "tokens").path("committed").asInt()).isZero();
        house.chat(key, "m");
        Awaitility.await()
                .untilAsserted(() -> assertThat(
                                ofTeam(next, "tokens").path("committed").asInt())
                        .isPositive());
        assertThat(ofTeam(old, "tokens").path("committed").asInt()).isEqualTo(used);
    }

    @Test
    void fiveHundredAtOnceWithThreeHundredKeysAdmitExactlyTheTeamsLimit() {
        String team = team(",'rpm_limit':100");
        List<String> keys = new ArrayList<>();
        for (int i = 0; i < 300; i++) {
            keys.add(keyOf(team));
        }
        long before = house.witness().totals().requests();

        List<CompletableFuture<HttpResponse<String>>> calls = new ArrayList<>();
        for (int i = 0; i < 500; i++) {
            calls.add(house.postAsync("/v1/chat/completions", keys.get(i % 300), House.body("m", false)));
        }
        List<Integer> statuses =
                calls.stream().map(call -> call.join().statusCode()).toList();

        assertThat(statuses).filteredOn(status -> status == 200).hasSize(100);
        assertThat(statuses).filteredOn(status -> status == 429).hasSize(400);
        assertThat(house.witness().totals().requests() - before).isEqualTo(100);
    }

    @Test
    void bothSecretsOfARotatedKeyShareWhatIsLeft() {
        String key = key("'rpm_limit':4");
        assertThat(house.chat(key, "m").statusCode()).isEqualTo(200);

        JsonNode rotated = admin("/key/" + key + "/regenerate", "{'grace_period':'30s'}");
        String next = rotated.path("key").asText();

        assertThat(next).startsWith("sk-").isNotEqualTo(key);
        assertThat(header(house.chat(next, "m"), "x-ratelimit-remaining-requests"))
                .isEqualTo("2");
        assertThat(header(house.chat(key, "m"), "x-ratelimit-remaining-requests"))
                .isEqualTo("1");
        JsonNode again = admin("/key/regenerate", "{'key':'" + next + "'}");
        String last = again.path("key").asText();
        assertThat(house.chat(next, "m").statusCode()).isEqualTo(401);
        assertThat(house.chat(last, "m").statusCode()).isEqualTo(200);
        assertThat(house.chat(last, "m").statusCode()).isEqualTo(429);
        assertThat(house.info(last).path("rpm_limit").asInt()).isEqualTo(4);
        assertThat(house.post("/key/generate", House.MASTER, "{\"key\":\"" + next + "\"}")
                        .statusCode())
                .as("a secret that was a key's is nobody else's")
                .isEqualTo(409);
    }

    @Test
    void aBudgetThatIsResetBeginsAnewAndTheLedgerDoesNot() {
        String key = key("'max_budget':0.06");
        String body = House.body("m", false, ",\"max_tokens\":10");
        assertThat(house.post("/v1/chat/completions", key, body).statusCode()).isEqualTo(200);
        assertThat(house.post("/v1/chat/completions", key, body).statusCode()).isEqualTo(429);

        admin("/key/" + key + "/reset_spend", "{'reset_to':0}");

        assertThat(house.post("/v1/chat/completions", key, body).statusCode()).isEqualTo(200);
        Awaitility.await()
                .untilAsserted(() ->
                        assertThat(house.info(key).path("spend").asDouble()).isGreaterThan(0.03));
    }

    @Test
    void aSoftBudgetThatIsPassedIsSaidAndRefusesNobody() {
        String key = key("'soft_budget':0.03");
        assertThat(house.info(key).path("soft_budget_passed").asBoolean()).isFalse();

        assertThat(house.chat(key, "m").statusCode()).isEqualTo(200);
        assertThat(house.chat(key, "m").statusCode()).isEqualTo(200);

        Awaitility.await()
                .until(() -> house.info(key).path("soft_budget_passed").asBoolean());
        assertThat(house.chat(key, "m").statusCode()).isEqualTo(200);
    }

    @Test
    void aTemporaryIncreaseAddsToTheBudget() {
        String key = key("'max_budget':0.001");
        assertThat(house.chat(key, "m").statusCode()).isEqualTo(429);

        admin(
                "/key/update",
                "{'key':'" + key + "','temp_budget_increase':10,'temp_budget_expiry':'2099-01-01T00:00:00Z'}");
        assertThat(house.chat(key, "m").statusCode()).isEqualTo(200);
        admin("/key/update", "{'key':'" + key + "','temp_budget_expiry':'2020-01-01T00:00:00Z'}");

        assertThat(house.chat(key, "m").statusCode()).isEqualTo(429);
    }

    @Test
    void aCleanRestartKeepsEveryFigureOfTheChain() {
        String team = team(",'rpd_limit':10,'max_budget':100,'max_parallel_requests':3");
        String key = keyOf(team);
        for (int i = 0; i < 4; i++) {
            assertThat(house.chat(key, "m").statusCode()).isEqualTo(200);
        }
        String rotated =
                admin("/key/regenerate", "{'key':'" + key + "'}").path("key").asText();
        Awaitility.await()
                .untilAsserted(() -> assertThat(
                                limit(house.info(rotated).path("limits"), "team", "max_parallel_requests")
                                        .path("held")
                                        .asInt())
                        .isZero());
        JsonNode before = ok(house.get("/team/info?team_id=" + team, House.MASTER))
                .path("team_info")
                .path("limits");

        house.restart();

        JsonNode after = ok(house.get("/team/info?team_id=" + team, House.MASTER))
                .path("team_info")
                .path("limits");
        assertThat(after).isEqualTo(before);
        assertThat(house.chat(key, "m").statusCode()).isEqualTo(401);
        int admitted = 0;
        for (int i = 0; i < 8; i++) {
            admitted += house.chat(rotated, "m").statusCode() == 200 ? 1 : 0;
        }
        assertThat(admitted).isEqualTo(6);
    }

    @Test
    void aKeySeesTheModelsThatItsWholeChainAllows() {
        String team = team(",'models':['m','n','slow']");
        assertThat(models(keyOf(team))).containsExactlyInAnyOrder("m", "n", "slow");
        assertThat(models(key("'team_id':'" + team + "','models':['n','down']")))
                .containsExactly("n");
        assertThat(models(key("'team_id':'" + team + "','models':['all-team-models']")))
                .containsExactlyInAnyOrder("m", "n", "slow");
        assertThat(models(key("'models':['all-team-models']"))).isEmpty();
        assertThat(house.get("/v1/models/down", keyOf(team)).statusCode()).isEqualTo(404);
        assertThat(house.get("/v1/models/m", keyOf(team)).statusCode()).isEqualTo(200);
    }

    private static List<String> models(String key) {
        List<String> models = new ArrayList<>();
        ok(house.get("/v1/models", key))
                .path("data")
                .forEach(model -> models.add(model.path("id").asText()));
        return models;
    }

    @Test
    void aBudgetForLifeThatATeamGetsLaterBeginsWithWhatItHasSpent() {
        String team = team("");
        String key = keyOf(team);
        BigDecimal spent = BigDecimal.ZERO;
        for (int i = 0; i < 5; i++) {
            HttpResponse<String> answer = house.chat(key, "m");
            spent = spent.add(new BigDecimal(header(answer, "x-litellm-response-cost")));
        }
        BigDecimal all = spent;
        Awaitility.await()
                .until(() -> House.json(house.get("/team/info?team_id=" + team, House.MASTER))
                                .path("team_info")
                                .path("spend")
                                .decimalValue()
                                .compareTo(all)
                        == 0);

        admin("/team/update", "{'team_id':'" + team + "','max_budget':100}");
        assertThat(ofTeam(team, "budget").path("committed").decimalValue()).isEqualByComparingTo(all);
        admin("/team/update", "{'team_id':'" + team + "','max_budget':0.1}");
        assertThat(house.chat(key, "m").statusCode()).isEqualTo(429);
    }
}
