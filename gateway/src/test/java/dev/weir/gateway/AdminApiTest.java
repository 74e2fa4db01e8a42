package dev.weir.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.weir.gateway.door.PresentedKey;
import dev.weir.streams.mock.MockSettings;
import java.net.http.HttpResponse;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Keys by the admin API: what an answered write says is in force for the very next call. */
class AdminApiTest {

    private static House house;

    @BeforeAll
    static void open() {
        house = House.with(MockSettings.forTests(), House.model("m", "mock;tokens=2"), House.model("n", "mock"));
    }

    @AfterAll
    static void close() {
        house.close();
    }

    private static HttpResponse<String> admin(String path, String body) {
        return house.post(path, House.MASTER, body);
    }

    private static HttpResponse<String> admin(String path, String key, String more) {
        return admin(path, "{\"key\":\"" + key + "\"" + more + "}");
    }

    private static int call(String key) {
        return house.chat(key, "m").statusCode();
    }

    private static String type(HttpResponse<String> refusal) {
        return House.json(refusal).path("error").path("type").asText();
    }

    private static String message(HttpResponse<String> refusal) {
        return House.json(refusal).path("error").path("message").asText();
    }

    @Test
    void aKeyOfOnesOwnComesBackWithEveryField() {
        String fields = "\"key_alias\":\"own\",\"models\":[\"m\",\"x/*\"],\"user_id\":\"u1\",\"team_id\":\"t1\","
                + "\"max_budget\":12.5,\"budget_duration\":\"30d\",\"rpm_limit\":7,\"tpm_limit\":7000,"
                + "\"max_parallel_requests\":3,\"key_type\":\"default\",\"metadata\":{\"a\":{\"b\":[1,null]}},"
                + "\"tags\":[\"red\",\"blue\"],\"blocked\":false";

        JsonNode made =
                House.json(admin("/key/generate", "{\"key\":\"sk-my-own-abcd\",\"duration\":\"30d\"," + fields + "}"));

        assertThat(made.path("key").asText()).isEqualTo("sk-my-own-abcd");
        assertThat(made.path("token").asText()).isEqualTo(PresentedKey.hash("sk-my-own-abcd"));
        assertThat(made.path("key_name").asText()).isEqualTo("sk-...abcd");
        assertThat(Instant.parse(made.path("expires").asText()))
                .isCloseTo(
                        Instant.now().plus(30, ChronoUnit.DAYS),
                        org.assertj.core.api.Assertions.within(5, ChronoUnit.MINUTES));
        JsonNode expected = House.json("{" + fields + "}");
        expected.fieldNames().forEachRemaining(name -> {
            assertThat(made.path(name)).as(name).isEqualTo(expected.path(name));
            assertThat(house.info("sk-my-own-abcd").path(name)).as(name).isEqualTo(expected.path(name));
        });
        assertThat(house.get("/v1/models/m", "sk-my-own-abcd").statusCode()).isEqualTo(200);
    }

    @Test
    void aKeyThatWasMadeIsShownOnce() {
        HttpResponse<String> made = admin("/key/generate", "{}");
        String key = House.json(made).path("key").asText();

        HttpResponse<String> info = house.get("/key/info?key=" + key, House.MASTER);

        assertThat(key).startsWith("sk-").hasSizeGreaterThan(30);
        assertThat(House.json(info).path("key").asText()).isEqualTo(PresentedKey.hash(key));
        assertThat(info.body()).doesNotContain(key);
        assertThat(admin("/key/update", key, ",\"rpm_limit\":1").body()).doesNotContain(key);
    }

    @Test
    void aRaisedLimitHoldsForTheNextCall() {
        String key = house.key("{\"rpm_limit\":1}");
        assertThat(call(key)).isEqualTo(200);
        assertThat(call(key)).isEqualTo(429);

        JsonNode updated = House.json(admin("/key/update", key, ",\"rpm_limit\":3"));

        assertThat(updated.path("rpm_limit").asInt()).isEqualTo(3);
        HttpResponse<String> next = house.chat(key, "m");
        assertThat(next.statusCode()).isEqualTo(200);
        assertThat(next.headers().firstValue("x-ratelimit-remaining-requests")).hasValue("1");
    }

    @Test
    void aLimitBelowWhatIsUsedRefusesAndNullClearsIt() {
        String key = house.key("{\"rpm_limit\":10,\"tpm_limit\":100000,\"user_id\":\"stays\"}");
        for (int i = 0; i < 3; i++) {
            call(key);
        }

        admin("/key/update", key, ",\"rpm_limit\":2");
        HttpResponse<String> refused = house.chat(key, "m");
        assertThat(refused.statusCode()).isEqualTo(429);
        assertThat(message(refused)).contains("Current limit: 2, Remaining: 0");

        JsonNode cleared = House.json(admin("/key/update", key, ",\"rpm_limit\":null"));
        assertThat(cleared.path("rpm_limit").isNull()).isTrue();
        assertThat(cleared.path("tpm_limit").asInt()).isEqualTo(100_000);
        assertThat(cleared.path("user_id").asText()).isEqualTo("stays");
        assertThat(call(key)).isEqualTo(200);
    }

    @Test
    void aChangedListOfModelsHoldsForTheNextCall() {
        String key = house.key("{\"models\":[\"m\"]}");
        assertThat(house.chat(key, "n").statusCode()).isEqualTo(403);

        admin("/key/update", key, ",\"models\":[\"n\"]");

        assertThat(house.chat(key, "n").statusCode()).isEqualTo(200);
        assertThat(house.chat(key, "m").statusCode()).isEqualTo(403);
    }

    @Test
    void blockingHoldsForTheNextCallAndSoDoesUnblocking() {
        String key = house.key("{}");
        for (int i = 0; i < 5; i++) {
            assertThat(House.json(admin("/key/block", key, "")).path("blocked").asBoolean())
                    .isTrue();
            HttpResponse<String> refused = house.chat(key, "m");
            assertThat(refused.statusCode()).isEqualTo(401);
            assertThat(type(refused)).isEqualTo("auth_error");
            assertThat(House.json(admin("/key/unblock", key, ""))
                            .path("blocked")
                            .asBoolean())
                    .isFalse();
            assertThat(call(key)).isEqualTo(200);
        }
    }

    @Test
    void aDeletedKeyIsUnknownFromTheNextCallOn() {
        String key = house.key("{}");
        String second = house.key("{}");
        assertThat(call(key)).isEqualTo(200);

        HttpResponse<String> deleted = admin("/key/delete", "{\"keys\":[\"" + key + "\",\"" + second + "\"]}");

        assertThat(House.json(deleted).path("deleted_keys"))
                .extracting(JsonNode::asText)
                .containsExactly(PresentedKey.hash(key), PresentedKey.hash(second));
        HttpResponse<String> refused = house.chat(key, "m");
        assertThat(refused.statusCode()).isEqualTo(401);
        assertThat(type(refused)).isEqualTo("token_not_found_in_db");
        assertThat(call(second)).isEqualTo(401);
        assertThat(house.get("/key/info?key=" + key, House.MASTER).statusCode()).isEqualTo(404);
        assertThat(admin("/key/delete", "{\"keys\":[\"" + key + "\"]}").statusCode())
                .isEqualTo(404);
    }

    @Test
    void anExpiredKeyIsToldSo() {
        String key = house.key("{\"expires\":\"2020-01-01T00:00:00Z\"}");

        HttpResponse<String> refused = house.chat(key, "m");

        assertThat(refused.statusCode()).isEqualTo(401);
        assertThat(type(refused)).isEqualTo("expired_key");
        admin("/key/update", key, ",\"duration\":\"1h\"");
        assertThat(call(key)).isEqualTo(200);
    }

    static Stream<Arguments> refusals() {
        return Stream.of(
                Arguments.of("/key/generate", "{\"key\":\"my-key-without-prefix\"}", 400, "begins with sk-"),
                Arguments.of("/key/generate", "{\"key\":\"sk-a b c d e\"}", 400, "begins with sk-"),
                Arguments.of("/key/generate", "{\"key\":7}", 400, "begins with sk-"),
                Arguments.of("/key/generate", "{\"key\":\"sk-taken-key\"}", 409, "exists already"),
                Arguments.of("/key/generate", "{\"key_alias\":\"taken-alias\"}", 400, "taken-alias"),
                Arguments.of("/key/generate", "{\"rpm_limit\":-1}", 400, "rpm_limit"),
                Arguments.of("/key/generate", "{\"rpm_limit\":1.5}", 400, "rpm_limit"),
                Arguments.of("/key/generate", "{\"tpm_limit\":\"many\"}", 400, "tpm_limit"),
                Arguments.of("/key/generate", "{\"rpm_limit\":9223372036854775808}", 400, "rpm_limit"),
                Arguments.of("/key/generate", "{\"max_budget\":-0.1}", 400, "max_budget"),
                Arguments.of("/key/generate", "{\"budget_duration\":\"1d\"}", 400, "with max_budget"),
                Arguments.of("/key/generate", "{\"max_budget\":1,\"budget_duration\":\"soon\"}", 400, "30d"),
                Arguments.of("/key/generate", "{\"duration\":\"soon\"}", 400, "duration"),
                Arguments.of("/key/generate", "{\"models\":\"m\"}", 400, "models"),
                Arguments.of("/key/generate", "{\"key_type\":\"root\"}", 400, "key_type"),
                Arguments.of("/key/generate", "{\"rpm_limt\":1}", 400, "did you mean rpm_limit"),
                Arguments.of("/key/generate", "{\"team_id\":\"" + "t".repeat(257) + "\"}", 400, "256 characters"),
                Arguments.of("/key/generate", "{\"metadata\":{\"x\":\"" + "y".repeat(140_000) + "\"}}", 400, "128 KB"),
                Arguments.of("/key/generate", "{\"budget_id\":\"b\"}", 400, "not enforced"),
                Arguments.of("/key/generate", "{\"model_rpm_limit\":{\"m\":-1}}", 400, "model_rpm_limit.m"),
                Arguments.of("/key/generate", "{\"allowed_routes\":[\"/x\"]}", 400, "not enforced"),
                Arguments.of("/key/generate", "{\"models\":[\"no-default-models\"]}", 400, "enforces"),
                Arguments.of("/key/generate", "{\"metadata\":{\"weir_declared\":true}}", 400, "Weir's own"),
                Arguments.of("/key/generate", "{\"rpm_limit\":1,\"rpm_limit\":2}", 400, "not a JSON object"),
                Arguments.of("/key/generate", "[]", 400, "not a JSON object"),
                Arguments.of("/key/generate", "", 400, "not a JSON object"),
                Arguments.of("/key/generate", "{} {}", 400, "not a JSON object"),
                Arguments.of("/key/update", "{\"rpm_limit\":1}", 400, "'key' must be"),
                Arguments.of("/key/update", "{\"key\":\"sk-nobody-knows\"}", 404, "no such key"),
                Arguments.of("/key/update", "{\"key\":\"sk-taken-key\",\"rpm_limit\":-5}", 400, "rpm_limit"),
                Arguments.of(
                        "/key/update",
                        "{\"key\":\"sk-taken-key\",\"temp_budget_increase\":5}",
                        400,
                        "temp_budget_expiry"),
                Arguments.of("/key/block", "{}", 400, "'key' must be"),
                Arguments.of("/key/block", "{\"key\":\"sk-nobody-knows\"}", 404, "no such key"),
                Arguments.of("/key/unblock", "{\"key\":\"sk-nobody-knows\"}", 404, "no such key"),
                Arguments.of("/key/delete", "{}", 400, "'keys' must be"),
                Arguments.of("/key/delete", "{\"keys\":[]}", 400, "'keys' must be"),
                Arguments.of("/key/delete", "{\"keys\":[\"nonsense\"]}", 400, "must be a key"));
    }

    @ParameterizedTest
    @MethodSource("refusals")
    void whatCannotBeDoneIsSaidAndChangesNothing(String path, String body, int status, String says) {
        admin("/key/generate", "{\"key\":\"sk-taken-key\",\"key_alias\":\"taken-alias\",\"rpm_limit\":9}");

        HttpResponse<String> refused = admin(path, body);

        assertThat(refused.statusCode()).as(refused.body()).isEqualTo(status);
        assertThat(message(refused)).contains(says);
        assertThat(House.json(refused).path("error").path("code").asText()).isEqualTo(Integer.toString(status));
        assertThat(house.info("sk-taken-key").path("rpm_limit").asInt()).isEqualTo(9);
    }

    @ParameterizedTest
    @ValueSource(strings = {"generate", "update", "delete", "block", "unblock"})
    void onlyOperatorsWrite(String route) {
        String key = house.key("{}");
        String body = "{\"key\":\"" + key + "\",\"keys\":[\"" + key + "\"]}";

        assertThat(house.post("/key/" + route, key, body).statusCode()).isEqualTo(403);
        assertThat(house.post("/key/" + route, null, body).statusCode()).isEqualTo(401);
        assertThat(house.post("/key/" + route, "sk-nobody-knows", body).statusCode())
                .isEqualTo(401);
        assertThat(call(key)).isEqualTo(200);
    }

    @ParameterizedTest
    @CsvSource({
        // type, calls, models listed, writes, reads others, reads itself
        "default,    200, 2, 403, 403, 200",
        "llm_api,    200, 2, 403, 403, 403",
        "management, 403, 0, 200, 200, 200",
        "read_only,  403, 0, 403, 200, 200"
    })
    void aKeysTypeSaysWhichRoutesItOpens(String type, int calls, int models, int writes, int others, int self) {
        String key = house.key("{\"key_type\":\"" + type + "\",\"rpm_limit\":5}");
        String other = house.key("{}");

        assertThat(call(key)).isEqualTo(calls);
        assertThat(House.json(house.get("/v1/models", key)).path("data")).hasSize(models);
        assertThat(house.post("/key/generate", key, "{}").statusCode()).isEqualTo(writes);
        assertThat(house.get("/key/info?key=" + other, key).statusCode()).isEqualTo(others);
        assertThat(house.get("/spend/logs?api_key=" + other, key).statusCode()).isEqualTo(others);
        assertThat(house.get("/key/info", key).statusCode()).isEqualTo(self == 200 && others == 200 ? 400 : self);
        assertThat(house.get("/key/info?key=" + key, key).statusCode()).isEqualTo(self);
        assertThat(house.limit(key, "requests").path("committed").asInt()).isEqualTo(calls == 200 ? 1 : 0);
    }

    @Test
    void aKeyReadsItsOwnRowsAndNoOthers() {
        String key = house.key("{}");
        String other = house.key("{}");
        house.chat(key, "m", "x-request-id", "shared-label");
        house.chat(other, "m", "x-request-id", "shared-label");
        house.rows("shared-label", 2);

        JsonNode own = House.json(house.get("/spend/logs?request_id=shared-label", key));

        assertThat(own)
                .singleElement()
                .satisfies(row -> assertThat(row.path("api_key").asText()).isEqualTo(PresentedKey.hash(key)));
        JsonNode info = House.json(house.get("/key/info", key));
        assertThat(info.path("key").asText()).isEqualTo(PresentedKey.hash(key));
    }

    @Test
    void limitsHave64Bits() {
        long most = Long.MAX_VALUE;
        String key = house.key("{\"rpm_limit\":" + most + ",\"tpm_limit\":" + most + ",\"max_parallel_requests\":"
                + most + ",\"max_budget\":9000000000}");

        HttpResponse<String> answer = house.chat(key, "m");

        assertThat(answer.statusCode()).as(answer.body()).isIn(200, 403);
        assertThat(house.info(key).path("rpm_limit").asLong()).isEqualTo(most);
        admin("/key/update", key, ",\"max_budget\":null");
        HttpResponse<String> next = house.chat(key, "m");
        assertThat(next.statusCode()).as(next.body()).isEqualTo(200);
        assertThat(next.headers().firstValue("x-ratelimit-limit-tokens")).hasValue(Long.toString(most));
        assertThat(next.headers().firstValue("x-ratelimit-remaining-requests")).hasValue(Long.toString(most - 1));
    }

    @Test
    void aHashDoesWhereAKeyDoes() {
        String key = house.key("{}");
        String hash = PresentedKey.hash(key);

        assertThat(house.info(hash).path("rpm_limit").isNull()).isTrue();
        admin("/key/update", hash, ",\"rpm_limit\":5");
        assertThat(house.info(key).path("rpm_limit").asInt()).isEqualTo(5);
        admin("/key/block", hash, "");
        assertThat(call(key)).isEqualTo(401);
        admin("/key/unblock", hash, "");
        assertThat(call(key)).isEqualTo(200);
        assertThat(house.rows("none&api_key=" + hash, 0)).isEmpty();
        assertThat(admin("/key/delete", "{\"keys\":[\"" + hash + "\"]}").statusCode())
                .isEqualTo(200);
        assertThat(call(key)).isEqualTo(401);
    }

    @Test
    void aHashOpensNothing() {
        assertThat(call(PresentedKey.hash(house.key("{}")))).isEqualTo(401);
        assertThat(house.post("/key/generate", PresentedKey.hash(House.MASTER), "{}")
                        .statusCode())
                .isEqualTo(401);
    }

    @Test
    void modelRoutesHaveAPrefixAndAdminRoutesHaveNone() {
        String key = house.key("{}");
        for (String prefix : List.of("", "/v1")) {
            assertThat(house.post(prefix + "/chat/completions", key, House.body("m", false))
                            .statusCode())
                    .isEqualTo(200);
            assertThat(house.get(prefix + "/models", key).statusCode()).isEqualTo(200);
            assertThat(house.get(prefix + "/models/m", key).statusCode()).isEqualTo(200);
        }
        assertThat(house.get("/v1/key/info", key).statusCode()).isEqualTo(404);
    }

    @Test
    void concurrentUpdatesLoseNothing() {
        String key = house.key("{}");
        List<String> changes = List.of(
                ",\"rpm_limit\":11",
                ",\"tpm_limit\":12",
                ",\"max_parallel_requests\":13",
                ",\"user_id\":\"u14\"",
                ",\"tags\":[\"15\"]",
                ",\"models\":[\"m16\"]");

        List<CompletableFuture<HttpResponse<String>>> sent = changes.stream()
                .map(change -> house.postAsync("/key/update", House.MASTER, "{\"key\":\"" + key + "\"" + change + "}"))
                .toList();

        assertThat(sent)
                .allSatisfy(answer -> assertThat(answer.join().statusCode()).isEqualTo(200));
        JsonNode info = house.info(key);
        assertThat(info.path("rpm_limit").asInt()).isEqualTo(11);
        assertThat(info.path("tpm_limit").asInt()).isEqualTo(12);
        assertThat(info.path("max_parallel_requests").asInt()).isEqualTo(13);
        assertThat(info.path("user_id").asText()).isEqualTo("u14");
        assertThat(info.path("tags").get(0).asText()).isEqualTo("15");
        assertThat(info.path("models").get(0).asText()).isEqualTo("m16");
    }

    @Test
    void ofTwoWhoMakeTheSameKeyOneDoes() {
        List<CompletableFuture<HttpResponse<String>>> sent = Stream.generate(
                        () -> house.postAsync("/key/generate", House.MASTER, "{\"key\":\"sk-only-one\"}"))
                .limit(8)
                .toList();

        assertThat(sent)
                .extracting(answer -> answer.join().statusCode())
                .containsOnlyOnce(200)
                .containsOnly(200, 409);
    }

    @ParameterizedTest
    @ValueSource(strings = {"x-api-key", "api-key", "x-goog-api-key"})
    void aKeyMayComeUnderOtherNames(String header) {
        String key = house.key("{}");

        assertThat(house.post("/v1/chat/completions", null, House.body("m", false), header, key)
                        .statusCode())
                .isEqualTo(200);
        assertThat(house.get("/key/info", null, header, key).statusCode()).isEqualTo(200);
    }

    @Test
    void aWrongMethodIsToldTheRightOne() {
        HttpResponse<String> refused = house.get("/key/generate", House.MASTER);

        assertThat(refused.statusCode()).isEqualTo(405);
        assertThat(refused.headers().firstValue("allow")).hasValue("POST");
    }
}
