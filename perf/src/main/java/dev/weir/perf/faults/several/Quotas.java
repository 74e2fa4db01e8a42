package dev.weir.perf.faults.several;

import com.fasterxml.jackson.databind.JsonNode;
import dev.weir.perf.faults.callers.Order;
import dev.weir.perf.faults.callers.Said;
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
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;

/**
 * What may be used in a run, and what is asked for. Each key has a model of its own, of its number:
 *
 * <pre>
 *   organization: requests a day ─┬─ team "requests": requests a day ─┬─ key 0: requests a day of its own
 *                                 │                                   └─ key 1
 *                                 └─ team "others" ─────────────────────  key 2
 *   team "tokens": tokens a day ──────────────────────────────────────┬─ key 3
 *                                                                     └─ key 4
 *                                                                        key 5: a budget
 *   team "slots": six slots ──────────────────────────────────────────┬─ key 6: three slots, streams of a second
 *                                                                     └─ key 7
 *   team "people": requests a day of each end user ───────────────────── key 8
 *                                                                        key 9: a budget for five seconds
 *   the prober's, of which nothing is used up:
 *                                                                        keys 10 to 21: no limit
 *   organization "wide" ─ team "wide" ────────────────────────────────── keys 22 to 33
 * </pre>
 */
final class Quotas {

    static final List<String> MODELS = List.of(
            "m0", "m1", "m2", "m3", "m4;gap=20ms", "m5;gap=20ms", "m6;gap=50ms", "m7;gap=50ms", "m8", "m9", "m10");
    static final String PROBED = "m10";
    static final int PROBED_FROM = 10;
    static final int PROBED_KEYS = 24;

    private static final int SLOTS_OF_THE_KEY = 3;
    private static final int SLOTS_OF_THE_TEAM = 6;
    private static final int END_USERS = 4;

    /** The one who is called for most. */
    private static final String FIRST_USER = "u0";

    private static final int WINDOW_SECONDS = 5;

    /** Before anything of it arrives at the upstream a window may have been open for so long. */
    private static final long LONGEST_WAY_NANOS = TimeUnit.SECONDS.toNanos(1);

    /** How often each key is called with. */
    private static final List<Integer> WEIGHTS = List.of(4, 4, 4, 4, 4, 4, 1, 1, 4, 2);

    private static final long TOKENS_A_CALL = 47;

    /** With less than a call holds at first nobody is admitted. */
    private static final long TOKENS_HELD = 80;

    /** Of a limit that is used up so many answers in a row say so. */
    private static final int REFUSALS = 20;

    private static final int MANY = 100_000_000;

    private final String organization;
    private final String requestsTeam;
    private final String othersTeam;
    private final String tokensTeam;
    private final String slotsTeam;
    private final String peopleTeam;
    private final String wide;
    private final long requestsOfKey;
    private final long requestsOfTeam;
    private final long requestsOfOrganization;
    private final long tokensOfTeam;
    private final long requestsOfEndUser;
    private final long tokensOfBudget;
    private final long tokensOfWindow;

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
        this.peopleTeam = "people" + seed;
        this.wide = "wide" + seed;
        long scale = millis / 1_000;
        this.requestsOfKey = 30 * scale;
        this.requestsOfTeam = 60 * scale;
        this.requestsOfOrganization =
                105 * scale; // used up after the team's, which would not be used to its end otherwise
        this.tokensOfTeam = 57 * scale * TOKENS_A_CALL;
        this.requestsOfEndUser = 12 * scale;
        this.tokensOfBudget = 28 * scale * TOKENS_A_CALL;
        this.tokensOfWindow = 40 * TOKENS_A_CALL;
    }

    /** Makes accounts and keys; the keys in their order. */
    List<String> make(Door door) throws IOException, InterruptedException {
        door.change("/organization/new", Map.of("organization_id", organization, "rpd_limit", requestsOfOrganization));
        door.change(
                "/team/new",
                Map.of("team_id", requestsTeam, "organization_id", organization, "rpd_limit", requestsOfTeam));
        door.change("/team/new", Map.of("team_id", othersTeam, "organization_id", organization));
        door.change("/team/new", Map.of("team_id", tokensTeam, "tpd_limit", tokensOfTeam));
        door.change("/team/new", Map.of("team_id", slotsTeam, "max_parallel_requests", SLOTS_OF_THE_TEAM));
        door.change(
                "/team/new", Map.of("team_id", peopleTeam, "end_user_limits", Map.of("rpd_limit", requestsOfEndUser)));
        door.change("/organization/new", Map.of("organization_id", wide, "rpd_limit", MANY));
        door.change(
                "/team/new", Map.of("team_id", wide, "organization_id", wide, "rpd_limit", MANY, "max_budget", MANY));
        List<Map<String, Object>> wanted = new ArrayList<>(List.of(
                Map.of("team_id", requestsTeam, "rpd_limit", requestsOfKey),
                Map.of("team_id", requestsTeam),
                Map.of("team_id", othersTeam),
                Map.of("team_id", tokensTeam),
                Map.of("team_id", tokensTeam),
                Map.of("max_budget", usd(tokensOfBudget)),
                Map.of("team_id", slotsTeam, "max_parallel_requests", SLOTS_OF_THE_KEY),
                Map.of("team_id", slotsTeam),
                Map.of("team_id", peopleTeam),
                Map.of("max_budget", usd(tokensOfWindow), "budget_duration", WINDOW_SECONDS + "s")));
        for (int probed = 0; probed < PROBED_KEYS; probed++) {
            wanted.add(probed < PROBED_KEYS / 2 ? Map.of() : Map.of("team_id", wide));
        }
        return made(door, wanted);
    }

    private static double usd(long tokens) {
        return tokens * Catalogue.NANO_USD_A_TOKEN / 1e9;
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
        boolean hasSlots = key == 6 || key == 7;
        int least = Math.min(random.nextInt(END_USERS), random.nextInt(END_USERS));
        String endUser = key == 8 ? "u" + least : "";
        return new Order(key, "m" + key, endUser, hasSlots || random.nextInt(3) == 0);
    }

    /** Each limit for the whole run has been asked for more than there is: what was said last says so. */
    boolean areUsedUp(List<Said> said) {
        return isUsedUp(said, each -> each.key() == 0)
                && isUsedUp(said, each -> each.key() == 1)
                && isUsedUp(said, each -> each.key() == 2)
                && isUsedUp(said, each -> each.key() == 3)
                && isUsedUp(said, each -> each.key() == 4)
                && isUsedUp(said, each -> each.key() == 5)
                && isUsedUp(said, each -> each.endUser().equals(FIRST_USER));
    }

    private static boolean isUsedUp(List<Said> said, Predicate<Said> of) {
        List<Said> last = said.reversed().stream()
                .filter(of)
                .filter(each -> !each.saysNothing())
                .limit(REFUSALS)
                .toList();
        return last.size() == REFUSALS && last.stream().allMatch(each -> each.status() == 429);
    }

    /**
     * Judges every limit.
     *
     * @param excepted attempts that may hold a slot that another has: those of a door that stood still
     */
    void judge(Judge judge, List<Sighting> witness, Predicate<Sighting> excepted) {
        judge.limit("requests of the key", Witnessed.of(witness, 0, 0).requests(), requestsOfKey);
        judge.limit("requests of the team", Witnessed.of(witness, 0, 1).requests(), requestsOfTeam);
        judge.limit("requests of the organization", Witnessed.of(witness, 0, 2).requests(), requestsOfOrganization);
        judge.limit("tokens of the team", Witnessed.of(witness, 3, 4).tokens(), tokensOfTeam);
        judge.limit("tokens of the budget", Witnessed.of(witness, 5, 5).tokens(), tokensOfBudget);
        Witnessed.of(witness, 8, 8)
                .requestsByUser()
                .forEach((endUser, calls) -> judge.limit("requests of " + endUser, calls, requestsOfEndUser));
        Predicate<Sighting> counts = excepted.negate();
        judge.limit(
                "slots of the key", Witnessed.of(witness, 6, 6).where(counts).atOnce(), SLOTS_OF_THE_KEY);
        judge.limit(
                "slots of the team", Witnessed.of(witness, 6, 7).where(counts).atOnce(), SLOTS_OF_THE_TEAM);
        windows(judge, Witnessed.of(witness, 9, 9));
    }

    /**
     * A window opens with a call, lasts its time, and is followed by another one: in any time of its length there are two at
     * most, and in all of them as many as have room.
     */
    private void windows(Judge judge, Witnessed seen) {
        long length = TimeUnit.SECONDS.toNanos(WINDOW_SECONDS);
        judge.limit("tokens within five seconds, of two windows", seen.mostTokensWithin(length), 2 * tokensOfWindow);
        long windows = (seen.spanNanos() + LONGEST_WAY_NANOS) / length + 1;
        judge.limit("tokens of " + windows + " windows", seen.tokens(), windows * tokensOfWindow);
    }

    /**
     * How much was used of each limit for the whole run. Of what an account above has no room for nothing can be used: what others
     * below it had is taken off.
     */
    List<Share> shares(List<Sighting> witness) {
        long ofKey = Witnessed.of(witness, 0, 0).requests();
        long ofSecond = Witnessed.of(witness, 1, 1).requests();
        long ofThird = Witnessed.of(witness, 2, 2).requests();
        long forTeam = Math.min(requestsOfTeam, requestsOfOrganization - ofThird);
        return List.of(
                share("key", ofKey, Math.min(requestsOfKey, forTeam - ofSecond)),
                share("team", ofKey + ofSecond, forTeam),
                share("organization", ofKey + ofSecond + ofThird, requestsOfOrganization),
                share("tokens", Witnessed.of(witness, 3, 4).tokens(), tokensOfTeam - TOKENS_HELD),
                share("budget", Witnessed.of(witness, 5, 5).tokens(), tokensOfBudget - TOKENS_HELD),
                share(
                        "end user",
                        Witnessed.of(witness, 8, 8).requestsByUser().getOrDefault(FIRST_USER, 0L),
                        requestsOfEndUser));
    }

    private static Share share(String name, long used, long limit) {
        return new Share(name, limit <= 0 ? 1 : Math.min(1, (double) used / limit));
    }

    /** Slots are used to the last, where nothing happens. */
    void slotsUsedUp(Judge judge, List<Sighting> witness) {
        judge.usedUp("slots of the key", Witnessed.of(witness, 6, 6).atOnce(), SLOTS_OF_THE_KEY);
        judge.usedUp("slots of the team", Witnessed.of(witness, 6, 7).atOnce(), SLOTS_OF_THE_TEAM);
    }

    /**
     * Nothing is held, everybody has spent what the rows say, and the meters have at least that.
     *
     * @param keys all of them, in their order
     * @param exactly meters say the same: nothing was lost with a node
     */
    void books(Judge judge, Door door, List<String> keys, List<Sighting> witness, List<JsonNode> rows, boolean exactly)
            throws IOException, InterruptedException {
        for (int key = 0; key < keys.size(); key++) {
            JsonNode info = door.read("/key/info?key=" + keys.get(key)).path("info");
            String hash = info.path("token").asText();
            String name = "key " + key;
            if (hasLimits(key)) {
                judge.atRest(name, info.path("limits"));
            }
            judge.spent(name, info.path("spend").asDouble(-1), where(rows, "api_key", hash));
        }
        for (String team : List.of(requestsTeam, othersTeam, tokensTeam, slotsTeam, peopleTeam, wide)) {
            JsonNode info = door.read("/team/info?team_id=" + team).path("team_info");
            if (!team.equals(peopleTeam) && !team.equals(othersTeam)) {
                judge.atRest(team, info.path("limits"));
            }
            judge.spent(team, info.path("spend").asDouble(-1), where(rows, "team_id", team));
            if (team.equals(requestsTeam)) {
                book(judge, team, info, Witnessed.of(witness, 0, 1).requests(), exactly);
            } else if (team.equals(tokensTeam)) {
                book(judge, team, info, tokens(where(rows, "team_id", team)), exactly);
            }
        }
        for (String each : List.of(organization, wide)) {
            JsonNode info = door.read("/organization/info?organization_id=" + each);
            judge.atRest(each, info.path("limits"));
            judge.spent(each, info.path("spend").asDouble(-1), where(rows, "organization_id", each));
            if (each.equals(organization)) {
                book(judge, each, info, Witnessed.of(witness, 0, 2).requests(), exactly);
            }
        }
    }

    private static boolean hasLimits(int key) {
        return (key < PROBED_FROM && key != 8) || key >= PROBED_FROM + PROBED_KEYS / 2;
    }

    private static List<JsonNode> where(List<JsonNode> rows, String field, String value) {
        return rows.stream()
                .filter(row -> row.path(field).asText().equals(value))
                .toList();
    }

    private static void book(Judge judge, String account, JsonNode info, long used, boolean exactly) {
        long committed = info.path("limits").path(0).path("committed").asLong();
        if (exactly) {
            judge.exact(account, committed, used);
        } else {
            judge.books(account, committed, used);
        }
    }

    private static long tokens(List<JsonNode> rows) {
        return rows.stream().mapToLong(row -> row.path("total_tokens").asLong()).sum();
    }
}
