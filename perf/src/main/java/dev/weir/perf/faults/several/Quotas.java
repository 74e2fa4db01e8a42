package dev.weir.perf.faults.several;

import com.fasterxml.jackson.databind.JsonNode;
import dev.weir.perf.faults.callers.Order;
import dev.weir.perf.faults.callers.Said;
import dev.weir.perf.faults.judge.EndUsers;
import dev.weir.perf.faults.judge.Judge;
import dev.weir.perf.faults.judge.Witnessed;
import dev.weir.perf.faults.site.Catalogue;
import dev.weir.perf.faults.site.Door;
import dev.weir.streams.mock.Sighting;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Predicate;

/**
 * What may be used in a run, and what is asked for. Each key has a model of its own, of its number:
 *
 * <pre>
 *   organization: requests a day ─┬─ team "requests": requests a day ─┬─ key 0: requests a day of its own
 *                                 │                                   └─ key 1
 *                                 └─ team "others" ─────────────────────  key 2
 *   team "tokens": tokens a day, requests a day of each end user ─────┬─ key 3: for end users
 *                                                                     └─ key 4: for nobody
 *                                                                        key 5: a budget
 *   team "slots": six slots ──────────────────────────────────────────┬─ key 6: three slots, streams of a second
 *                                                                     └─ key 7
 *                                                                        key 8: no limit
 *                                                                        keys 9 and on: the prober's, no limit
 * </pre>
 */
final class Quotas {

    static final List<String> MODELS =
            List.of("m0", "m1", "m2", "m3", "m4", "m5", "m6;gap=50ms", "m7;gap=50ms", "m8;gap=10ms", "m9");
    static final String PROBED = "m9";
    static final int PROBED_FROM = 9;
    static final int PROBED_KEYS = 24;

    /** In percent: what {@code weir.meters.overage_percent} is by default. */
    private static final long OVERAGE = 5;

    private static final int SLOTS_OF_THE_KEY = 3;
    private static final int SLOTS_OF_THE_TEAM = 6;
    private static final int END_USERS = 4;

    /** How often each key is called with. */
    private static final List<Integer> WEIGHTS = List.of(2, 4, 4, 4, 4, 4, 1, 1, 1);

    private static final long TOKENS_A_CALL = 34;

    /** With less than a call holds at first nobody is admitted. */
    private static final long TOKENS_HELD = 80;

    private final String organization;
    private final String requestsTeam;
    private final String othersTeam;
    private final String tokensTeam;
    private final String slotsTeam;
    private final long requestsOfKey;
    private final long requestsOfTeam;
    private final long requestsOfOrganization;
    private final long tokensOfTeam;
    private final long requestsOfEndUser;
    private final long tokensOfBudget;

    /** How much of a limit was used. */
    record Share(String name, double used) {}

    /**
     * @param seed tells accounts of one run from those of another
     * @param millis the limits are for so much load, of which they take about half
     */
    Quotas(long seed, int millis) {
        this.organization = "house" + seed;
        this.requestsTeam = "requests" + seed;
        this.othersTeam = "others" + seed;
        this.tokensTeam = "tokens" + seed;
        this.slotsTeam = "slots" + seed;
        long scale = millis / 1_000;
        this.requestsOfKey = 18 * scale;
        this.requestsOfTeam = 75 * scale;
        this.requestsOfOrganization =
                140 * scale; // used up after the team's, which would not be used to its end otherwise
        this.tokensOfTeam = 75 * scale * TOKENS_A_CALL;
        this.requestsOfEndUser = 24 * scale;
        this.tokensOfBudget = 30 * scale * TOKENS_A_CALL;
    }

    /** Makes accounts and keys; the keys in their order. */
    List<String> make(Door door) throws IOException, InterruptedException {
        door.change("/organization/new", Map.of("organization_id", organization, "rpd_limit", requestsOfOrganization));
        door.change(
                "/team/new",
                Map.of("team_id", requestsTeam, "organization_id", organization, "rpd_limit", requestsOfTeam));
        door.change("/team/new", Map.of("team_id", othersTeam, "organization_id", organization));
        door.change(
                "/team/new",
                Map.of(
                        "team_id",
                        tokensTeam,
                        "tpd_limit",
                        tokensOfTeam,
                        "end_user_limits",
                        Map.of("rpd_limit", requestsOfEndUser)));
        door.change("/team/new", Map.of("team_id", slotsTeam, "max_parallel_requests", SLOTS_OF_THE_TEAM));
        List<Map<String, Object>> wanted = new ArrayList<>(List.of(
                Map.of("team_id", requestsTeam, "rpd_limit", requestsOfKey),
                Map.of("team_id", requestsTeam),
                Map.of("team_id", othersTeam),
                Map.of("team_id", tokensTeam),
                Map.of("team_id", tokensTeam),
                Map.of("max_budget", tokensOfBudget * Catalogue.NANO_USD_A_TOKEN / 1e9),
                Map.of("team_id", slotsTeam, "max_parallel_requests", SLOTS_OF_THE_KEY),
                Map.of("team_id", slotsTeam),
                Map.of()));
        for (int probed = 0; probed < PROBED_KEYS; probed++) {
            wanted.add(Map.of());
        }
        return made(door, wanted);
    }

    /** In their order, and all at once. */
    private static List<String> made(Door door, List<Map<String, Object>> wanted)
            throws IOException, InterruptedException {
        List<Future<String>> making = new ArrayList<>();
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            for (Map<String, Object> fields : wanted) {
                making.add(threads.submit(
                        () -> door.change("/key/generate", fields).path("key").asText()));
            }
        }
        List<String> keys = new ArrayList<>();
        for (Future<String> key : making) {
            try {
                keys.add(key.get());
            } catch (ExecutionException failure) {
                throw new IOException("a key could not be made: " + failure.getCause(), failure);
            }
        }
        return keys;
    }

    /** What a caller asks for next. */
    static Order order(Random random) {
        int ticket = random.nextInt(WEIGHTS.stream().mapToInt(Integer::intValue).sum());
        int key = 0;
        while (ticket >= WEIGHTS.get(key)) {
            ticket -= WEIGHTS.get(key);
            key++;
        }
        boolean slow = key >= 6;
        int least = Math.min(random.nextInt(END_USERS), random.nextInt(END_USERS));
        String endUser = key == 3 ? "u" + least : "";
        return new Order(key, "m" + key, endUser, slow || random.nextInt(3) == 0);
    }

    /**
     * Judges every limit.
     *
     * @param rows tell whom an attempt was for
     * @param excepted attempts that may hold a slot that another has: those of a door that stood still
     */
    void judge(
            Judge judge, List<Sighting> witness, List<JsonNode> rows, List<Said> said, Predicate<Sighting> excepted) {
        judge.limit("requests of the key", Witnessed.of(witness, 0, 0).requests(), requestsOfKey);
        judge.limit("requests of the team", Witnessed.of(witness, 0, 1).requests(), requestsOfTeam);
        judge.limit("requests of the organization", Witnessed.of(witness, 0, 2).requests(), requestsOfOrganization);
        judge.limit("tokens of the team", Witnessed.of(witness, 3, 4).tokens(), withOverage(tokensOfTeam));
        judge.limit("tokens of the budget", Witnessed.of(witness, 5, 5).tokens(), withOverage(tokensOfBudget));
        EndUsers.calls(Witnessed.of(witness, 3, 4).sightings(), rows, said)
                .forEach((endUser, calls) -> judge.limit("requests of " + endUser, calls, requestsOfEndUser));
        Predicate<Sighting> counts = excepted.negate();
        judge.limit(
                "slots of the key", Witnessed.of(witness, 6, 6).where(counts).atOnce(), SLOTS_OF_THE_KEY);
        judge.limit(
                "slots of the team", Witnessed.of(witness, 6, 7).where(counts).atOnce(), SLOTS_OF_THE_TEAM);
    }

    private static long withOverage(long limit) {
        return limit + limit * OVERAGE / 100;
    }

    /** How much was used of the limits that more was asked of than there is. */
    List<Share> shares(List<Sighting> witness, List<Said> said) {
        List<Share> shares = new ArrayList<>();
        share(shares, "key", Witnessed.of(witness, 0, 0).requests(), requestsOfKey, refused(said, 0, 0));
        share(shares, "team", Witnessed.of(witness, 0, 1).requests(), requestsOfTeam, refused(said, 1, 1));
        share(
                shares,
                "organization",
                Witnessed.of(witness, 0, 2).requests(),
                requestsOfOrganization,
                refused(said, 2, 2));
        share(
                shares,
                "tokens",
                Witnessed.of(witness, 3, 4).tokens(),
                tokensOfTeam - TOKENS_HELD,
                refused(said, 4, 4) * TOKENS_A_CALL);
        share(
                shares,
                "budget",
                Witnessed.of(witness, 5, 5).tokens(),
                tokensOfBudget - TOKENS_HELD,
                refused(said, 5, 5) * TOKENS_A_CALL);
        return shares;
    }

    /** More was asked for than there is when as many were refused as a tenth of the limit. */
    private static void share(List<Share> shares, String name, long used, long limit, long refused) {
        if (refused > limit / 10) {
            shares.add(new Share(name, Math.min(1, (double) used / limit)));
        }
    }

    private static long refused(List<Said> said, int from, int to) {
        return said.stream()
                .filter(each -> each.key() >= from && each.key() <= to && each.status() == 429)
                .count();
    }

    /**
     * Nothing is held, and the meters have at least what the rows say.
     *
     * @param exactly they say the same: nothing was lost with a node
     */
    void books(Judge judge, Door door, List<Sighting> witness, List<JsonNode> rows, boolean exactly)
            throws IOException, InterruptedException {
        JsonNode requests = limits(door, requestsTeam);
        JsonNode tokens = limits(door, tokensTeam);
        judge.atRest(requestsTeam, requests);
        judge.atRest(tokensTeam, tokens);
        judge.atRest(slotsTeam, limits(door, slotsTeam));
        long used = Witnessed.of(witness, 0, 1).requests();
        book(judge, requestsTeam, requests, used, exactly);
        book(judge, tokensTeam, tokens, tokens(rows), exactly);
    }

    private static void book(Judge judge, String team, JsonNode limits, long rows, boolean exactly) {
        long committed = limits.path(0).path("committed").asLong();
        if (exactly) {
            judge.exact(team, committed, rows);
        } else {
            judge.books(team, committed, rows);
        }
    }

    private static JsonNode limits(Door door, String team) throws IOException, InterruptedException {
        return door.read("/team/info?team_id=" + team).path("team_info").path("limits");
    }

    private long tokens(List<JsonNode> rows) {
        return rows.stream()
                .filter(row -> row.path("team_id").asText().equals(tokensTeam))
                .mapToLong(row -> row.path("total_tokens").asLong())
                .sum();
    }
}
