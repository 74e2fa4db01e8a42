package dev.weir.streams.route;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.weir.streams.pool.Endpoint;
import dev.weir.streams.pool.HeaderBlock;
import dev.weir.streams.pool.HostNames;
import dev.weir.streams.pool.PoolSettings;
import dev.weir.streams.pool.UpstreamPool;
import dev.weir.streams.relay.Clocks;
import dev.weir.streams.relay.Target;
import dev.weir.streams.transport.EventLoops;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.Size;
import net.jqwik.api.lifecycle.AfterContainer;

/** The order of trying: everybody once, the first ones by weight. */
class WeightedOrderTest {

    private static final EventLoops LOOPS = EventLoops.start(1);
    private static final UpstreamPool POOL = new UpstreamPool(
            Endpoint.of(URI.create("http://127.0.0.1:9")),
            new PoolSettings(1, 0, Duration.ofSeconds(1), Duration.ofSeconds(1), Duration.ofSeconds(1), null),
            LOOPS,
            null,
            new HostNames());

    @AfterContainer
    static void close() {
        POOL.close();
        LOOPS.close();
    }

    @Property(tries = 300)
    void theOrderIsAPermutation(
            @ForAll @Size(max = 12) List<@DoubleRange(max = 100) Double> weights, @ForAll long seed) {
        List<Target> group = group(weights);

        List<Target> order = WeightedOrder.of(group, new SplittableRandom(seed));

        assertThat(order).containsExactlyInAnyOrderElementsOf(group);
    }

    @Property(tries = 20)
    void theFirstOneIsDrawnByWeight(@ForAll long seed) {
        List<Target> group = group(List.of(1.0, 3.0, 0.0, 6.0));
        SplittableRandom random = new SplittableRandom(seed);
        int[] first = new int[4];
        int draws = 20_000;

        for (int i = 0; i < draws; i++) {
            first[group.indexOf(WeightedOrder.of(group, random).get(0))]++;
        }

        assertThat(first[0] / (double) draws).isCloseTo(0.1, within(0.02));
        assertThat(first[1] / (double) draws).isCloseTo(0.3, within(0.02));
        assertThat(first[2]).isZero();
        assertThat(first[3] / (double) draws).isCloseTo(0.6, within(0.02));
    }

    @Property(tries = 100)
    void aWeightOfZeroIsTriedBehindEveryOther(@ForAll long seed) {
        List<Target> group = group(List.of(0.0, 2.0, 0.0, 1.0));

        List<Target> order = WeightedOrder.of(group, new SplittableRandom(seed));

        assertThat(order.subList(0, 2)).containsExactlyInAnyOrder(group.get(1), group.get(3));
    }

    private static List<Target> group(List<Double> weights) {
        List<Target> group = new ArrayList<>();
        Clocks clocks = new Clocks(Duration.ZERO, Duration.ZERO, Duration.ZERO);
        for (double weight : weights) {
            group.add(new Target(
                    "d" + group.size(), "m", "openai", "m", weight, POOL, HeaderBlock.NONE, clocks, clocks, true));
        }
        return group;
    }
}
