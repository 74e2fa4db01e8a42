package dev.weir.perf.faults.scripts;

import com.fasterxml.jackson.databind.JsonNode;
import dev.weir.perf.faults.callers.Order;
import dev.weir.perf.faults.judge.Witnessed;
import dev.weir.perf.faults.several.Node;
import dev.weir.perf.faults.several.Plan;
import dev.weir.perf.faults.site.Fault;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentSkipListSet;

/** Clocks are three seconds apart and nodes leave where windows of a minute end: no window has more than there is in one. */
final class WindowEdge implements Script {

    private static final int KEYS = 6;
    private static final int LIMIT = 300;
    private static final Duration WINDOW = Duration.ofMinutes(1);

    /** A call that was admitted at the end of a window may come to the upstream in the next, unless there was none to admit. */
    private static final Duration EDGE = Duration.ofSeconds(1);

    /** So far a node may be from the store's time. */
    private static final Duration SKEW = Duration.ofMillis(200);

    @Override
    public List<String> models() {
        return List.of("m0");
    }

    @Override
    public List<Integer> clocks() {
        return List.of(0, 1, 2);
    }

    @Override
    public String play(Stage stage) throws IOException, InterruptedException {
        stage.make("/team/new", Map.of("team_id", "team", "rpm_limit", LIMIT));
        for (int key = 0; key < KEYS; key++) {
            stage.key(Map.of("team_id", "team"));
        }
        List<Node> nodes = stage.site().nodes();
        stage.happen(new Plan.Event(Fault.CLOCK, 0, 0, 0, 3), new Plan.Event(Fault.CLOCK, 0, 2, 0, -3));

        Set<Instant> ends = new ConcurrentSkipListSet<>();
        stage.load("c", 24, random -> new Order(random.nextInt(KEYS), "m0", "", false), 200);
        for (int node = 0; node < nodes.size(); node++) {
            Instant end = windowEnd(stage, ends);
            Stage.pass(Duration.between(Instant.now(), end).minusSeconds(2));
            stage.happen(Stage.event(Fault.JOIN_LEAVE, 0, node, 1));
        }
        windowEnd(stage, ends);
        Stage.pass(Duration.ofSeconds(10));

        stage.settled();
        stage.judge().statuses(stage.said());
        return judged(stage, ends);
    }

    private static Instant windowEnd(Stage stage, Set<Instant> ends) throws IOException, InterruptedException {
        Stage.pass(Duration.ofSeconds(3)); // a call opens the window
        JsonNode limits = stage.site()
                .door()
                .read("/team/info?team_id=team")
                .path("team_info")
                .path("limits");
        Instant end = Instant.parse(limits.path(0).path("reset").asText());
        ends.add(end);
        return end;
    }

    private static String judged(Stage stage, Set<Instant> ends) {
        StringBuilder seen = new StringBuilder();
        for (Instant end : ends) {
            Instant start = end.minus(WINDOW).minus(SKEW);
            boolean fresh = seen(stage, start.minus(EDGE), start) == 0;
            long requests = seen(stage, fresh ? start : start.plus(EDGE), end.minus(SKEW));
            stage.judge().limit("requests of the team until " + end, requests, LIMIT);
            if (fresh) {
                stage.judge().usedUp("requests of the team until " + end, requests, LIMIT);
            }
            seen.append(seen.isEmpty() ? "" : ", ").append(requests);
        }
        long all = Witnessed.of(stage.witness(), 0, 0).requests();
        stage.judge().limit("requests of the team in all windows", all, (long) LIMIT * ends.size());
        return "requests in windows of " + LIMIT + ": " + seen;
    }

    private static long seen(Stage stage, Instant from, Instant to) {
        return Witnessed.of(stage.witness(), 0, 0)
                .where(each -> each.arrivedMillis() >= from.toEpochMilli() && each.arrivedMillis() < to.toEpochMilli())
                .requests();
    }
}
