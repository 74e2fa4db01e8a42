package dev.weir.perf.faults.scripts;

import dev.weir.perf.faults.callers.Order;
import dev.weir.perf.faults.callers.Said;
import dev.weir.perf.faults.judge.Witnessed;
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

    /** Used up in the midst of it. */
    private static final int TIGHT = 1_000;

    private static final int KEYS_OF_TIGHT = 6;

    @Override
    public List<String> models() {
        return List.of("m0;gap=20ms", "m1;gap=20ms");
    }

    @Override
    public String play(Stage stage) throws IOException, InterruptedException {
        stage.make("/team/new", Map.of("team_id", "team", "rpd_limit", REQUESTS, "max_budget", BUDGET));
        for (int key = 0; key < KEYS; key++) {
            stage.key(Map.of("team_id", "team", "rpd_limit", REQUESTS));
        }
        stage.make("/team/new", Map.of("team_id", "tight", "rpd_limit", TIGHT));
        for (int key = 0; key < KEYS_OF_TIGHT; key++) {
            stage.key(Map.of("team_id", "tight"));
        }
        stage.load("c", 2 * KEYS, random -> order(random.nextInt(KEYS + KEYS_OF_TIGHT), random.nextBoolean()), 100);
        stage.happen(
                Stage.event(Fault.JOIN_LEAVE, 5, 0, 1),
                Stage.event(Fault.JOIN_LEAVE, 25, 1, 1),
                Stage.event(Fault.JOIN_LEAVE, 45, 2, 1),
                Stage.event(Fault.JOIN_LEAVE, 65, 0, 1));
        Stage.pass(Duration.ofSeconds(5));
        List<Said> said = List.copyOf(stage.said());

        String books = stage.undisturbed("team", "tight");
        long tight = Witnessed.of(stage.witness(), 1, 1).requests();
        stage.judge().limit("requests of the team that has few", tight, TIGHT);
        stage.judge().usedUp("requests of the team that has few", tight, TIGHT);
        return said.size() + " calls; " + books;
    }

    private static Order order(int key, boolean stream) {
        return new Order(key, key < KEYS ? "m0" : "m1", "", stream);
    }
}
