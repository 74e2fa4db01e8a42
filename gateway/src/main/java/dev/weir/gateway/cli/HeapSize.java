package dev.weir.gateway.cli;

import com.sun.management.HotSpotDiagnosticMXBean;
import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryPoolMXBean;
import java.lang.management.PlatformManagedObject;
import java.util.List;
import javax.management.ListenerNotFoundException;
import javax.management.NotificationEmitter;
import javax.management.NotificationListener;
import org.jspecify.annotations.Nullable;

/**
 * How large the heap is: what lives, and a fixed amount and a little more beside it.
 *
 * <p>By itself G1 lets a heap grow by how long its pauses took, which says as much about the machine as about the process: an
 * hour of noisy neighbours is a heap that stays large. And a share of the heap kept free is too little for ten streams or
 * too much for ten thousand. So the shares that it keeps free ({@code MinHeapFreeRatio} and {@code MaxHeapFreeRatio}, for
 * which it looks at the end of each marking) are set anew after each collection. A marking begins with one: what it finds
 * is what they were reckoned from, even where a thousand connections have come within a second.
 *
 * <p>What lives is the least that the old generation has had since the last marking: behind one G1 clears away what died,
 * until the next it lets it lie.
 */
final class HeapSize implements AutoCloseable {

    /** A system property: megabytes kept free; the launcher sets it. Without it the collector is left alone. */
    static final String FREE = "weir.heap.free";

    private static final String LEAST = "MinHeapFreeRatio";
    private static final String MOST = "MaxHeapFreeRatio";
    private static final int AFTER_START = 25;

    /** With less free than this a marking would hardly end before the heap is full. */
    private static final int LOWEST = 10;

    private static final int HIGHEST = 90;

    private final HotSpotDiagnosticMXBean vm;
    private final MemoryPoolMXBean old;
    private final MemoryPoolMXBean survivors;
    private final GarbageCollectorMXBean marking;
    private final long free;
    private final NotificationListener collected = (collection, none) -> follow();
    private long markings;
    private long lives;
    private int least;

    private HeapSize(
            HotSpotDiagnosticMXBean vm,
            MemoryPoolMXBean old,
            MemoryPoolMXBean survivors,
            GarbageCollectorMXBean marking,
            long freeMegabytes) {
        this.vm = vm;
        this.old = old;
        this.survivors = survivors;
        this.marking = marking;
        this.free = freeMegabytes << 20;
        this.markings = -1;
        this.least = -1;
    }

    /** Null where the collector is not G1, or nothing is to be kept free. */
    static @Nullable HeapSize following(long freeMegabytes) {
        HotSpotDiagnosticMXBean vm = ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class);
        MemoryPoolMXBean old = named(ManagementFactory.getMemoryPoolMXBeans(), "G1 Old Gen");
        MemoryPoolMXBean survivors = named(ManagementFactory.getMemoryPoolMXBeans(), "G1 Survivor Space");
        GarbageCollectorMXBean marking = named(ManagementFactory.getGarbageCollectorMXBeans(), "G1 Concurrent GC");
        return vm == null || old == null || survivors == null || marking == null || freeMegabytes <= 0
                ? null
                : new HeapSize(vm, old, survivors, marking, freeMegabytes);
    }

    /** Follows at once, and after each collection until closed. */
    void start() {
        follow();
        for (NotificationEmitter collector : collectors()) {
            collector.addNotificationListener(collected, null, null);
        }
    }

    @Override
    public void close() {
        for (NotificationEmitter collector : collectors()) {
            try {
                collector.removeNotificationListener(collected);
            } catch (ListenerNotFoundException notStarted) {
                // Then there is nothing to take back.
            }
        }
    }

    private static List<NotificationEmitter> collectors() {
        return ManagementFactory.getGarbageCollectorMXBeans().stream()
                .map(NotificationEmitter.class::cast)
                .toList();
    }

    private static <T extends PlatformManagedObject> @Nullable T named(List<T> beans, String name) {
        for (T bean : beans) {
            if (name.equals(bean.getObjectName().getKeyProperty("name"))) {
                return bean;
            }
        }
        return null;
    }

    /** Looks at what lives, and tells the collector what to keep free beside it: the amount, and at most a quarter more. */
    synchronized void follow() {
        long used = old.getUsage().getUsed();
        long ended = marking.getCollectionCount();
        lives = ended == markings ? Math.min(lives, used) : used;
        markings = ended;
        long room = room(lives, free);
        long found = used + survivors.getUsage().getUsed();
        int wanted = share(found, lives + room);
        if (wanted != least) {
            least = wanted;
            tell(wanted, Math.max(wanted, share(found, lives + room + room / 4)));
        }
    }

    /** The amount, and an eighth of what lives: ten thousand streams also make more garbage than ten. */
    static long room(long lives, long free) {
        return free + lives / 8;
    }

    private void tell(int atLeast, int atMost) {
        try {
            // The collector refuses a least above the most, for as long as it takes to say both too.
            if (atLeast > value(LEAST)) {
                set(MOST, atMost);
                set(LEAST, atLeast);
            } else {
                set(LEAST, atLeast);
                set(MOST, atMost);
            }
        } catch (IllegalArgumentException refused) {
            // Somebody else sets them too (jcmd): whoever is last.
        }
    }

    /** How many percent of a heap are free when so much of it is used. */
    static int share(long used, long heap) {
        return Math.clamp(100 * (heap - used) / heap, LOWEST, HIGHEST);
    }

    private int value(String option) {
        return Integer.parseInt(vm.getVMOption(option).getValue());
    }

    private void set(String option, int percent) {
        vm.setVMOption(option, Integer.toString(percent));
    }

    /**
     * Collects once, some 20 ms, and leaves a quarter of the heap free, or what an operator wants free at least: while a
     * process starts it makes garbage so fast that the collector takes a heap twice as large as what an idle gateway needs.
     */
    static void giveBackAfterStart() {
        HotSpotDiagnosticMXBean vm = ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class);
        if (vm == null) {
            return;
        }
        try {
            String usual = vm.getVMOption(MOST).getValue();
            int least = Integer.parseInt(vm.getVMOption(LEAST).getValue());
            vm.setVMOption(MOST, Integer.toString(Math.max(AFTER_START, least)));
            try {
                System.gc();
            } finally {
                vm.setVMOption(MOST, usual);
            }
        } catch (IllegalArgumentException unsupported) {
            // This JVM has no such options: the heap stays as it is.
        }
    }
}
