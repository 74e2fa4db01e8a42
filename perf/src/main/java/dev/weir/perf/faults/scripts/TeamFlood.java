package dev.weir.perf.faults.scripts;

import dev.weir.perf.faults.callers.Order;
import dev.weir.perf.faults.callers.Said;
import dev.weir.perf.faults.judge.Witnessed;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** A team of three hundred keys is called at all doors, and called on long after its limit is used up. */
final class TeamFlood implements Script {

    private static final int KEYS = 300;
    private static final int LIMIT = 3_000;
    private static final Duration FLOOD = Duration.ofSeconds(60);

    /** So that the doors and not the callers' own queue are measured: some 600 calls a second. */
    private static final int LONGEST_PAUSE_MILLIS = 1_000;

    private static final double SLOWEST_REFUSAL_MILLIS = 50;

    @Override
    public List<String> models() {
        return List.of("m0");
    }

    @Override
    public String play(Stage stage) throws IOException, InterruptedException {
        stage.make("/team/new", Map.of("team_id", "team", "rpd_limit", LIMIT));
        for (int key = 0; key < KEYS; key++) {
            stage.key(Map.of("team_id", "team"));
        }

        stage.load("c", KEYS, random -> new Order(random.nextInt(KEYS), "m0", "", false), LONGEST_PAUSE_MILLIS);
        Stage.pass(FLOOD);
        List<Said> said = List.copyOf(stage.said());

        stage.settled();
        stage.judge().undisturbed(said);
        long seen = Witnessed.of(stage.witness(), 0, 0).requests();
        stage.judge().limit("requests of the team", seen, LIMIT);
        stage.judge().usedUp("requests of the team", seen, LIMIT);
        double slowest = slowestPercent(said);
        if (slowest > SLOWEST_REFUSAL_MILLIS) {
            stage.judge().missed("the refusals' p99", slowest + " ms", SLOWEST_REFUSAL_MILLIS + " ms");
        }
        return String.format(
                Locale.ROOT,
                "%d calls, the witness saw %d of %d, p99 of refusals of the second half %.1f ms, %s",
                said.size(),
                seen,
                LIMIT,
                slowest,
                messages(stage));
    }

    /** In the first half processes that have just started are still being compiled. */
    private static double slowestPercent(List<Said> said) {
        long warm = said.stream().mapToLong(Said::beganNanos).min().orElse(0) + FLOOD.toNanos() / 2;
        long[] nanos = said.stream()
                .filter(each -> each.status() == 429 && each.beganNanos() > warm)
                .mapToLong(each -> each.endedNanos() - each.beganNanos())
                .sorted()
                .toArray();
        return nanos.length == 0 ? 0 : nanos[(int) (nanos.length * 0.99)] / 1e6;
    }

    private static String messages(Stage stage) throws InterruptedException {
        double messages = stage.accountMessages();
        return Double.isNaN(messages)
                ? "messages are not counted"
                : String.format(Locale.ROOT, "%.1f messages a second", messages / FLOOD.toSeconds());
    }
}
