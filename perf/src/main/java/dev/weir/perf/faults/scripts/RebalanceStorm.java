package dev.weir.perf.faults.scripts;

import dev.weir.perf.faults.callers.Order;
import dev.weir.perf.faults.callers.Said;
import dev.weir.perf.faults.site.Fault;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/** Nodes leave and come every twenty seconds under load: no call fails, no stream is cut, and nothing of a limit is lost. */
final class RebalanceStorm implements Script {

    private static final int KEYS = 12;
    private static final int REQUESTS = 50_000;
    private static final double BUDGET = 5;

    @Override
    public List<String> models() {
        return List.of("m0;gap=20ms");
    }

    @Override
    public String play(Stage stage) throws IOException, InterruptedException {
        stage.make("/team/new", Map.of("team_id", "team", "rpd_limit", REQUESTS, "max_budget", BUDGET));
        for (int key = 0; key < KEYS; key++) {
            stage.key(Map.of("team_id", "team", "rpd_limit", REQUESTS));
        }
        stage.load("c", 2 * KEYS, random -> new Order(random.nextInt(KEYS), "m0", "", random.nextBoolean()), 100);
        stage.happen(
                Stage.event(Fault.JOIN_LEAVE, 5, 0, 1),
                Stage.event(Fault.JOIN_LEAVE, 25, 1, 1),
                Stage.event(Fault.JOIN_LEAVE, 45, 2, 1),
                Stage.event(Fault.JOIN_LEAVE, 65, 0, 1));
        Stage.pass(Duration.ofSeconds(5));
        List<Said> said = List.copyOf(stage.said());

        String books = stage.undisturbed("team");
        return said.size() + " calls; " + books;
    }
}
