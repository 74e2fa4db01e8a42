package dev.weir.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import dev.weir.cluster.meters.Node;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** Who waits for an end waits long enough. */
final class EndTest {

    private static final Config CONFIG =
            Node.config(ConfigFactory.defaultReference().getConfig("weir.gateway.engine"));
    private static final Config SHUTDOWN = CONFIG.getConfig("pekko.coordinated-shutdown");

    private static Duration timeout(String phase) {
        String path = "phases." + phase + ".timeout";
        return SHUTDOWN.getDuration(SHUTDOWN.hasPath(path) ? path : "default-phase-timeout");
    }

    @Test
    void theStoreStaysOpenUntilEveryPhaseIsThrough() {
        Duration all = SHUTDOWN.getObject("phases").keySet().stream()
                .map(EndTest::timeout)
                .reduce(Duration.ZERO, Duration::plus);

        assertThat(Weir.ENDED_WITHIN).isGreaterThan(all);
    }

    /** Settlements go out first, and then shares go back. */
    @Test
    void aPhaseIsLongerThanWhatHappensInIt() {
        Duration each = CONFIG.getDuration("weir.cluster.settle-at-stop");

        assertThat(timeout("service-stop")).isGreaterThan(each.multipliedBy(2));
        assertThat(timeout("weir-give-back")).isGreaterThan(each);
    }
}
