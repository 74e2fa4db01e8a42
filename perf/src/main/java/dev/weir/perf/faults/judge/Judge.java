package dev.weir.perf.faults.judge;

import com.fasterxml.jackson.databind.JsonNode;
import dev.weir.perf.faults.callers.Said;
import dev.weir.streams.mock.Sighting;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What was promised and not kept, by the rules J1 to J5 of the meter protocol. It knows nothing but what the mock witnessed, what
 * clients were told, and the ledger's rows.
 */
public final class Judge {

    /** 0 is a connection that broke, 502 an upstream's answer that came too late for a process that stood still. */
    private static final Set<Integer> STATUSES = Set.of(0, 200, 429, 502, 503);

    private final Findings findings = new Findings();

    /** J1 and J4: every attempt that the witness saw has one final row, and no row is there twice. J2: their figures agree. */
    public void rows(List<Sighting> witness, Iterable<JsonNode> rows, List<Said> clients) {
        Map<String, JsonNode> byAttempt = new HashMap<>();
        for (JsonNode row : rows) {
            if (row.path("provisional").asBoolean()) {
                findings.wrong("the row of attempt " + row.path("attempt").asText() + " is provisional");
            }
            if (byAttempt.put(row.path("attempt").asText(), row) != null) {
                findings.duplicated("two rows of attempt " + row.path("attempt").asText());
            }
        }
        Map<String, Said> byCall = new HashMap<>();
        clients.forEach(said -> byCall.put(said.id(), said));
        Set<String> seen = new HashSet<>();
        for (Sighting sighting : witness) {
            String attempt = sighting.attempt();
            if (attempt == null || !seen.add(attempt)) {
                findings.duplicated("the witness saw attempt " + attempt + " twice");
                continue;
            }
            JsonNode row = byAttempt.get(attempt);
            if (row == null) {
                findings.unmetered("no row of attempt " + attempt + " of " + sighting.model());
            } else {
                figures(sighting, row, byCall.get(row.path("request_id").asText()));
            }
        }
    }

    private void figures(Sighting sighting, JsonNode row, @Nullable Said client) {
        long charged = row.path("completion_tokens").asLong();
        long total = row.path("total_tokens").asLong();
        String outcome = row.path("outcome").asText();
        long input = row.path("prompt_tokens").asLong();
        long got = client == null ? 0 : client.tokens();
        Sighting.Told told = sighting.told();
        boolean lost = outcome.equals("lost");
        boolean tooLittle = lost ? total < sighting.tokens() + (told == null ? 0 : told.promptTokens()) : charged < got;
        boolean tooMuch = !lost && charged > sighting.tokens();
        boolean unequal = outcome.equals("completed")
                && (charged != sighting.tokens() || (told != null && input != told.promptTokens()));
        if (tooLittle || tooMuch || unequal) {
            findings.wrong("attempt " + sighting.attempt() + " (" + outcome + "): client " + got + ", row " + charged
                    + " (of " + total + "), witness " + sighting.tokens() + " (told " + told + ")");
        }
    }

    /** A good key is admitted, refused by a limit, or told that Weir cannot say: whatever is broken, it is never a stranger. */
    public void statuses(List<Said> clients) {
        for (Said said : clients) {
            if (!STATUSES.contains(said.status())) {
                findings.wrong(at(said, clients) + " was answered with " + said.status());
            }
        }
    }

    /** Who has no limit, or one that nobody comes near, is not refused by one. */
    public void unlimited(List<Said> clients) {
        for (Said said : clients) {
            if (said.status() == 429) {
                findings.wrong(at(said, clients) + " was refused, without a limit");
            }
        }
    }

    /** What an operator does to a door that said it was not ready is nothing that a client notices. */
    public void undisturbed(List<Said> clients) {
        for (Said said : clients) {
            if (said.status() != 200 && said.status() != 429) {
                findings.wrong(at(said, clients)
                        + (said.status() == 0 ? " got no answer" : " was answered with " + said.status()));
            } else if (said.admitted() && !said.whole()) {
                findings.wrong(at(said, clients) + " had an answer that ended after " + said.tokens() + " tokens");
            }
        }
    }

    /** Where an operator alone is at work no node gives up. */
    public void noneEndedByItself(int restarts) {
        if (restarts > 0) {
            missed("nodes that ended by themselves", Integer.toString(restarts), "0");
        }
    }

    private static String at(Said said, List<Said> clients) {
        long first = clients.stream().mapToLong(Said::beganNanos).min().orElse(0);
        return String.format(Locale.ROOT, "%.1f s: %s", (said.beganNanos() - first) / 1e9, said);
    }

    /** J3: what the witness saw of a limit is within it. */
    public void limit(String name, long seen, long limit) {
        if (seen > limit) {
            findings.overAdmitted(seen - limit, name + ": the witness saw " + seen + " of " + limit);
        }
    }

    /** What there was of a limit is used to its end, or as far as is asked. */
    public void usedUp(String name, long seen, long limit) {
        if (seen < limit) {
            findings.wrong(name + ": the witness saw " + seen + " of " + limit + " although more was asked for");
        }
    }

    /** Something was not as it has to be. */
    public void missed(String what, String was, String expected) {
        findings.wrong(what + ": " + was + " (expected: " + expected + ")");
    }

    /** J5: when nobody calls any more all that was begun ends. */
    public void unended(String what) {
        findings.wrong("long after the last call: " + what);
    }

    /** J5: when everything has ended nothing is held. */
    public void atRest(String name, JsonNode limits) {
        if (limits.isEmpty()) {
            findings.wrong(name + " does not say what it holds");
        }
        for (JsonNode limit : limits) {
            if (limit.path("held").asDouble() != 0) {
                findings.wrong(name + " still holds " + limit);
            }
        }
    }

    /** P6: what somebody is said to have spent is what the rows of his calls say, to the nano-dollar. */
    public void spent(String name, double spendUsd, Iterable<JsonNode> rows) {
        long spend = Math.round(spendUsd * 1e9);
        long sum = 0;
        for (JsonNode row : rows) {
            sum += Math.round(row.path("spend").asDouble() * 1e9);
        }
        if (spend != sum) {
            findings.wrong(name + " has spent " + spend + " nano-dollars, and " + sum + " by its rows");
        }
    }

    /** The meters have at least what the rows say. */
    public void books(String name, long committed, long rows) {
        if (committed < rows) {
            findings.wrong(name + ": its meter has " + committed + ", its rows " + rows);
        }
    }

    /** The meters and the rows say the same. */
    public void exact(String name, long committed, long rows) {
        if (committed != rows) {
            findings.wrong(name + ": its meter has " + committed + ", its rows " + rows + " (expected: the same)");
        }
    }

    public Findings findings() {
        return findings;
    }
}
