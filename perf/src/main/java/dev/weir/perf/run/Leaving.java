package dev.weir.perf.run;

import com.fasterxml.jackson.databind.JsonNode;
import dev.weir.perf.load.LoadResult.Leaver;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/** How long after its client's leaving each upstream connection ended, by the clocks of load and mock, which are one on a machine. */
record Leaving(List<Double> millis) {

    Leaving {
        millis = List.copyOf(millis);
    }

    /** What the mock remembers, shown one by one: of a soak there are hundreds of thousands. */
    interface Sightings {
        void show(Consumer<JsonNode> each) throws IOException, InterruptedException;
    }

    static Leaving of(List<Leaver> leavers, Sightings sightings) throws IOException, InterruptedException {
        Map<String, Long> left = new HashMap<>();
        leavers.forEach(leaver -> left.put(user(leaver), leaver.nanos()));
        List<Double> millis = new ArrayList<>();
        sightings.show(seen -> {
            Long nanos = left.get(seen.path("user").asText());
            if (nanos != null && seen.path("end").asText().equals("closed_by_peer")) {
                millis.add((seen.path("ended_nanos").asLong() - nanos) / 1e6);
            }
        });
        Collections.sort(millis);
        return new Leaving(millis);
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
