package dev.weir.perf.run;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.weir.perf.load.LoadResult.Leaver;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;

final class LeavingTest {

    @Test
    void onlyWhoseConnectionWasClosedByThemCounts() throws IOException, InterruptedException {
        List<JsonNode> seen = List.of(
                seen("caller-000000000001", "closed_by_peer", 3_000_000),
                seen("caller-000000000002", "complete", 9_000_000),
                seen("caller-000000000003", "closed_by_peer", 12_000_000));

        Leaving leaving = Leaving.of(
                List.of(new Leaver(1, 3, 1_000_000), new Leaver(2, 3, 1_000_000), new Leaver(3, 3, 2_000_000)),
                seen::forEach);

        assertThat(leaving.millis()).containsExactly(2.0, 10.0);
        assertThat(leaving.percentile(0.5)).isEqualTo(2.0);
        assertThat(leaving.percentile(0.99)).isEqualTo(10.0);
        assertThat(leaving.longest()).isEqualTo(10.0);
    }

    private static JsonNode seen(String user, String end, long nanos) throws IOException {
        return new ObjectMapper()
                .readTree("{\"user\":\"" + user + "\",\"end\":\"" + end + "\",\"ended_nanos\":" + nanos + "}");
    }
}
