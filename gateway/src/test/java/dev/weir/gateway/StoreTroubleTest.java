package dev.weir.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.weir.streams.mock.MockSettings;
import java.io.IOException;
import java.net.Socket;
import java.net.http.HttpResponse;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A PostgreSQL that somebody else keeps busy, so that Weir's reads or writes there come to nothing. */
class StoreTroubleTest {

    private static final int JOURNAL_BYTES = 1_000_000;

    private final String url = TestDatabase.newUrl();
    private House house = House.with(
            MockSettings.forTests(),
            House.model("m", "mock;tokens=10"),
            "weir:\n  storage: {url: '" + url + "', journal_bytes: " + JOURNAL_BYTES + "}\n");
    private Connection other;

    @BeforeEach
    void open() throws SQLException {
        other = TestDatabase.connect(url);
        other.setAutoCommit(false);
    }

    @AfterEach
    void close() throws SQLException {
        other.close();
        house.close();
    }

    private void lock(String sql) throws SQLException {
        try (Statement statement = other.createStatement()) {
            statement.execute(sql);
        }
    }

    private void release() throws SQLException {
        other.rollback();
    }

    private boolean somebodyWaits() throws SQLException {
        return waiting() > 0;
    }

    private int waiting() throws SQLException {
        try (Statement statement = other.createStatement();
                ResultSet row = statement.executeQuery("select count(*) from pg_locks where not granted")) {
            row.next();
            return row.getInt(1);
        }
    }

    private long attemptsInTheLedger() throws SQLException {
        try (Connection reader = TestDatabase.connect(url);
                Statement statement = reader.createStatement();
                ResultSet row = statement.executeQuery("select count(*) from ledger")) {
            row.next();
            return row.getLong(1);
        }
    }

    @Test
    void aFullJournalTakesNoCallThatItCouldNotRecord() throws SQLException {
        String key = house.key("{}");
        String body = House.body("m", false, ",\"user\":\"" + "u".repeat(200) + "\"");
        lock("lock table ledger in exclusive mode");
        int passed = 0;
        HttpResponse<String> answer = house.post("/v1/chat/completions", key, body);
        while (answer.statusCode() == 200) {
            passed++;
            assertThat(passed).isLessThan(JOURNAL_BYTES / 100);
            answer = house.post("/v1/chat/completions", key, body);
        }

        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(503);
        assertThat(passed).isGreaterThan(100);
        for (int i = 0; i < 20; i++) {
            assertThat(house.post("/v1/chat/completions", key, body).statusCode())
                    .isEqualTo(503);
        }
        assertThat(house.witness().totals().requests()).isEqualTo(passed);

        release();
        Awaitility.await()
                .until(() -> house.post("/v1/chat/completions", key, body).statusCode() == 200);
        Awaitility.await()
                .untilAsserted(() -> assertThat(attemptsInTheLedger())
                        .isEqualTo(house.witness().totals().requests()));
    }

    @Test
    void whoLeavesWhileACallIsParkedHoldsNothing() throws SQLException, IOException {
        String key = house.key("{\"rpm_limit\":100,\"tpm_limit\":100000,\"max_parallel_requests\":50}");
        lock("lock table meter in exclusive mode");
        List<Socket> leavers = new ArrayList<>();
        List<CompletableFuture<HttpResponse<String>>> patient = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            Socket socket = house.socket();
            socket.getOutputStream().write(House.rawChat(key, House.body("m", i % 2 == 0)));
            leavers.add(socket);
            patient.add(house.postAsync("/v1/chat/completions", key, House.body("m", false)));
        }
        Awaitility.await().until(this::somebodyWaits);
        for (Socket socket : leavers) {
            socket.setSoLinger(true, 0);
            socket.close();
        }

        assertThat(patient).allMatch(answer -> answer.join().statusCode() == 503);
        assertThat(house.witness().totals().requests()).isZero();
        release();

        Awaitility.await().until(() -> house.chat(key, "m").statusCode() == 200);
        Awaitility.await().untilAsserted(() -> {
            for (JsonNode limit : house.info(key).path("limits")) {
                assertThat(limit.path("held").asLong()).as(limit.toString()).isZero();
            }
        });
        assertThat(house.limit(key, "max_parallel_requests").path("committed").asLong())
                .isZero();
        assertThat(house.limit(key, "requests").path("committed").asLong())
                .isEqualTo(house.witness().totals().requests());
    }

    @Test
    void inventedKeysAreRefusedWithoutTheStore() throws SQLException {
        String key = house.key("{}");
        assertThat(house.chat(key, "m").statusCode()).isEqualTo(200);
        lock("lock table meter in access exclusive mode");

        for (int i = 0; i < 2_000; i++) {
            assertThat(house.chat("sk-invented-" + i, "m").statusCode()).isEqualTo(401);
        }
        assertThat(house.chat(key, "m").statusCode()).isEqualTo(200);

        release();
        assertThat(house.key("{\"key\":\"sk-invented-7\"}")).isEqualTo("sk-invented-7");
        assertThat(house.chat("sk-invented-7", "m").statusCode()).isEqualTo(200);
        house.restart();
        assertThat(house.chat("sk-invented-7", "m").statusCode()).isEqualTo(200);
        assertThat(house.chat("sk-invented-8", "m").statusCode()).isEqualTo(401);
    }

    @Test
    void aMuteStoreCostsOnlyItsTime() throws SQLException {
        String key = house.key("{\"rpm_limit\":1000}");
        assertThat(house.chat(key, "m").statusCode()).isEqualTo(200);
        lock("lock table meter in access exclusive mode");
        List<Integer> codes = new ArrayList<>();
        Awaitility.await().atMost(Duration.ofMinutes(1)).until(() -> {
            codes.add(house.chat(key, "m").statusCode());
            return codes.getLast() == 503;
        });
        codes.add(house.post("/key/generate", House.MASTER, "{}").statusCode());

        assertThat(codes)
                .as("first what is there, then nothing; never 401 or 429")
                .isSubsetOf(200, 503);
        release();

        Awaitility.await().until(() -> house.chat(key, "m").statusCode() == 200);
        assertThat(house.chat(house.key("{}"), "m").statusCode()).isEqualTo(200);
        assertThat(house.limit(key, "requests").path("committed").asLong())
                .isEqualTo(house.witness().totals().requests() - 1);
    }

    @Test
    void reportsThatTakeLongHoldNoCallUp() throws SQLException {
        List<String> keys = List.of(house.key("{}"), house.key("{}"), house.key("{}"));
        house.restart();
        lock("lock table ledger in access exclusive mode");
        for (int i = 0; i < 8; i++) {
            Thread.ofVirtual().start(() -> house.get("/spend/logs", House.MASTER));
        }
        Awaitility.await().until(() -> waiting() >= 2);

        for (String key : keys) {
            assertThat(house.chat(key, "m").statusCode())
                    .as("its row is not in memory")
                    .isEqualTo(200);
        }
        release();
    }

    /** For five seconds; {@code -Dweir.store.still=60} for a minute. */
    @Test
    void aStoreThatStandsStillCostsOnlyItsTime() {
        String team = House.json(house.post("/team/new", House.MASTER, "{\"rpd_limit\":100000}"))
                .path("team_id")
                .asText();
        String active = house.key("{\"rpd_limit\":100000,\"team_id\":\"" + team + "\"}");
        String quiet = house.key("{\"rpd_limit\":100000}");
        house.restart();
        assertThat(house.chat(active, "m").statusCode()).isEqualTo(200);

        Set<Integer> ofActive = new HashSet<>();
        Set<Integer> ofQuiet = new HashSet<>();
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(Integer.getInteger("weir.store.still", 5));
        TestDatabase.standStill();
        try {
            while (System.nanoTime() < end) {
                ofActive.add(house.chat(active, "m").statusCode());
                ofQuiet.add(house.chat(quiet, "m").statusCode());
            }
        } finally {
            TestDatabase.goOn();
        }

        assertThat(ofActive).isSubsetOf(200, 503);
        assertThat(ofQuiet).as("its row is not in memory").containsExactly(503);
        for (String key : List.of(active, quiet)) {
            Awaitility.await().until(() -> house.chat(key, "m").statusCode() == 200);
        }
        assertThat(house.chat(house.key("{}"), "m").statusCode()).isEqualTo(200);
        long committed = house.limit(active, "requests").path("committed").asLong()
                + house.limit(quiet, "requests").path("committed").asLong();
        assertThat(committed).isEqualTo(house.witness().totals().requests() - 1);
    }
}
