package dev.weir.cluster.ledger;

import dev.weir.config.price.Usage;
import java.nio.file.Path;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The attempts of this node, in a memory-mapped file, before they are anywhere else: what begins is here before its
 * first byte goes to an upstream, and what is here becomes a row of the ledger, whatever happens to the process.
 *
 * <p>Any thread may write, without a lock and without a system call: space is claimed by counting, and the copy into the
 * page cache needs no one's leave. An attempt that begins claims the space of its end too, so that no end is ever
 * refused. The {@link Shipper} reads behind the writers and gives space back. Until it has recovered what an earlier
 * process left, nothing may begin.
 *
 * <p>Survives the process in any way of dying. Not forced to the disk at every record: a machine that loses its power
 * loses what its kernel had not written yet.
 */
public final class AttemptJournal implements AutoCloseable {

    /** What the file is called in the data directory. */
    public static final String FILE = "attempts.journal";

    /** The least and the most that {@code weir.storage.journal_bytes} may be. */
    public static final long LEAST_BYTES = 1_000_000;

    public static final long MOST_BYTES = 1L << 30;

    private static final int AS_IT_IS = 0;

    private static final Logger LOG = LoggerFactory.getLogger(AttemptJournal.class);

    /** Records are written there whole before space is claimed; one for each thread, because a record is 20 KB at most. */
    private static final ThreadLocal<Scratch> SCRATCH = ThreadLocal.withInitial(Scratch::new);

    private final Path file;
    private final int wanted;
    private final AtomicLong head = new AtomicLong();
    private final Set<AttemptId> open = ConcurrentHashMap.newKeySet();
    private final LongAdder refused = new LongAdder();

    /** Written and not given back, and kept for ends: never above the capacity. */
    private final AtomicLong claimed = new AtomicLong();

    private volatile Ring ring;
    private volatile boolean admitting;

    /** Up to where space was given back. The shipper's alone. */
    private long tail;

    private AttemptJournal(Path file, int wanted) {
        this.file = file;
        this.wanted = wanted;
        this.ring = Ring.open(file, wanted);
    }

    /**
     * Opens the journal of a data directory, which the caller has locked, or makes one. Reads the file once.
     *
     * @param bytes for the whole journal. Another size than the file has is taken when the file has been recovered
     * @throws JournalException when the file is not a journal, or cannot be made
     */
    public static AttemptJournal open(Path directory, long bytes) {
        if (bytes < LEAST_BYTES || bytes > MOST_BYTES) {
            throw new JournalException(
                    "weir.storage.journal_bytes: " + bytes + " (expected: " + LEAST_BYTES + " to " + MOST_BYTES + ")");
        }
        return ofCapacity(directory, bytes);
    }

    /** The journal that is there, whatever its size. */
    static AttemptJournal asItIs(Path directory) {
        return new AttemptJournal(directory.resolve(FILE), AS_IT_IS);
    }

    static AttemptJournal ofCapacity(Path directory, long bytes) {
        return new AttemptJournal(directory.resolve(FILE), (int) bytes);
    }

    /**
     * Writes that an attempt begins. False when there is no room for it and its end, or when the journal is not
     * recovered or is closed: then the attempt must not begin, and the call is refused with 503.
     *
     * @throws IllegalStateException when this attempt has begun before
     */
    public boolean begin(AttemptBegun begun) {
        Scratch record = SCRATCH.get().put(begun);
        int size = record.size();
        if (!admitting || !claim(size + Scratch.END_SIZE)) {
            refused.increment();
            return false;
        }
        if (!open.add(begun.id())) {
            claimed.addAndGet(-(size + Scratch.END_SIZE));
            throw new IllegalStateException("attempt " + begun.id() + " begins twice");
        }
        append(record, size);
        return true;
    }

    /**
     * Writes what a running attempt has used so far: if the process dies, it is charged that or what it held, whichever
     * is more. Best effort: false when there is no room, or the attempt is not open.
     */
    public boolean progress(AttemptId id, Usage soFar, long nanoUsd) {
        if (!open.contains(id)) {
            return false;
        }
        Scratch record = SCRATCH.get().put(id, soFar, nanoUsd);
        int size = record.size();
        if (!claim(size)) {
            return false;
        }
        append(record, size);
        return true;
    }

    /** Writes that an attempt has ended. There is always room. A second end is a bug of the caller's and ignored. */
    public void end(AttemptEnded ended) {
        if (!open.remove(ended.id())) {
            LOG.warn("attempt {} ends with {} but is not open: ignored", ended.id(), ended.outcome());
            return;
        }
        append(SCRATCH.get().put(ended), Scratch.END_SIZE);
    }

    private boolean claim(int size) {
        long capacity = ring.capacity();
        long before;
        do {
            before = claimed.get();
            if (before + size > capacity) {
                return false;
            }
        } while (!claimed.compareAndSet(before, before + size));
        return true;
    }

    private void append(Scratch record, int size) {
        ring.write(head.getAndAdd(size), record);
    }

    /** Bytes that are in use: what is not shipped yet, and what is kept for the ends of open attempts. */
    public long usedBytes() {
        return claimed.get();
    }

    public long capacity() {
        return ring.capacity();
    }

    /** Attempts that have begun and not ended. */
    public int openAttempts() {
        return open.size();
    }

    /** How often {@link #begin} said no. */
    public long refusals() {
        return refused.sum();
    }

    Ring ring() {
        return ring;
    }

    long head() {
        return head.get();
    }

    /**
     * The shipper has read all that an earlier process left, and the file is free.
     *
     * @return where the first record will be: {@code position} or not far behind it
     */
    long admitFrom(long position) {
        long from = ring.reset(position);
        head.set(from);
        tail = from;
        claimed.set(0);
        admitting = true;
        return from;
    }

    boolean admitting() {
        return admitting;
    }

    /** Makes the file anew when its size is not the one that was asked for. Everything in it must have been shipped. */
    boolean resize() {
        if (wanted == AS_IT_IS || ring.capacity() == Ring.capacityOf(wanted)) {
            return false;
        }
        LOG.info(
                "journal {}: made anew for {} bytes of records, not {}",
                file,
                Ring.capacityOf(wanted),
                ring.capacity());
        ring = Ring.create(file, wanted);
        return true;
    }

    /** What lies before {@code position} is in the store: its space is free. */
    void release(long position) {
        ring.release(position);
        claimed.addAndGet(tail - position);
        tail = position;
    }

    /** Ends admission. Attempts that end after this are still written; those that do not are lost at the next start. */
    @Override
    public void close() {
        admitting = false;
        ring.force();
    }
}
