package dev.weir.perf.faults.scripts;

import com.fasterxml.jackson.databind.JsonNode;
import dev.weir.perf.faults.callers.Order;
import dev.weir.perf.faults.judge.Witnessed;
import dev.weir.perf.faults.several.Node;
import dev.weir.perf.faults.several.Plan;
import dev.weir.perf.faults.site.Fault;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/** Streams run at all doors until their limit is used up, while the door, the owner, both, and all nodes are killed. */
final class DoorAndOwnerDie implements Script {

    private static final int KEYS = 12;
    private static final int NEVER_STARTED = 1;
    private static final int LIMIT = 22_000;
    private static final Duration LONGEST = Duration.ofSeconds(90);

    /** Of a limit that is used up so many answers in a row say so. */
    private static final int REFUSALS = 40;

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
                Stage.event(Fault.KILL, 12, 1, Plan.NEVER),
                Stage.event(Fault.KILL, 24, 2, 2));
        Stage.pass(Duration.ofSeconds(8));
        for (Node node : stage.site().nodes()) {
            node.kill();
        }
        for (Node node : stage.site().nodes()) {
            if (node.number() != NEVER_STARTED) {
                node.launch();
            }
        }
        stage.site().awaitReady();
        usedUp(stage);

        List<JsonNode> rows = stage.settled();
        stage.judge().statuses(stage.said());
        long tokens = Witnessed.of(stage.witness(), 0, 0).tokens();
        stage.judge().limit("tokens of the team", tokens, LIMIT);
        long lost = rows.stream()
                .filter(row -> row.path("outcome").asText().equals("lost"))
                .count();
        stage.judge().usedUp("attempts that were lost with a node", lost, 1);
        return rows.size() + " attempts, " + lost + " of them lost with a node; the witness sent " + tokens + " of "
                + LIMIT + " tokens";
    }

    private static void usedUp(Stage stage) throws InterruptedException {
        long end = System.nanoTime() + LONGEST.toNanos();
        while (System.nanoTime() < end && !stage.isRefused(REFUSALS)) {
            Stage.pass(Duration.ofMillis(500));
        }
        if (!stage.isRefused(REFUSALS)) {
            stage.judge().missed("the limit", "not used up", "used up, so that it can be exceeded");
        }
    }
}
