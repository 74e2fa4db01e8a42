package dev.weir.perf.faults.judge;

import com.fasterxml.jackson.databind.JsonNode;
import dev.weir.perf.faults.callers.Said;
import dev.weir.streams.mock.Sighting;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** How many calls of each end user the witness has seen. */
public final class EndUsers {

    private EndUsers() {}

    /** The witness knows attempts, their rows the calls, and clients whom they called for. */
    public static Map<String, Long> calls(List<Sighting> seen, List<JsonNode> rows, List<Said> said) {
        Map<String, String> calls = new HashMap<>();
        rows.forEach(row ->
                calls.put(row.path("attempt").asText(), row.path("request_id").asText()));
        Map<String, String> endUsers = new HashMap<>();
        said.forEach(each -> endUsers.put(each.id(), each.endUser()));
        Map<String, Long> count = new TreeMap<>();
        for (Sighting sighting : seen) {
            String call = calls.getOrDefault(String.valueOf(sighting.attempt()), "");
            String endUser = endUsers.getOrDefault(call, ""); // the row of a call that was lost does not tell its name
            if (!endUser.isEmpty()) {
                count.merge(endUser, 1L, Long::sum);
            }
        }
        return count;
    }
}
