package dev.weir.perf.faults;

import com.fasterxml.jackson.databind.JsonNode;
import dev.weir.streams.mock.Sighting;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What was promised and not kept, by the rules J1 to J5 of the meter protocol. It knows nothing but what the mock witnessed, what
 * clients were told, and the ledger's rows.
 */
final class Judge {

    /** What was found. */
    static final class Findings {
        private long overAdmitted;
        private long unmetered;
        private long duplicated;
        private long wrong;
        private final List<String> details = new ArrayList<>();

        private void say(String text) {
            if (details.size() < 12) {
                details.add(text);
            }
        }

        long overAdmitted() {
            return overAdmitted;
        }

        long unmetered() {
            return unmetered;
        }

        long duplicated() {
            return duplicated;
        }

        /** Rows whose figures are not between the client's and the witness's. */
        long wrong() {
            return wrong;
        }

        List<String> details() {
            return List.copyOf(details);
        }

        boolean isClean() {
            return overAdmitted + unmetered + duplicated + wrong == 0;
        }
    }

    /** 0 is a connection that broke, 502 an upstream's answer that came too late for a process that stood still. */
    private static final Set<Integer> STATUSES = Set.of(0, 200, 429, 502, 503);

    private final Findings findings = new Findings();

    /** J1 and J4: every attempt that the witness saw has one row, and no row is there twice. J2: their figures agree. */
    void rows(List<Sighting> witness, JsonNode rows, List<Said> clients) {
        Map<String, JsonNode> byAttempt = new HashMap<>();
        for (JsonNode row : rows) {
            if (byAttempt.put(row.path("attempt").asText(), row) != null) {
                findings.duplicated++;
                findings.say("two rows of attempt " + row.path("attempt").asText());
            }
        }
        Map<String, Said> byCall = new HashMap<>();
        clients.forEach(said -> byCall.put(said.id(), said));
        Set<String> seen = new HashSet<>();
        for (Sighting sighting : witness) {
            String attempt = sighting.attempt();
            if (attempt == null || !seen.add(attempt)) {
                findings.duplicated++;
                findings.say("the witness saw attempt " + attempt + " twice");
                continue;
            }
            JsonNode row = byAttempt.get(attempt);
            if (row == null) {
                findings.unmetered++;
                findings.say("no row of attempt " + attempt + " of " + sighting.model());
            } else {
                figures(sighting, row, byCall.get(row.path("request_id").asText()));
            }
        }
    }

    private void figures(Sighting sighting, JsonNode row, @Nullable Said client) {
        long charged = row.path("completion_tokens").asLong();
        long total = row.path("total_tokens").asLong();
        String outcome = row.path("outcome").asText();
        long got = client == null ? 0 : client.tokens();
        boolean lost = outcome.equals("lost");
        boolean tooLittle = got > (lost ? total : charged);
        boolean tooMuch = !lost && charged > sighting.tokens();
        boolean unequal = outcome.equals("completed") && charged != sighting.tokens();
        if (tooLittle || tooMuch || unequal) {
            findings.wrong++;
            findings.say("attempt " + sighting.attempt() + " (" + outcome + "): client " + got + ", row " + charged
                    + " (of " + total + "), witness " + sighting.tokens());
        }
    }

    /** A good key is admitted, refused by a limit, or told that Weir cannot say: whatever is broken, it is never a stranger. */
    void statuses(List<Said> clients) {
        for (Said said : clients) {
            if (!STATUSES.contains(said.status())) {
                findings.wrong++;
                findings.say("call " + said.id() + " was answered with " + said.status());
            }
        }
    }

    /** J3: what the witness saw of a limit is within it. */
    void limit(String name, long seen, long limit) {
        if (seen > limit) {
            findings.overAdmitted += seen - limit;
            findings.say(name + ": the witness saw " + seen + " of " + limit);
        }
    }

    /** J5: when everything has ended nothing is held. */
    void atRest(String name, JsonNode limits) {
        for (JsonNode limit : limits) {
            if (limit.path("held").asDouble() != 0) {
                findings.wrong++;
                findings.say(name + " still holds " + limit);
            }
        }
    }

    /** The meters and the rows say the same. */
    void books(String name, JsonNode limit, long rows) {
        if (limit.path("committed").asLong() < rows) {
            findings.wrong++;
            findings.say(name + ": its meter has " + limit.path("committed").asLong() + ", its rows " + rows);
        }
    }

    Findings findings() {
        return findings;
    }
}
