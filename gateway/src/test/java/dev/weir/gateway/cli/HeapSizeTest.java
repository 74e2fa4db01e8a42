package dev.weir.gateway.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.sun.management.HotSpotDiagnosticMXBean;
import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class HeapSizeTest {

    private static final String LEAST = "MinHeapFreeRatio";
    private static final String MOST = "MaxHeapFreeRatio";

    private final String least = option(LEAST);
    private final String most = option(MOST);

    @AfterEach
    void putBack() {
        vm().setVMOption(LEAST, "0");
        vm().setVMOption(MOST, most);
        vm().setVMOption(LEAST, least);
    }

    @Test
    void collectsAndLeavesTheCollectorAsItWasSet() {
        long collections = collections();

        HeapSize.giveBackAfterStart();

        assertThat(collections()).isGreaterThan(collections);
        assertThat(option(MOST)).isEqualTo(most);
    }

    @ParameterizedTest
    @CsvSource({"30, 94, 68", "60, 124, 51", "300, 364, 17", "364, 364, 10", "500, 364, 10", "0, 64, 90"})
    void isWhatLivesAndAFixedAmountHoweverMuchThatIs(long used, long heap, int percent) {
        assertThat(HeapSize.share(used << 20, heap << 20)).isEqualTo(percent);
    }

    @ParameterizedTest
    @CsvSource({"10", "64", "2000"})
    void tellsTheCollector(long megabytes) {
        HeapSize heap = following(megabytes);
        System.gc();

        heap.follow();
        long used = old();

        int expected = HeapSize.share(used, used + HeapSize.room(used, megabytes << 20));
        assertThat(Integer.parseInt(option(LEAST))).isBetween(expected - 2, expected + 2);
        assertThat(Integer.parseInt(option(MOST))).isGreaterThanOrEqualTo(Integer.parseInt(option(LEAST)));
    }

    @Test
    void looksAgainAfterEachCollection() {
        try (HeapSize heap = following(64)) {
            System.gc();
            heap.start();
            int before = Integer.parseInt(option(LEAST));
            byte[][] living = new byte[200][1 << 20];

            System.gc();

            Awaitility.await()
                    .atMost(Duration.ofSeconds(20))
                    .until(() -> Integer.parseInt(option(LEAST)) < before - 5 && living.length * (1L << 20) < old());
        }
    }

    @Test
    void leavesTheCollectorAloneWhereNothingIsToBeKeptFree() {
        assertThat(HeapSize.following(0)).isNull();
    }

    private static HeapSize following(long megabytes) {
        assumeTrue(
                ManagementFactory.getGarbageCollectorMXBeans().stream()
                        .anyMatch(bean -> bean.getName().startsWith("G1")),
                "the heap of G1 alone follows");
        HeapSize heap = HeapSize.following(megabytes);
        assertThat(heap).isNotNull();
        return heap;
    }

    private static long old() {
        return ManagementFactory.getMemoryPoolMXBeans().stream()
                .filter(pool -> pool.getName().equals("G1 Old Gen"))
                .mapToLong(pool -> pool.getUsage().getUsed())
                .sum();
    }

    private static HotSpotDiagnosticMXBean vm() {
        return ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class);
    }

    private static String option(String name) {
        return vm().getVMOption(name).getValue();
    }

    private static long collections() {
        return ManagementFactory.getGarbageCollectorMXBeans().stream()
                .mapToLong(GarbageCollectorMXBean::getCollectionCount)
                .sum();
    }
}
