package dev.weir.cluster.meters;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.actors.meter.Meter;
import java.util.ArrayList;
import java.util.List;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.apache.pekko.cluster.sharding.typed.testkit.javadsl.TestEntityRef;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

final class MeterRefsTest {

    private final ActorTestKit kit = ActorTestKit.create();
    private final TestProbe<Meter.Command> meter = kit.createTestProbe(Meter.Command.class);
    private final List<String> made = new ArrayList<>();
    private final MeterRefs refs = new MeterRefs(key -> {
        made.add(key);
        return TestEntityRef.of(Meters.KEYS, key, meter.getRef());
    });

    @AfterEach
    void close() {
        kit.shutdownTestKit();
    }

    @Test
    void aKeysReferenceIsMadeOnce() {
        assertThat(refs.apply("one")).isSameAs(refs.apply("one"));
        assertThat(made).containsExactly("one");
    }

    /** Two texts of one hash code, thus of one place. */
    @Test
    void aKeyThatSharesAPlaceReachesItsOwnMeter() {
        assertThat("Aa".hashCode()).isEqualTo("BB".hashCode());

        assertThat(refs.apply("Aa").getEntityId()).isEqualTo("Aa");
        assertThat(refs.apply("BB").getEntityId()).isEqualTo("BB");
        assertThat(refs.apply("Aa").getEntityId()).isEqualTo("Aa");
        assertThat(made).containsExactly("Aa", "BB", "Aa");
    }
}
