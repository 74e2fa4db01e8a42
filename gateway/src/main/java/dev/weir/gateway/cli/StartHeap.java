package dev.weir.gateway.cli;

import com.sun.management.HotSpotDiagnosticMXBean;
import java.lang.management.ManagementFactory;

/**
 * The heap that only the start needed, given back to the system. While a process starts it makes garbage so fast that the
 * collector takes a heap twice as large as what an idle gateway needs, and would keep it.
 */
final class StartHeap {

    private static final String LEAST_FREE = "MinHeapFreeRatio";
    private static final String MOST_FREE = "MaxHeapFreeRatio";
    private static final int LITTLE = 25;

    private StartHeap() {}

    /**
     * Collects once, some 20 ms, and leaves a quarter of the heap free, or what an operator wants free at least; later it
     * may keep as much as ever.
     */
    static void giveBack() {
        HotSpotDiagnosticMXBean vm = ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class);
        if (vm == null) {
            return;
        }
        try {
            String usual = vm.getVMOption(MOST_FREE).getValue();
            int least = Integer.parseInt(vm.getVMOption(LEAST_FREE).getValue());
            vm.setVMOption(MOST_FREE, Integer.toString(Math.max(LITTLE, least)));
            try {
                System.gc();
            } finally {
                vm.setVMOption(MOST_FREE, usual);
            }
        } catch (IllegalArgumentException unsupported) {
            // This JVM has no such options: the heap stays as it is.
        }
    }
}
