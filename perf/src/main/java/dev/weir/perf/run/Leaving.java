package dev.weir.perf.run;

import com.fasterxml.jackson.databind.JsonNode;
import dev.weir.perf.load.LoadResult.Leaver;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** How long after its client's leaving each upstream connection ended, by the clocks of load and mock, which are one on a machine. */
record Leaving(List<Double> millis) {

    Leaving {
        millis = List.copyOf(millis);
    }

    static Leaving of(List<Leaver> leavers, List<JsonNode> sightings) {
        Map<String, Long> ended = new HashMap<>();
        for (JsonNode seen : sightings) {
            if (seen.path("end").asText().equals("closed_by_peer")) {
                ended.put(seen.path("user").asText(), seen.path("ended_nanos").asLong());
            }
        }
        return new Leaving(leavers.stream()
                .flatMap(leaver -> {
                    Long nanos = ended.get(user(leaver));
                    return nanos == null ? Stream.<Double>empty() : Stream.of((nanos - leaver.nanos()) / 1e6);
                })
                .sorted()
                .toList());
    }

    private static String user(Leaver leaver) {
        return String.format("caller-%012d", leaver.number());
    }

    int count() {
        return millis.size();
    }

    /** The nearest rank; NaN without a value. */
    double percentile(double share) {
        int rank = (int) Math.ceil(share * millis.size());
        return millis.isEmpty() ? Double.NaN : millis.get(Math.clamp(rank - 1, 0, millis.size() - 1));
    }

    double longest() {
        return percentile(1);
    }
}
