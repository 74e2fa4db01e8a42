package dev.weir.perf.faults.alone;

import com.fasterxml.jackson.databind.JsonNode;
import dev.weir.perf.faults.callers.Callers;
import dev.weir.perf.faults.callers.Client;
import dev.weir.perf.faults.callers.Doors;
import dev.weir.perf.faults.callers.Order;
import dev.weir.perf.faults.callers.Said;
import dev.weir.perf.faults.judge.Findings;
import dev.weir.perf.faults.judge.Judge;
import dev.weir.perf.faults.judge.Witnessed;
import dev.weir.perf.faults.site.Catalogue;
import dev.weir.perf.faults.site.Database;
import dev.weir.perf.faults.site.Fault;
import dev.weir.perf.sabotage.Sabotage;
import dev.weir.streams.mock.Sighting;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * One run: load that wants more than its limits, faults at moments that the seed chooses, and the judgement.
 *
 * <p>Keys 0 and 1 are a team's with a limit of requests an hour, of which the first has a smaller one of its own, 2 and 3 a team's with one of tokens and one of
 * requests of each end user, 4 has a budget for life and two
 * slots, 5 has no limit and streams.
 */
public final class FaultRun {

    private static final long REQUESTS = 400;
    private static final long REQUESTS_OF_A_KEY = 150;
    private static final long TOKENS = 12_000;
    private static final long REQUESTS_OF_AN_END_USER = 100;
    private static final long BUDGET_NANO_USD = 6_000_000;
    private static final int SLOTS = 2;

    /** A stream at a time for each is what the last key allows. */
    private static final int CALLERS = 16;

    private static final int LONGEST_PAUSE_MILLIS = 40;
    private static final Duration PATIENCE = Duration.ofSeconds(20);

    /** The first calls most. */
    private static final int END_USERS = 4;

    private static final int KEYS = 6;

    private static final long LOAD_MILLIS = 5_000;
    private static final long QUIET_MILLIS = 20_000;
    private static final String REQUESTS_TEAM = "requests";
    private static final String TOKENS_TEAM = "tokens";

    /**
     * What a run has shown.
     *
     * @param unused what was left of the requests' limit although more were asked for
     * @param recoverySeconds the longest from the begin of a fault's end to the next admitted call
     */
    public record Result(
            long seed,
            boolean postgres,
            List<Fault> faults,
            Findings findings,
            long calls,
            long admitted,
            long unused,
            double recoverySeconds,
            @Nullable String broken) {

        public boolean isClean() {
            return broken == null && findings.isClean();
        }
    }

    private final Path home;
    private final Path directory;
    private final @Nullable Database database;
    private final long seed;
    private final @Nullable Sabotage sabotage;
    private final List<Fault> allowed;
    private final Random random;
    private final List<Fault> happened = new ArrayList<>();
    private double recoverySeconds;

    public FaultRun(
            Path home,
            Path directory,
            @Nullable Database database,
            long seed,
            List<Fault> allowed,
            @Nullable Sabotage sabotage) {
        this.sabotage = sabotage;
        this.home = home;
        this.directory = directory;
        this.database = database;
        this.seed = seed;
        this.allowed = allowed.stream()
                .filter(fault -> fault.happensToOne(database != null))
                .toList();
        this.random = new Random(seed);
    }

    public Result run() throws IOException, InterruptedException {
        List<Fault> plan = plan();
        Judge judge = new Judge();
        try (Site site = new Site(
                home, directory, database, plan.contains(Fault.DISK_FULL), plan.contains(Fault.CLOCK), sabotage)) {
            site.gateway().start();
            Client client = new Client(Doors.of(site.door()), keys(site), PATIENCE);
            Callers callers = new Callers(client, "c", FaultRun::order, LONGEST_PAUSE_MILLIS);
            callers.start(CALLERS, seed);
            long began = System.nanoTime();
            long gap = LOAD_MILLIS / (plan.size() + 1);
            for (Fault fault : plan) {
                TimeUnit.MILLISECONDS.sleep(gap / 2 + random.nextInt((int) gap)); // when, the seed says
                happen(fault, site, callers);
            }
            long left = LOAD_MILLIS - TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - began);
            TimeUnit.MILLISECONDS.sleep(Math.max(500, left)); // the load's own time
            List<Said> said = callers.stop();
            quiet(site, judge);
            return judged(site, judge, said);
        } catch (IOException broken) {
            return new Result(
                    seed,
                    database != null,
                    happened,
                    judge.findings(),
                    0,
                    0,
                    0,
                    recoverySeconds,
                    String.valueOf(broken.getMessage()));
        }
    }

    /** One run in ten has no fault: then every limit has to be used to its end. */
    private List<Fault> plan() {
        List<Fault> plan = new ArrayList<>();
        if (seed % 10 != 0) {
            int faults = 1 + random.nextInt(3);
            for (int i = 0; i < faults; i++) {
                plan.add(allowed.get(random.nextInt(allowed.size())));
            }
        }
        return plan;
    }

    private static List<String> keys(Site site) throws IOException, InterruptedException {
        site.door().change("/team/new", Map.of("team_id", REQUESTS_TEAM, "rph_limit", REQUESTS));
        site.door()
                .change(
                        "/team/new",
                        Map.of(
                                "team_id",
                                TOKENS_TEAM,
                                "tph_limit",
                                TOKENS,
                                "end_user_limits",
                                Map.of("rph_limit", REQUESTS_OF_AN_END_USER)));
        List<Map<String, Object>> wanted = List.of(
                Map.of("team_id", REQUESTS_TEAM, "rph_limit", REQUESTS_OF_A_KEY),
                Map.of("team_id", REQUESTS_TEAM),
                Map.of("team_id", TOKENS_TEAM),
                Map.of("team_id", TOKENS_TEAM),
                Map.of("max_budget", BUDGET_NANO_USD / 1e9, "max_parallel_requests", SLOTS),
                Map.of());
        List<String> keys = new ArrayList<>();
        for (Map<String, Object> fields : wanted) {
            keys.add(site.door().change("/key/generate", fields).path("key").asText());
        }
        return keys;
    }

    private static Order order(Random random) {
        int key = random.nextInt(KEYS);
        boolean stream = key == KEYS - 1 || random.nextInt(3) == 0;
        int least = Math.min(random.nextInt(END_USERS), random.nextInt(END_USERS));
        boolean limitsEndUsers = key == 2 || key == 3;
        return new Order(key, "m" + key, limitsEndUsers ? "u" + least : "", stream);
    }

    private void happen(Fault fault, Site site, Callers callers) throws IOException, InterruptedException {
        happened.add(fault);
        switch (fault) {
            case KILL -> {
                site.gateway().kill();
                if (random.nextBoolean()) {
                    TimeUnit.MILLISECONDS.sleep(random.nextInt(300)); // how long nobody starts it again
                }
                site.gateway().start();
            }
            case PAUSE -> site.gateway().pause(200 + random.nextInt(2_500));
            case DISK_FULL -> site.fillDisk(300 + random.nextInt(1_500));
            case CLOCK -> site.setClock(Duration.ofSeconds(random.nextBoolean() ? 5 : -5));
            case STORE_STOP -> site.database().pause(200 + random.nextInt(2_500));
            case STORE_SLOW -> site.slowStore(500 + random.nextInt(1_500));
            case STORE_MUTE -> site.muteStore(100 + random.nextInt(1_000));
            case KILL_TWO, STORE_CUT, PARTITION_MINORITY, PARTITION_ALONE, JOIN_LEAVE, ROLLING ->
                throw new IllegalArgumentException(fault + " happens to several nodes");
        }
        recover(System.nanoTime(), callers);
    }

    private void recover(long over, Callers callers) throws InterruptedException {
        long end = over + TimeUnit.SECONDS.toNanos(15);
        while (callers.firstAdmittedAfter(over) == 0 && System.nanoTime() < end) {
            TimeUnit.MILLISECONDS.sleep(10); // the callers do not notify
        }
        recoverySeconds = Math.max(recoverySeconds, (System.nanoTime() - over) / 1e9);
    }

    /** Settlements are acknowledged and rows are written; what is not after a while is a finding. */
    private static void quiet(Site site, Judge judge) throws InterruptedException {
        long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(QUIET_MILLIS);
        String unended = site.door().unended();
        while (unended != null && System.nanoTime() < end) {
            TimeUnit.MILLISECONDS.sleep(100); // its metrics are a second old
            unended = site.door().unended();
        }
        if (unended != null) {
            judge.unended(unended);
        }
        TimeUnit.SECONDS.sleep(2); // rows are visible a second after the end
    }

    private Result judged(Site site, Judge judge, List<Said> said) throws IOException, InterruptedException {
        List<Sighting> witness = site.mock().witness().sightings();
        List<JsonNode> rows = site.door().rows();
        judge.rows(witness, rows, said);

        judge.statuses(said);
        long requests = Witnessed.of(witness, 0, 1).requests();
        long tokens = Witnessed.of(witness, 2, 3).tokens();
        judge.limit("requests of the team", requests, REQUESTS);
        judge.limit("requests of the key", Witnessed.of(witness, 0, 0).requests(), REQUESTS_OF_A_KEY);
        judge.limit("tokens of the team", tokens, TOKENS);
        judge.limit(
                "money of the key", Witnessed.of(witness, 4, 4).tokens() * Catalogue.NANO_USD_A_TOKEN, BUDGET_NANO_USD);
        Witnessed.of(witness, 2, 3)
                .requestsByUser()
                .forEach((endUser, calls) -> judge.limit("requests of " + endUser, calls, REQUESTS_OF_AN_END_USER));
        judge.limit("slots of the key", Witnessed.of(witness, 4, 4).atOnce(), SLOTS);

        JsonNode ofRequests = limits(site, REQUESTS_TEAM);
        JsonNode ofTokens = limits(site, TOKENS_TEAM);
        judge.atRest(REQUESTS_TEAM, ofRequests);
        judge.atRest(TOKENS_TEAM, ofTokens);
        judge.books(REQUESTS_TEAM, committed(ofRequests), requests);
        judge.books(TOKENS_TEAM, committed(ofTokens), tokens(rows, TOKENS_TEAM));
        long admitted = said.stream().filter(Said::admitted).count();
        long refused = said.stream()
                .filter(each -> each.key() <= 1 && each.status() == 429)
                .count();
        long unused = refused > 0 ? REQUESTS - requests : 0;
        if (happened.isEmpty() && unused > 0) {
            judge.usedUp("requests of the team", requests, REQUESTS);
        }
        return new Result(
                seed,
                database != null,
                happened,
                judge.findings(),
                said.size(),
                admitted,
                unused,
                recoverySeconds,
                null);
    }

    private static long committed(JsonNode limits) {
        return limits.path(0).path("committed").asLong();
    }

    private static JsonNode limits(Site site, String team) throws IOException, InterruptedException {
        return site.door().read("/team/info?team_id=" + team).path("team_info").path("limits");
    }

    private static long tokens(List<JsonNode> rows, String team) {
        return rows.stream()
                .filter(row -> row.path("team_id").asText().equals(team))
                .mapToLong(row -> row.path("total_tokens").asLong())
                .sum();
    }

    /** How often each fault has happened. */
    static Map<Fault, Integer> count(List<Result> results) {
        Map<Fault, Integer> count = new EnumMap<>(Fault.class);
        results.forEach(result -> result.faults.forEach(fault -> count.merge(fault, 1, Integer::sum)));
        return count;
    }
}
