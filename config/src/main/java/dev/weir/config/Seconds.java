package dev.weir.config;

import java.math.BigDecimal;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** LiteLLM's timeouts: seconds, whole or not. */
final class Seconds {

    private static final BigDecimal TEN_YEARS = BigDecimal.valueOf(315_360_000);
    private static final int NANO = 9;

    private Seconds() {}

    /** The duration at {@code value}, null where there is none. */
    static @Nullable Duration read(Value value) {
        if (value.isAbsent()) {
            return null;
        }
        int before = value.reading().problems().size();
        BigDecimal seconds = value.decimal(TEN_YEARS);
        Duration duration = Duration.ofNanos(seconds.movePointRight(NANO).longValue());
        if (duration.isZero() && value.reading().problems().size() == before) {
            value.problem("> 0 seconds");
        }
        return duration;
    }
}
