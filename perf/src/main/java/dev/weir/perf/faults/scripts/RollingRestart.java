package dev.weir.perf.faults.scripts;

import dev.weir.perf.faults.callers.Order;
import dev.weir.perf.faults.callers.Said;
import dev.weir.perf.faults.site.Fault;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/** Each node in its turn leaves and comes, with streams of twenty seconds open: none is cut, no call fails, nothing of a limit is lost. */
final class RollingRestart implements Script {

    private static final int KEYS = 12;
    private static final int STREAMS = 200;
    private static final int CALLERS = 20;

    @Override
    public List<String> models() {
        return List.of("m0", "m1;gap=1000ms");
    }

    @Override
    public String play(Stage stage) throws IOException, InterruptedException {
        stage.make("/team/new", Map.of("team_id", "team", "rpd_limit", 200_000, "max_budget", 20));
        for (int key = 0; key < KEYS; key++) {
            stage.key(Map.of("team_id", "team", "rpd_limit", 200_000));
        }
        stage.load("s", STREAMS, random -> new Order(random.nextInt(KEYS), "m1", "", true), 200);
        stage.load("c", CALLERS, random -> new Order(random.nextInt(KEYS), "m0", "", random.nextBoolean()), 100);
        Stage.pass(Duration.ofSeconds(5));
        stage.happen(Stage.event(Fault.ROLLING, 0, 0, 0));
        Stage.pass(Duration.ofSeconds(2));
        List<Said> said = List.copyOf(stage.said());

        String books = stage.undisturbed("team");
        long streams = said.stream().filter(each -> each.id().startsWith("s")).count();
        return said.size() - streams + " calls, " + streams + " streams of twenty seconds; " + books;
    }
}
