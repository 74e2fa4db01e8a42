package dev.weir.perf.faults.scripts;

import dev.weir.perf.faults.callers.Order;
import dev.weir.perf.faults.judge.Witnessed;
import dev.weir.perf.faults.several.Node;
import dev.weir.perf.faults.site.Fault;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/** Streams run at all doors while the door, the owner, both, and all nodes are killed. */
final class DoorAndOwnerDie implements Script {

    private static final int KEYS = 12;
    private static final int LIMIT = 100_000;
    private static final int OVERAGE = LIMIT / 20;

    @Override
    public List<String> models() {
        return List.of("m0;gap=100ms");
    }

    @Override
    public String play(Stage stage) throws IOException, InterruptedException {
        stage.make("/team/new", Map.of("team_id", "team", "tpd_limit", LIMIT));
        for (int key = 0; key < KEYS; key++) {
            stage.key(Map.of("team_id", "team"));
        }

        stage.load("c", 2 * KEYS, random -> new Order(random.nextInt(KEYS), "m0", "", true), 100);
        stage.happen(
                Stage.event(Fault.KILL, 3, 0, 0),
                Stage.event(Fault.KILL, 12, 1, 3),
                Stage.event(Fault.KILL_TWO, 24, 1, 2));
        Stage.pass(Duration.ofSeconds(8));
        for (Node node : stage.site().nodes()) {
            node.kill();
        }
        for (Node node : stage.site().nodes()) {
            node.launch();
        }
        stage.site().awaitReady();
        Stage.pass(Duration.ofSeconds(5));

        List<?> rows = stage.settled();
        stage.judge().statuses(stage.said());
        long tokens = Witnessed.of(stage.witness(), 0, 0).tokens();
        stage.judge().limit("tokens of the team", tokens, LIMIT + OVERAGE);
        return rows.size() + " attempts, the witness sent " + tokens + " tokens";
    }
}
