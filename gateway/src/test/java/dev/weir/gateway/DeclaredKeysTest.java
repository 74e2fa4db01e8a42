package dev.weir.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.weir.streams.mock.MockSettings;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * Who wins after a restart: the file for the keys that it declares, the API for those that it made. A key that is no
 * longer declared is blocked, and no figure is lost by any of it.
 */
class DeclaredKeysTest {

    private static final String DECLARED = "sk-declared-key";
    private static final String DECLARATION =
            "    - {key: " + DECLARED + ", key_alias: declared, rpm_limit: 50, max_budget: 100}\n";

    private final House house = House.with(
            MockSettings.forTests(),
            House.model("m", "mock;tokens=5", "input_cost_per_token: 0.001", "output_cost_per_token: 0.001"),
            "weir:\n  keys:\n    - {key: sk-declared-too}\n" + DECLARATION);

    @AfterEach
    void close() {
        house.close();
    }

    private void admin(String path, String body) {
        assertThat(house.post(path, House.MASTER, body).statusCode()).isEqualTo(200);
    }

    @Test
    void theFileWinsForItsOwnKeys() {
        admin("/key/update", "{\"key\":\"" + DECLARED + "\",\"rpm_limit\":1,\"user_id\":\"by-api\"}");
        assertThat(house.info(DECLARED).path("rpm_limit").asInt()).isEqualTo(1);
        admin("/key/block", "{\"key\":\"sk-declared-too\"}");

        house.restart();

        assertThat(house.info(DECLARED).path("rpm_limit").asInt()).isEqualTo(50);
        assertThat(house.info(DECLARED).path("user_id").isNull()).isTrue();
        assertThat(house.chat("sk-declared-too", "m").statusCode()).isEqualTo(200);
    }

    @Test
    void aDeclaredKeyThatWasDeletedIsBack() {
        admin("/key/delete", "{\"keys\":[\"" + DECLARED + "\"]}");
        assertThat(house.chat(DECLARED, "m").statusCode()).isEqualTo(401);

        house.restart();

        assertThat(house.chat(DECLARED, "m").statusCode()).isEqualTo(200);
    }

    @Test
    void aChangedDeclarationIsTakenAndFiguresStay() {
        house.chat(DECLARED, "m");
        JsonNode before = house.info(DECLARED);
        assertThat(house.limit(DECLARED, "budget").path("committed").asDouble()).isPositive();

        house.restart("rpm_limit: 50, max_budget: 100", "rpm_limit: 60, max_budget: 200");

        assertThat(house.info(DECLARED).path("rpm_limit").asInt()).isEqualTo(60);
        assertThat(house.info(DECLARED).path("spend").asDouble()).isPositive();
        assertThat(house.limit(DECLARED, "budget").path("limit").asInt()).isEqualTo(200);
        assertThat(house.limit(DECLARED, "budget").path("committed"))
                .isEqualTo(budget(before).path("committed"));
    }

    private static JsonNode budget(JsonNode info) {
        for (JsonNode limit : info.path("limits")) {
            if (limit.path("limit_type").asText().equals("budget")) {
                return limit;
            }
        }
        throw new IllegalStateException("no budget in " + info);
    }

    @Test
    void keysOfTheApiStayAsTheApiMadeThem() {
        String key = house.key("{\"rpm_limit\":5,\"max_budget\":3,\"key_alias\":\"by-api\"}");
        house.chat(key, "m");
        JsonNode before = house.info(key);

        house.restart(DECLARATION, "");

        JsonNode after = house.info(key);
        assertThat(after.path("rpm_limit").asInt()).isEqualTo(5);
        assertThat(after.path("key_alias").asText()).isEqualTo("by-api");
        assertThat(after.path("blocked").asBoolean()).isFalse();
        assertThat(budget(after).path("committed")).isEqualTo(budget(before).path("committed"));
        assertThat(house.chat(key, "m").statusCode()).isEqualTo(200);
    }

    @Test
    void aKeyThatIsNoLongerDeclaredIsBlockedUntilItIsAgain() {
        house.chat(DECLARED, "m");

        house.restart(DECLARATION, "");
        assertThat(house.chat(DECLARED, "m").statusCode()).isEqualTo(401);
        assertThat(house.info(DECLARED).path("blocked").asBoolean()).isTrue();
        assertThat(house.chat("sk-declared-too", "m").statusCode()).isEqualTo(200);

        house.restart("    - {key: sk-declared-too}\n", "    - {key: sk-declared-too}\n" + DECLARATION);
        assertThat(house.chat(DECLARED, "m").statusCode()).isEqualTo(200);
        assertThat(house.limit(DECLARED, "requests").path("committed").asInt()).isGreaterThanOrEqualTo(1);
        assertThat(house.info(DECLARED).path("spend").asDouble()).isPositive();
    }

    @Test
    void aChangedMasterKeyOpensAndTheOldOneOpensNothing() {
        String old = House.MASTER;
        assertThat(house.chat(old, "m").statusCode()).isEqualTo(200);

        house.restart("master_key: " + old, "master_key: sk-the-new-master");

        assertThat(house.post("/key/generate", old, "{}").statusCode()).isEqualTo(401);
        assertThat(house.get("/key/info", old).statusCode()).isEqualTo(401);
        assertThat(house.get("/spend/logs", old).statusCode()).isEqualTo(401);
        assertThat(house.get("/v1/models", old).statusCode()).isEqualTo(401);
        assertThat(house.chat(old, "m").statusCode()).isEqualTo(401);
        assertThat(house.post("/key/generate", "sk-the-new-master", "{}").statusCode())
                .isEqualTo(200);
        assertThat(house.chat("sk-the-new-master", "m").statusCode()).isEqualTo(200);
    }

    @Test
    void aReplacedKeyTakesItsAliasAlong() {
        house.restart("key: " + DECLARED, "key: sk-replaced-key");

        assertThat(house.info("sk-replaced-key").path("key_alias").asText()).isEqualTo("declared");
        assertThat(house.chat("sk-replaced-key", "m").statusCode()).isEqualTo(200);
        assertThat(house.chat(DECLARED, "m").statusCode()).isEqualTo(401);
        assertThat(house.info(DECLARED).path("key_alias").isNull()).isTrue();
    }

    @Test
    void anAliasMayMoveFromOneDeclaredKeyToAnother() {
        house.restart(
                "    - {key: sk-declared-too}\n" + DECLARATION,
                "    - {key: sk-declared-too, key_alias: declared}\n" + DECLARATION.replace("declared,", "moved,"));

        assertThat(house.info("sk-declared-too").path("key_alias").asText()).isEqualTo("declared");
        assertThat(house.info(DECLARED).path("key_alias").asText()).isEqualTo("moved");
    }
}
