package dev.weir.perf.faults.scripts;

import dev.weir.perf.faults.callers.Order;
import dev.weir.perf.faults.judge.Witnessed;
import dev.weir.perf.faults.several.Disturbance;
import dev.weir.perf.faults.several.Standstill;
import dev.weir.perf.faults.site.Fault;
import java.io.IOException;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/** Keys of three slots each are wanted by five streams of a minute each, while their owners are killed, paused and handed over. */
final class SlotsOverTakeover implements Script {

    private static final int KEYS = 6;
    private static final int SLOTS = 3;
    private static final int CALLERS = 30;

    @Override
    public List<String> models() {
        return IntStream.range(0, KEYS).mapToObj(key -> "m" + key + ";gap=3s").toList();
    }

    @Override
    public String play(Stage stage) throws IOException, InterruptedException, SQLException {
        for (int key = 0; key < KEYS; key++) {
            stage.key(Map.of("max_parallel_requests", SLOTS));
        }
        stage.load(
                "c",
                CALLERS,
                random -> {
                    int key = random.nextInt(KEYS);
                    return new Order(key, "m" + key, "", true);
                },
                500);
        List<Disturbance.Happened> happened = stage.happen(
                Stage.event(Fault.KILL, 8, 0, 0),
                Stage.event(Fault.PAUSE, 30, 1, 15),
                Stage.event(Fault.JOIN_LEAVE, 70, 2, 1));
        Stage.pass(Duration.ofSeconds(15));

        stage.settled();
        stage.judge().statuses(stage.said());
        Standstill standstill = Standstill.of(stage.site(), happened);
        long most = 0;
        for (int key = 0; key < KEYS; key++) {
            long atOnce = Witnessed.of(stage.witness(), key, key)
                    .where(each -> !standstill.hadOpen(each))
                    .atOnce();
            stage.judge().limit("slots of key " + key, atOnce, SLOTS);
            for (Disturbance.Happened each : happened) {
                stage.judge().usedUp("slots of key " + key + " when it began", open(stage, key, each.atNanos()), SLOTS);
            }
            most = Math.max(most, atOnce);
        }
        return "at most " + most + " streams of a key at once, of " + SLOTS;
    }

    private static long open(Stage stage, int key, long nanos) {
        return Witnessed.of(stage.witness(), key, key)
                .where(each -> each.arrivedNanos() <= nanos && (each.endedNanos() == 0 || each.endedNanos() > nanos))
                .requests();
    }
}
