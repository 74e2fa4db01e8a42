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
    private static final double MOST_MESSAGES_A_SECOND = 60;
    private static final int BURST = 500;
    private static final int BURST_LIMIT = 250;

    @Override
    public List<String> models() {
        return List.of("m0", "m1");
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

        double perSecond = stage.accountMessages() / FLOOD.toSeconds();
        List<Said> burst = burst(stage);
        stage.settled();
        stage.judge().undisturbed(said);
        stage.judge().undisturbed(burst);
        long seenOfBurst = Witnessed.of(stage.witness(), 1, 1).requests();
        stage.judge().limit("requests of the team of the burst", seenOfBurst, BURST_LIMIT);
        stage.judge().usedUp("requests of the team of the burst", seenOfBurst, BURST_LIMIT);
        if (!(perSecond <= MOST_MESSAGES_A_SECOND)) {
            stage.judge()
                    .missed("messages a second", String.valueOf(perSecond), String.valueOf(MOST_MESSAGES_A_SECOND));
        }
        long seen = Witnessed.of(stage.witness(), 0, 0).requests();
        stage.judge().limit("requests of the team", seen, LIMIT);
        stage.judge().usedUp("requests of the team", seen, LIMIT);
        long warm = said.stream().mapToLong(Said::beganNanos).min().orElse(0) + FLOOD.toNanos() / 2;
        double slowest = slowestPercent(
                said.stream().filter(each -> each.beganNanos() > warm).toList());
        if (!(slowest <= SLOWEST_REFUSAL_MILLIS)) {
            stage.judge().missed("the refusals' p99", slowest + " ms", SLOWEST_REFUSAL_MILLIS + " ms");
        }
        return String.format(
                Locale.ROOT,
                "%d calls, the witness saw %d of %d, p99 of refusals of the second half %.1f ms (of all %.1f),"
                        + " %.1f messages a second; of %d calls at the same moment it saw %d of %d, p99 of refusals %.1f ms",
                said.size(),
                seen,
                LIMIT,
                slowest,
                slowestPercent(said),
                perSecond,
                BURST,
                seenOfBurst,
                BURST_LIMIT,
                slowestPercent(burst));
    }

    /** More calls than there is at the same moment, of as many keys: the callers of one machine queue for it, so that their time is told only. */
    private static List<Said> burst(Stage stage) throws IOException, InterruptedException {
        stage.make("/team/new", Map.of("team_id", "burst", "rpd_limit", BURST_LIMIT));
        int first = KEYS;
        for (int key = 0; key < KEYS; key++) {
            stage.key(Map.of("team_id", "burst"));
        }
        return stage.atOnce(BURST, call -> new Order(first + call % KEYS, "m1", "", false));
    }

    private static double slowestPercent(List<Said> said) {
        long[] nanos = said.stream()
                .filter(each -> each.status() == 429)
                .mapToLong(each -> each.endedNanos() - each.beganNanos())
                .sorted()
                .toArray();
        return nanos.length == 0 ? Double.NaN : nanos[(int) (nanos.length * 0.99)] / 1e6;
    }
}
