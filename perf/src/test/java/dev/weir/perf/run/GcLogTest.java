package dev.weir.perf.run;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class GcLogTest {

    @Test
    void pausesAreReadWithTheirTimes(@TempDir Path directory) throws IOException {
        Path log = Files.writeString(directory.resolve("gc.log"), """
                [1763650000000ms] Using Parallel
                [1763650001000ms] GC(0) Pause Young (Allocation Failure) 16M->5M(61M) 4.500ms
                [1763650002000ms] GC(1) Pause Full (Ergonomics) 60M->40M(120M) 50.250ms
                [1763650003000ms] GC(2) Pause Young (Allocation Failure) 90M->41M(120M) 1.000ms
                """);

        GcLog whole = GcLog.read(log);

        assertThat(whole.pauses()).extracting(GcLog.Pause::millis).containsExactly(4.5, 50.25, 1.0);
        assertThat(whole.between(1763650001500L, 1763650002500L).pauses())
                .singleElement()
                .isEqualTo(new GcLog.Pause(1763650002000L, 50.25, 40L << 20));
    }
}
