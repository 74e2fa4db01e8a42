package dev.weir.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.weir.streams.mock.MockSettings;
import dev.weir.streams.mock.Sighting;
import java.io.IOException;
import java.net.Socket;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A client that leaves, at every moment and in both ways: its upstream connection is closed, its slot and permit are free. */
class ClientLeavesTest {

    private static House house;

    /** What the client was waiting for when it left. */
    enum Moment {
        BEFORE_HEADERS("before-headers", true, 0),
        BEFORE_CONTENT("before-content", true, 0),
        IN_A_SILENT_GAP("silent-gap", true, 3),
        MID_STREAM("mid-stream", true, 3),
        NOT_STREAMED("not-streamed", false, 0);

        private final String model;
        private final boolean stream;
        private final int tokens;

        Moment(String model, boolean stream, int tokens) {
            this.model = model;
            this.stream = stream;
            this.tokens = tokens;
        }
    }

    /** How it left. */
    enum Way {
        FIN,
        RST,
        HALF_CLOSE
    }

    @BeforeAll
    static void open() {
        house = House.with(
                MockSettings.forTests(),
                House.model("before-headers", "mock-a;stall=headers"),
                House.model("before-content", "mock-b;early-headers;latency=60s"),
                House.model("silent-gap", "mock-c;tokens=10;stall-after=3"),
                House.model("mid-stream", "mock-d;tokens=100000;gap=5ms"),
                House.model("not-streamed", "mock-e;latency=60s"));
    }

    @AfterAll
    static void close() {
        house.close();
    }

    @ParameterizedTest
    @EnumSource(Moment.class)
    void byFin(Moment moment) throws IOException {
        leave(moment, Way.FIN, 1);
    }

    @ParameterizedTest
    @EnumSource(Moment.class)
    void byReset(Moment moment) throws IOException {
        leave(moment, Way.RST, 1);
    }

    @ParameterizedTest
    @EnumSource(Moment.class)
    void byHalfClose(Moment moment) throws IOException {
        leave(moment, Way.HALF_CLOSE, 1);
    }

    private void leave(Moment moment, Way way, int times) throws IOException {
        String key = house.key("{\"max_parallel_requests\":1}");
        for (int i = 0; i < times; i++) {
            String id = "leave-" + moment + "-" + way + "-" + i + "-" + System.nanoTime();
            long before = house.witness().totals().requests();
            Socket socket = house.socket();
            socket.getOutputStream()
                    .write(House.rawChat(key, House.body(moment.model, moment.stream), "x-request-id: " + id));
            Sighting running =
                    house.witness().await(s -> s.serial() > before && s.tokens() >= moment.tokens, House.PATIENCE);

            go(socket, way);

            house.witness()
                    .await(
                            s -> s.serial() == running.serial() && s.end() == Sighting.End.CLOSED_BY_PEER,
                            House.PATIENCE);
            socket.close();
            JsonNode rows = house.rows(id, 1);
            assertThat(rows).hasSize(1);
            assertThat(rows.get(0).path("outcome").asText()).isEqualTo("client_cancelled");
            assertThat(rows.get(0).path("completion_tokens").asInt())
                    .isBetween(
                            0,
                            house.witness()
                                    .await(s -> s.serial() == running.serial(), House.PATIENCE)
                                    .tokens());
            Awaitility.await()
                    .atMost(House.PATIENCE)
                    .until(() -> house.limit(key, "max_parallel_requests")
                                    .path("committed")
                                    .asInt()
                            == 0);
        }
    }

    private static void go(Socket socket, Way way) throws IOException {
        switch (way) {
            case FIN -> socket.close();
            case RST -> {
                socket.setSoLinger(true, 0);
                socket.close();
            }
            case HALF_CLOSE -> socket.shutdownOutput();
        }
    }

    /** The time itself is `perf`'s to judge; this prints it, so that a change of kind is seen. */
    @Test
    void theUpstreamSeesItSoon() throws IOException {
        String key = house.key("{}");
        List<Long> micros = new ArrayList<>();
        for (int i = 0; i < 50; i++) {
            long before = house.witness().totals().requests();
            Socket socket = house.socket();
            socket.getOutputStream().write(House.rawChat(key, House.body("silent-gap", true)));
            Sighting running = house.witness().await(s -> s.serial() > before && s.tokens() >= 3, House.PATIENCE);
            long left = System.nanoTime();
            socket.close();
            Sighting ended = house.witness()
                    .await(
                            s -> s.serial() == running.serial() && s.end() == Sighting.End.CLOSED_BY_PEER,
                            House.PATIENCE);
            micros.add((ended.endedNanos() - left) / 1_000);
        }

        Collections.sort(micros);
        System.out.println(
                "client left -> upstream closed: p50 " + micros.get(25) + " us, max " + micros.getLast() + " us");
        assertThat(micros).hasSize(50);
    }
}
