package dev.weir.gateway.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.HotSpotDiagnosticMXBean;
import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;
import org.junit.jupiter.api.Test;

class StartHeapTest {

    @Test
    void collectsAndLeavesTheCollectorAsItWasSet() {
        String set = mostFree();
        long collections = collections();

        StartHeap.giveBack();

        assertThat(collections()).isGreaterThan(collections);
        assertThat(mostFree()).isEqualTo(set);
    }

    private static String mostFree() {
        return ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class)
                .getVMOption("MaxHeapFreeRatio")
                .getValue();
    }

    private static long collections() {
        return ManagementFactory.getGarbageCollectorMXBeans().stream()
                .mapToLong(GarbageCollectorMXBean::getCollectionCount)
                .sum();
    }
}
