package dev.weir.perf.faults.scripts;

import dev.weir.perf.faults.callers.Order;
import dev.weir.perf.faults.callers.Said;
import java.io.IOException;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.IntToDoubleFunction;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;

/**
 * Keys whose meters are where they are called, and keys whose meters are on another node, in turns: what does the way there
 * cost? Each round is set against the one before it, for a machine is not the same from one minute to the next.
 */
final class RemoteAdmission implements Script {

    private static final int KEYS = 150;

    /** In the middle of their limits accounts hardly hear of calls. */
    private static final int MANY = 1_000_000_000;

    private static final double MOST_MESSAGES_A_CALL = 0.1;
    private static final int CALLERS = 6;

    /** So many that code is compiled before it is measured. */
    private static final int CALLERS_TO_WARM = 48;

    private static final int ROUNDS = 11;
    private static final Duration WARMING = Duration.ofSeconds(60);
    private static final Duration ROUND = Duration.ofSeconds(3);
    private static final double MOST_CPU = 2;
    private static final double MOST_MORE_MILLIS = 1;

    /** What a call was at the door in a round: microseconds of all nodes' processors, and the median's milliseconds. */
    private record Cost(double micros, double millis) {}

    @Override
    public List<String> models() {
        return List.of("m0");
    }

    @Override
    public String play(Stage stage) throws IOException, InterruptedException, SQLException {
        stage.make("/organization/new", Map.of("organization_id", "house", "rpd_limit", MANY));
        stage.make(
                "/team/new",
                Map.of("team_id", "team", "organization_id", "house", "rpd_limit", MANY, "tpd_limit", MANY));
        List<Integer> all = new ArrayList<>();
        for (int key = 0; key < KEYS; key++) {
            all.add(stage.key(Map.of("team_id", "team", "rpd_limit", MANY)));
        }
        measured(stage, all, CALLERS_TO_WARM, WARMING); // meters have moved to where they stay, too
        List<Integer> here = new ArrayList<>();
        List<Integer> elsewhere = new ArrayList<>();
        for (int key : all) {
            (stage.owner(key) == 0 ? here : elsewhere).add(key);
        }
        if (here.isEmpty() || elsewhere.size() < here.size()) {
            throw new IOException(
                    here.size() + " keys of " + KEYS + " are at the first node: too few or too many to compare");
        }
        elsewhere.subList(here.size(), elsewhere.size()).clear(); // each key has rows that are written

        measured(stage, here, CALLERS, ROUND);
        measured(stage, elsewhere, CALLERS, ROUND);
        double messagesBefore = stage.accountMessages();
        int callsBefore = stage.callsSaid();
        List<Cost> local = new ArrayList<>();
        List<Cost> remote = new ArrayList<>();
        for (int round = 0; round < ROUNDS; round++) {
            local.add(measured(stage, here, CALLERS, ROUND));
            remote.add(measured(stage, elsewhere, CALLERS, ROUND));
        }

        TimeUnit.SECONDS.sleep(2); // metrics are a second old
        double messages = (stage.accountMessages() - messagesBefore) / (stage.callsSaid() - callsBefore);
        stage.site().settle().forEach(stage.judge()::unended); // its rows are too many to be looked at one by one
        List<Said> said = stage.said().subList(callsBefore, stage.callsSaid());
        stage.judge().undisturbed(said);
        double cpu = median(
                ROUNDS, round -> remote.get(round).micros() / local.get(round).micros());
        double more = median(
                ROUNDS, round -> remote.get(round).millis() - local.get(round).millis());
        if (!(cpu <= MOST_CPU)) {
            stage.judge()
                    .missed(
                            "processor of a remote call, of a local one's",
                            said("%.2f x", cpu),
                            said("%.2f x", MOST_CPU));
        }
        if (!(more <= MOST_MORE_MILLIS)) {
            stage.judge()
                    .missed(
                            "median of a remote call, more than a local one",
                            said("%.2f ms", more),
                            said("%.2f ms", MOST_MORE_MILLIS));
        }
        if (!(messages <= MOST_MESSAGES_A_CALL)) {
            stage.judge().missed("messages a call", String.valueOf(messages), String.valueOf(MOST_MESSAGES_A_CALL));
        }
        return String.format(
                Locale.ROOT,
                "%d keys here, %d elsewhere; a call takes %.0f us of all nodes' processors here and %.0f elsewhere (%.2f x in pairs),"
                        + " median %.2f and %.2f ms (%+.2f in pairs); %.4f messages of a team and an organization a call",
                here.size(),
                elsewhere.size(),
                median(local, Cost::micros),
                median(remote, Cost::micros),
                cpu,
                median(local, Cost::millis),
                median(remote, Cost::millis),
                more,
                messages);
    }

    private static String said(String format, double figure) {
        return String.format(Locale.ROOT, format, figure);
    }

    private static Cost measured(Stage stage, List<Integer> keys, int callers, Duration time)
            throws InterruptedException {
        Duration before = stage.processorTime();
        List<Said> said = stage.callsAtDoor(
                0, callers, random -> new Order(keys.get(random.nextInt(keys.size())), "m0", "", false), time);
        double micros = stage.processorTime().minus(before).toNanos() / 1e3;
        long[] nanos = said.stream()
                .mapToLong(each -> each.endedNanos() - each.beganNanos())
                .sorted()
                .toArray();
        return new Cost(micros / nanos.length, nanos[nanos.length / 2] / 1e6);
    }

    private static double median(List<Cost> costs, ToDoubleFunction<Cost> figure) {
        return median(costs.size(), each -> figure.applyAsDouble(costs.get(each)));
    }

    private static double median(int count, IntToDoubleFunction figure) {
        return IntStream.range(0, count).mapToDouble(figure).sorted().toArray()[count / 2];
    }
}
