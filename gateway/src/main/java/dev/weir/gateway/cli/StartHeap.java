package dev.weir.gateway.cli;

import com.sun.management.HotSpotDiagnosticMXBean;
import java.lang.management.ManagementFactory;

/**
 * The heap that only the start needed, given back to the system. While a process starts it makes garbage so fast that the
 * collector takes a heap twice as large as what an idle gateway needs, and would keep it.
 */
final class StartHeap {

    private static final String MOST_FREE = "MaxHeapFreeRatio";
    private static final String LITTLE = "25";

    private StartHeap() {}

    /** Collects once, some 20 ms, and leaves at most a quarter of the heap free; later it may keep as much as ever. */
    static void giveBack() {
        HotSpotDiagnosticMXBean vm = ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class);
        if (vm == null) {
            return;
        }
        try {
            String usual = vm.getVMOption(MOST_FREE).getValue();
            vm.setVMOption(MOST_FREE, LITTLE);
            System.gc();
            vm.setVMOption(MOST_FREE, usual);
        } catch (IllegalArgumentException unsupported) {
            // This JVM has no such option, or an operator's MinHeapFreeRatio forbids the value: the heap stays as it
            // is.
        }
    }
}
