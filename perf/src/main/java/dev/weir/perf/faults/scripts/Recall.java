package dev.weir.perf.faults.scripts;

import dev.weir.perf.faults.callers.Order;
import dev.weir.perf.faults.callers.Said;
import dev.weir.perf.faults.judge.Witnessed;
import java.io.IOException;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** What the node of one key's meter has of a team's limit and does not use, the node of another's gets. */
final class Recall implements Script {

    private static final int LIMIT = 10;

    @Override
    public List<String> models() {
        return List.of("m0");
    }

    @Override
    public String play(Stage stage) throws IOException, InterruptedException, SQLException {
        stage.make("/team/new", Map.of("team_id", "team", "rpd_limit", LIMIT));
        int first = stage.key(Map.of("team_id", "team"));
        int second = stage.key(Map.of("team_id", "team"));
        while (stage.owner(second) == stage.owner(first)) {
            second = stage.key(Map.of("team_id", "team"));
        }
        int there = second;

        List<Integer> statuses = new ArrayList<>();
        statuses.add(stage.call(0, new Order(first, "m0", "", false)).status());
        for (int call = 1; call <= LIMIT; call++) {
            Said said = stage.call(1, new Order(there, "m0", "", false));
            statuses.add(said.status());
        }

        stage.settled();
        long seen = Witnessed.of(stage.witness(), 0, 0).requests();
        stage.judge().limit("requests of the team", seen, LIMIT);
        stage.judge().usedUp("requests of the team", seen, LIMIT);
        stage.judge().statuses(stage.said());
        return "one call of a key of node " + (stage.owner(first) + 1) + ", then ten of a key of node "
                + (stage.owner(there) + 1) + " were answered with " + statuses;
    }
}
