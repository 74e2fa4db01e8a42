package dev.weir.perf.run;

import com.fasterxml.jackson.databind.JsonNode;
import dev.weir.perf.load.LoadResult.Leaver;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.DoubleStream;

/** How long after its client's leaving each upstream connection ended, by the clocks of load and mock, which are one on a machine. */
record Leaving(double[] millis) {

    static Leaving of(List<Leaver> leavers, List<JsonNode> sightings) {
        Map<String, Long> ended = new HashMap<>();
        for (JsonNode seen : sightings) {
            if (seen.path("end").asText().equals("closed_by_peer")) {
                ended.put(seen.path("user").asText(), seen.path("ended_nanos").asLong());
            }
        }
        double[] millis = leavers.stream()
                .flatMapToDouble(leaver -> {
                    Long nanos = ended.get(user(leaver));
                    return nanos == null ? DoubleStream.empty() : DoubleStream.of((nanos - leaver.nanos()) / 1e6);
                })
                .sorted()
                .toArray();
        return new Leaving(millis);
    }

    private static String user(Leaver leaver) {
        return String.format("caller-%012d", leaver.number());
    }

    int count() {
        return millis.length;
    }

    /** The nearest rank; NaN without a value. */
    double percentile(double share) {
        return millis.length == 0
                ? Double.NaN
                : millis[(int) Math.min(millis.length - 1, Math.ceil(share * millis.length) - 1)];
    }

    double longest() {
        return Arrays.stream(millis).max().orElse(Double.NaN);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Leaving that && Arrays.equals(millis, that.millis);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(millis);
    }
}
