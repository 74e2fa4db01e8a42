package dev.weir.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.weir.streams.mock.MockSettings;
import java.net.http.HttpResponse;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Limits of each end user below a key or an account, without anybody having made the end user. */
class EndUsersTest {

    private static final AtomicInteger NAMES = new AtomicInteger();

    private static House house;

    @BeforeAll
    static void open() {
        house = House.with(
                MockSettings.forTests(),
                House.model("m", "mock;tokens=10", "input_cost_per_token: 0.001", "output_cost_per_token: 0.001"),
                House.model("n", "mock;tokens=10"),
                House.model("slow", "mock;latency=700ms"),
                House.model("long", "mock;tokens=400"));
    }

    @AfterAll
    static void close() {
        house.close();
    }

    private static String name() {
        return "n" + NAMES.incrementAndGet();
    }

    private static String key(String fields) {
        return house.key(("{" + fields + "}").replace('\'', '"'));
    }

    private static String teamWith(String endUserLimits) {
        String team = name();
        house.admin("/team/new", "{'team_id':'" + team + "','end_user_limits':" + endUserLimits + "}");
        return team;
    }

    private static String keyOf(String team) {
        return key("'team_id':'" + team + "'");
    }

    private static String ofUser(String model, String user) {
        return House.body(model, false, ",\"max_tokens\":10,\"user\":\"" + user + "\"");
    }

    private static HttpResponse<String> call(String key, String user) {
        return house.post("/v1/chat/completions", key, ofUser("m", user));
    }

    private static List<Integer> codes(int calls, String key, String user) {
        List<Integer> codes = new ArrayList<>();
        for (int i = 0; i < calls; i++) {
            codes.add(call(key, user).statusCode());
        }
        return codes;
    }

    private static int passed(List<CompletableFuture<HttpResponse<String>>> calls) {
        return (int)
                calls.stream().filter(call -> call.join().statusCode() == 200).count();
    }

    @Test
    void eachHasItsOwnLimitAndNobodyElses() {
        String one = keyOf(teamWith("{'rpm_limit':2}"));
        String other = keyOf(teamWith("{'rpm_limit':3}"));

        assertThat(codes(3, one, "1")).containsExactly(200, 200, 429);
        assertThat(codes(3, one, "2")).containsExactly(200, 200, 429);
        assertThat(codes(4, other, "1")).containsExactly(200, 200, 200, 429);
        assertThat(house.chat(one, "m").statusCode())
                .as("a call that names nobody")
                .isEqualTo(200);
    }

    @Test
    void allKeysOfATeamShareIt() {
        String team = teamWith("{'rpm_limit':3}");

        assertThat(codes(2, keyOf(team), "ann")).containsExactly(200, 200);
        assertThat(codes(2, keyOf(team), "ann")).containsExactly(200, 429);
    }

    @Test
    void theRefusalNamesEverything() {
        String key = key("'end_user_limits':{'rpm_limit':1}");
        call(key, "bob");
        HttpResponse<String> refused = call(key, "bob");

        JsonNode error = House.json(refused).path("error");
        assertThat(error.path("message").asText())
                .contains("Rate limit exceeded for end_user: bob", "Current limit: 1, Remaining: 0", "resets at");
        assertThat(refused.headers().firstValue("retry-after").map(Integer::parseInt))
                .hasValueSatisfying(seconds -> assertThat(seconds).isBetween(1, 60));
        assertThat(refused.headers().firstValue("x-ratelimit-end_user-remaining-requests"))
                .hasValue("0");
    }

    @Test
    void aHeaderNamesThemAsWell() {
        String key = key("'end_user_limits':{'rpm_limit':1}");

        assertThat(house.chat(key, "m", "x-litellm-end-user-id", "eve").statusCode())
                .isEqualTo(200);
        assertThat(call(key, "eve").statusCode()).isEqualTo(429);
    }

    @Test
    void manyAtOnceGetExactlyTheLimit() {
        String team = teamWith("{'rpm_limit':10,'tpm_limit':100000}");
        List<String> keys = List.of(keyOf(team), keyOf(team), keyOf(team));
        List<CompletableFuture<HttpResponse<String>>> calls = new ArrayList<>();
        for (int i = 0; i < 120; i++) {
            calls.add(house.postAsync("/v1/chat/completions", keys.get(i % 3), ofUser("m", "u" + i % 2)));
        }

        assertThat(passed(calls)).isEqualTo(20);
    }

    @Test
    void theyHaveSlotsOfTheirOwn() {
        String key = key("'end_user_limits':{'max_parallel_requests':2}");
        List<CompletableFuture<HttpResponse<String>>> calls = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            calls.add(house.postAsync("/v1/chat/completions", key, ofUser("slow", "u" + i % 2)));
        }

        assertThat(passed(calls)).isEqualTo(4);
        assertThat(passed(List.of(house.postAsync("/v1/chat/completions", key, ofUser("slow", "u0")))))
                .as("the slots are free again")
                .isEqualTo(1);
    }

    @Test
    void theyHaveBudgetsAndModels() {
        String key = key("'end_user_limits':{'max_budget':0.5,'budget_duration':'1d','model_rpm_limit':{'n':1}}");
        int calls = 0;
        while (call(key, "ann").statusCode() == 200) {
            assertThat(++calls).isLessThan(100);
        }

        assertThat(calls).isPositive();
        assertThat(House.json(call(key, "ann")).path("error").path("type").asText())
                .isEqualTo("budget_exceeded");
        assertThat(call(key, "bob").statusCode()).isEqualTo(200);
        assertThat(house.post("/v1/chat/completions", key, ofUser("n", "bob")).statusCode())
                .as("its price is not known, and there is a budget")
                .isEqualTo(403);
    }

    @Test
    void aStreamThatGrowsIsChargedToItsEndUser() {
        String key = key("'end_user_limits':{'tpm_limit':600}");
        String stream = House.body("long", true, ",\"max_tokens\":400,\"user\":\"ann\"");

        assertThat(house.post("/v1/chat/completions", key, stream).body()).contains("[DONE]");
        HttpResponse<String> second = house.post("/v1/chat/completions", key, stream);
        assertThat(second.statusCode() == 429 || !second.body().contains("[DONE]"))
                .as(second.body())
                .isTrue();
        assertThat(house.post("/v1/chat/completions", key, stream.replace("ann", "bob"))
                        .body())
                .contains("[DONE]");
    }

    @Test
    void anotherPolicyHoldsFromTheNextCallOn() {
        String team = teamWith("{'rpm_limit':5}");
        String key = keyOf(team);
        assertThat(codes(2, key, "ann")).containsExactly(200, 200);

        house.admin("/team/update", "{'team_id':'" + team + "','end_user_limits':{'rpm_limit':3}}");
        assertThat(codes(2, key, "ann")).containsExactly(200, 429);
        house.admin("/team/update", "{'team_id':'" + team + "','end_user_limits':{'rpm_limit':4}}");
        assertThat(codes(2, key, "ann")).containsExactly(200, 429);
        house.admin("/team/update", "{'team_id':'" + team + "','rpm_limit':1000,'end_user_limits':null}");
        assertThat(codes(2, key, "ann")).containsExactly(200, 200);
        house.admin("/team/update", "{'team_id':'" + team + "','end_user_limits':{'rpm_limit':4}}");
        assertThat(codes(2, key, "ann")).as("what was used is not forgotten").containsExactly(429, 429);

        String ofKey = key("'end_user_limits':{'rpm_limit':2}");
        assertThat(codes(1, ofKey, "ann")).containsExactly(200);
        house.admin("/key/update", "{'key':'" + ofKey + "','end_user_limits':{'rpm_limit':1}}");
        assertThat(codes(1, ofKey, "ann")).containsExactly(429);
    }

    @Test
    void itIsShownAsItWasSet() {
        String team = teamWith("{'rpm_limit':5,'max_budget':2,'budget_duration':'1d'}");
        JsonNode shown = House.json(house.get("/team/info?team_id=" + team, House.MASTER))
                .path("team_info")
                .path("end_user_limits");

        assertThat(shown).isEqualTo(House.json("{\"max_budget\":2,\"budget_duration\":\"1d\",\"rpm_limit\":5}"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{'max_budget':1}",
                "{'model_max_budget':{'m':1}}",
                "{'soft_budget':1}",
                "{'end_user_limits':{'rpm_limit':1}}",
                "{'rpm_limits':1}",
                "{'rpm_limit':-1}",
                "5",
                "'all'",
                "[]",
            })
    void whatCannotBeKeptIsRefused(String limits) {
        HttpResponse<String> answer =
                house.post("/key/generate", House.MASTER, ("{'end_user_limits':" + limits + "}").replace('\'', '"'));

        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(400);
        assertThat(answer.body()).contains("end_user_limits");
    }

    @Test
    void whatIsUsedOutlivesARestart() {
        try (House own = House.of("mock;tokens=10")) {
            String key = own.key("{\"end_user_limits\":{\"rpd_limit\":3}}");
            String body = House.body("m", false, ",\"user\":\"ann\"");
            assertThat(own.post("/v1/chat/completions", key, body).statusCode()).isEqualTo(200);
            own.restart();
            assertThat(own.post("/v1/chat/completions", key, body).statusCode()).isEqualTo(200);
            assertThat(own.post("/v1/chat/completions", key, body).statusCode()).isEqualTo(200);
            own.restart();
            assertThat(own.post("/v1/chat/completions", key, body).statusCode()).isEqualTo(429);
        }
    }

    /** {@code -Dweir.test.end_users=100000} takes a few minutes. */
    @Test
    void endUsersWithoutNumberAreFewRows() {
        int users = Integer.getInteger("weir.test.end_users", 4_000);
        try (House own = House.of("mock;tokens=10")) {
            String key = own.key("{\"end_user_limits\":{\"rpd_limit\":2}}");
            Semaphore atOnce = new Semaphore(64);
            AtomicInteger admitted = new AtomicInteger();
            for (int i = 0; i < users; i++) {
                atOnce.acquireUninterruptibly();
                own.postAsync("/v1/chat/completions", key, House.body("m", false, ",\"user\":\"user-" + i + "\""))
                        .whenComplete((answer, failure) -> {
                            if (failure == null && answer.statusCode() == 200) {
                                admitted.incrementAndGet();
                            }
                            atOnce.release();
                        });
            }
            atOnce.acquireUninterruptibly(64);
            assertThat(admitted).hasValue(users);

            own.restart(() -> assertThat(groups(own)).isBetween(1, 256));
            for (int i = 0; i < 20; i++) {
                String body = House.body("m", false, ",\"user\":\"user-" + i * (users / 20) + "\"");
                assertThat(own.post("/v1/chat/completions", key, body).statusCode())
                        .isEqualTo(200);
                assertThat(own.post("/v1/chat/completions", key, body).statusCode())
                        .isEqualTo(429);
            }
        }
    }

    private static int groups(House house) {
        try (Connection connection = DriverManager.getConnection(
                        "jdbc:sqlite:" + house.data().resolve("weir.db"));
                Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery("select count(*) from meter where kind = 'end_users'")) {
            row.next();
            return row.getInt(1);
        } catch (SQLException failure) {
            throw new IllegalStateException(failure);
        }
    }
}
