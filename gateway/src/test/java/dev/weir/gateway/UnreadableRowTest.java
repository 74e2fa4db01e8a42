package dev.weir.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.gateway.door.PresentedKey;
import dev.weir.streams.mock.MockSettings;
import java.net.http.HttpResponse;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import org.awaitility.Awaitility;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A meter's row that cannot be read is never taken for an empty one, and stays as it is. */
class UnreadableRowTest {

    @ParameterizedTest
    @CsvSource({
        "key, 'not json'",
        "key, '{\"format\":99}'",
        "team, 'not json'",
        "team, '{\"format\":99}'",
    })
    void refusesItsCallsAndRaisesAnAlarm(String whose, String payload) throws SQLException {
        try (House house = House.with(MockSettings.forTests(), House.model("m", "mock"))) {
            house.post("/team/new", House.MASTER, "{\"team_id\":\"t\",\"rpd_limit\":9}");
            String key = house.key("{\"team_id\":\"t\"}");
            String well = house.key("{}");
            assertThat(house.chat(key, "m").statusCode()).isEqualTo(200);
            String id = whose.equals("key") ? PresentedKey.hash(key) : "team/t";

            house.restart(() -> write(house, id, payload));

            HttpResponse<String> refused = house.chat(key, "m");
            assertThat(refused.statusCode()).isEqualTo(503);
            assertThat(House.json(refused).path("error").path("type").asText()).isEqualTo("no_db_connection");
            assertThat(house.chat(well, "m").statusCode()).isEqualTo(200);
            Awaitility.await()
                    .untilAsserted(() ->
                            assertThat(house.get("/metrics", null).body()).contains("weir_degraded{mode=\"row\"} 1"));
            assertThat(house.post(
                                    "/team/update",
                                    House.MASTER,
                                    "{\"team_id\":\"" + (whose.equals("key") ? "other" : "t") + "\",\"rpd_limit\":1}")
                            .statusCode())
                    .isEqualTo(whose.equals("key") ? 404 : 503);
            assertThat(read(house, id)).isEqualTo(payload);
        }
    }

    private static Connection store(House house) throws SQLException {
        return DriverManager.getConnection("jdbc:sqlite:" + house.data().resolve("weir.db"));
    }

    private static void write(House house, String id, String payload) {
        try (Connection connection = store(house);
                PreparedStatement update = connection.prepareStatement("update meter set payload = ? where id = ?")) {
            update.setString(1, payload);
            update.setString(2, id);
            assertThat(update.executeUpdate()).isOne();
        } catch (SQLException failure) {
            throw new IllegalStateException(failure);
        }
    }

    private static String read(House house, String id) throws SQLException {
        try (Connection connection = store(house);
                PreparedStatement select = connection.prepareStatement("select payload from meter where id = ?")) {
            select.setString(1, id);
            try (ResultSet row = select.executeQuery()) {
                assertThat(row.next()).isTrue();
                return row.getString(1);
            }
        }
    }
}
