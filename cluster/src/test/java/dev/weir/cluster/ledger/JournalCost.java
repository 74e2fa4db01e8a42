package dev.weir.cluster.ledger;

import com.sun.management.ThreadMXBean;
import dev.weir.actors.meter.Need;
import dev.weir.cluster.store.Database;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

/**
 * What an attempt costs: on the thread that writes it, and on the shipper's. To be run by hand; cluster/README.md has
 * the command and the figures.
 */
public final class JournalCost {

    private static final int CALLS = 50_000;
    private static final int ROUNDS = 6;
    private static final long BYTES = 64_000_000;

    private JournalCost() {}

    public static void main(String[] args) throws Exception {
        Path directory = Files.createTempDirectory(Path.of(args[0]), "journal-cost");
        try (Database database = Database.open(directory)) {
            AttemptJournal journal = AttemptJournal.open(directory, BYTES);
            AtomicLong rows = new AtomicLong();
            Shipper shipper = new Shipper(journal, database.writing(), InstantSource.system(), new Shipper.Watch() {
                @Override
                public void shipped(int more) {
                    rows.addAndGet(more);
                }
            });
            shipper.recover();
            for (int round = 0; round < ROUNDS; round++) {
                int threads = 1 + round % 2;
                write(journal, round, threads);
                ship(shipper, rows, threads * CALLS);
            }
            shipper.start();
            paced(journal, rows, 10_000, 10);
            shipper.close();
            journal.close();
        }
    }

    private static void write(AttemptJournal journal, int round, int threads) throws InterruptedException {
        Thread[] loops = new Thread[threads];
        ThreadMXBean bean = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        AtomicLong bytes = new AtomicLong();
        AtomicLong nanos = new AtomicLong();
        for (int t = 0; t < threads; t++) {
            long incarnation = 100L * round + t;
            loops[t] = Thread.ofPlatform().start(() -> {
                AttemptBegun[] begun = new AttemptBegun[CALLS];
                AttemptEnded[] ended = new AttemptEnded[CALLS];
                for (int i = 0; i < CALLS; i++) {
                    AttemptId id = Attempts.id(incarnation, i);
                    begun[i] = begun(id);
                    ended[i] = Attempts.ended(id, 1, System.currentTimeMillis());
                }
                long allocated = bean.getCurrentThreadAllocatedBytes();
                long start = System.nanoTime();
                for (int i = 0; i < CALLS; i++) {
                    if (!journal.begin(begun[i])) {
                        throw new IllegalStateException("full");
                    }
                    journal.end(ended[i]);
                }
                nanos.addAndGet(System.nanoTime() - start);
                bytes.addAndGet(bean.getCurrentThreadAllocatedBytes() - allocated);
            });
        }
        for (Thread loop : loops) {
            loop.join();
        }
        long calls = (long) CALLS * threads;
        System.out.printf(
                "%d thread(s): begin + end %d ns, %d bytes of heap, %d bytes of journal%n",
                threads, nanos.get() / calls, bytes.get() / calls, journal.usedBytes() / calls);
    }

    /** As a door writes it: real lengths. */
    private static AttemptBegun begun(AttemptId id) {
        return new AttemptBegun(
                id,
                "5a3c0d52-6a0e-4a61-9a3e-" + id,
                "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcd" + 10
                        + id.call().sequence() % 50,
                "gpt-4o",
                "gpt-4o",
                "azure-eastus-gpt-4o",
                "azure",
                true,
                Need.ofCall(1_000, 10_000_000, true),
                System.currentTimeMillis(),
                "team-7c1f",
                "user-19",
                null,
                "customer-4711",
                List.of("paid"));
    }

    private static void ship(Shipper shipper, AtomicLong rows, int expected) throws Exception {
        ThreadMXBean bean = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long before = rows.get();
        long cpu = bean.getCurrentThreadCpuTime();
        long start = System.nanoTime();
        boolean more = true;
        while (more) {
            more = shipper.ship();
        }
        long done = rows.get() - before;
        if (done != expected) {
            throw new IllegalStateException(done + " rows of " + expected);
        }
        System.out.printf(
                "shipped %d rows: %d rows/s, %.1f us of CPU each%n",
                done,
                done * 1_000_000_000L / (System.nanoTime() - start),
                (bean.getCurrentThreadCpuTime() - cpu) / 1e3 / done);
    }

    /** As under load: so many calls a second, and how far the rows are behind. */
    private static void paced(AttemptJournal journal, AtomicLong rows, int perSecond, int seconds) {
        long before = rows.get();
        long behind = 0;
        long start = System.nanoTime();
        double cpu = processCpu();
        int total = perSecond * seconds;
        for (int i = 0; i < total; i++) {
            while ((System.nanoTime() - start) * perSecond / 1_000_000_000L < i) {
                LockSupport.parkNanos(200_000);
            }
            AttemptId id = Attempts.id(9_999, i);
            if (!journal.begin(begun(id))) {
                throw new IllegalStateException("full");
            }
            journal.end(Attempts.ended(id, 1, System.currentTimeMillis()));
            behind = Math.max(behind, i + 1 - (rows.get() - before));
        }
        System.out.printf(
                "%d calls/s for %d s: at most %d rows behind, %.1f us of CPU of the process per call%n",
                perSecond, seconds, behind, (processCpu() - cpu) / 1e3 / total);
    }

    private static double processCpu() {
        return ((com.sun.management.OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean())
                .getProcessCpuTime();
    }
}
