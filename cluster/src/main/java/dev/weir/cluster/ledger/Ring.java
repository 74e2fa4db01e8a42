package dev.weir.cluster.ledger;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.IOException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.security.SecureRandom;
import java.util.BitSet;
import java.util.concurrent.atomic.AtomicLongArray;

/**
 * A memory-mapped file of records that is written over and over.
 *
 * <p>A position counts bytes since the file was made and never goes back. Positions are cut into segments, and each
 * segment has one of {@value #SEGMENTS} places in the file while it is in use: the first that is free, so that a journal
 * that is emptied as fast as it is filled takes a few pages of memory, not its whole length. The file's head says what
 * segment each place has.
 *
 * <p>Every record starts in a slot of {@value #SLOT} bytes with a head of {@value #HEAD}: its stamp (the position, masked
 * with the file's number), its length and the CRC32C of all of it. What a place held before, and what a killed process
 * left half written, has another stamp or another sum. The stamp is written last.
 *
 * <p>Nothing is forced to the disk: what was written is in the page cache, which outlives the process.
 */
final class Ring {

    static final int SLOT = 64;
    static final int HEAD = 16;

    private static final long MAGIC =
            ByteBuffer.wrap("WEIRJNL2".getBytes(US_ASCII)).getLong();
    private static final int SEGMENTS = 64;

    /** Magic, number and length of the file, then the segment of each place, all of them longs. */
    private static final int FILE_HEAD = 4096;

    private static final int TABLE = 24;
    private static final long NONE = -1;
    private static final int ZEROS = 1 << 16;
    private static final int WINDOW = 1 << 16;
    private static final int PLACE_BITS = 8;
    private static final int PLACE_MASK = (1 << PLACE_BITS) - 1;
    private static final VarHandle LONG = MethodHandles.byteBufferViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

    private final Path file;
    private final MappedByteBuffer map;
    private final long id;
    private final int segment;

    /** The segment and its place, by the segment's number modulo {@link #SEGMENTS}. */
    private final AtomicLongArray places = new AtomicLongArray(SEGMENTS);

    /** Guarded by this. */
    private final BitSet taken = new BitSet(SEGMENTS);

    /** What lies before it is free. Guarded by this. */
    private long firstSegment;

    private Ring(Path file, MappedByteBuffer map, long id, int segment) {
        this.file = file;
        this.map = map;
        this.id = id;
        this.segment = segment;
        for (int place = 0; place < SEGMENTS; place++) {
            places.set(place, NONE);
        }
        for (int place = 0; place < SEGMENTS; place++) {
            long number = segmentAt(place);
            if (number >= 0) {
                places.accumulateAndGet((int) (number % SEGMENTS), number << PLACE_BITS | place, Math::max);
            }
        }
    }

    /** Opens the file, or makes one of {@code bytes} where there is none. A file that is there keeps its size. */
    static Ring open(Path file, int bytes) {
        return Files.exists(file) ? map(file) : create(file, bytes);
    }

    /** Makes a new file in the place of {@code file}, at once or not at all. */
    static Ring create(Path file, int bytes) {
        Path made = file.resolveSibling(file.getFileName() + ".new");
        long length = (long) SEGMENTS * segment(bytes);
        try {
            try (FileChannel channel = FileChannel.open(
                    made, StandardOpenOption.CREATE, StandardOpenOption.WRITE, StandardOpenOption.TRUNCATE_EXISTING)) {
                ByteBuffer head = ByteBuffer.allocate(FILE_HEAD).order(ByteOrder.LITTLE_ENDIAN);
                head.putLong(MAGIC).putLong(new SecureRandom().nextLong()).putLong(length);
                for (int place = 0; place < SEGMENTS; place++) {
                    head.putLong(NONE);
                }
                head.clear();
                write(channel, head);
                // Zeros, not a hole: a hole that the disk cannot fill later kills the process on a store.
                ByteBuffer zeros = ByteBuffer.allocate(ZEROS);
                for (long left = length; left > 0; left -= ZEROS) {
                    zeros.clear().limit((int) Math.min(left, ZEROS));
                    write(channel, zeros);
                }
                channel.force(true);
            }
            Files.move(made, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            return map(file);
        } catch (IOException failure) {
            throw new JournalException("the journal " + file + " cannot be made: " + failure.getMessage(), failure);
        }
    }

    private static int segment(int bytes) {
        return Math.max(SLOT, bytes / SEGMENTS / SLOT * SLOT);
    }

    private static void write(FileChannel channel, ByteBuffer bytes) throws IOException {
        while (bytes.hasRemaining()) {
            channel.write(bytes);
        }
    }

    private static Ring map(Path file) {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            long size = channel.size();
            if (size <= FILE_HEAD || size > Integer.MAX_VALUE) {
                throw new JournalException("the journal " + file + " has " + size + " bytes: it is not one of ours");
            }
            MappedByteBuffer map = channel.map(FileChannel.MapMode.READ_WRITE, 0, size);
            map.order(ByteOrder.LITTLE_ENDIAN);
            long length = map.getLong(16);
            if (map.getLong(0) != MAGIC || length != size - FILE_HEAD || length % (SEGMENTS * SLOT) != 0) {
                throw new JournalException("the journal " + file + " has a head that this version does not know");
            }
            return new Ring(file, map, map.getLong(8), (int) (length / SEGMENTS));
        } catch (IOException failure) {
            throw new JournalException("the journal " + file + " cannot be read: " + failure.getMessage(), failure);
        }
    }

    /** This file's number; a new file has another. */
    long id() {
        return id;
    }

    /** How far the last position in use may be from the first: the places but one, because neither needs to begin one. */
    int capacity() {
        return capacity(segment);
    }

    /** All places: so far from the last position may lie the first that is still here. */
    long bytes() {
        return (long) SEGMENTS * segment;
    }

    /** The capacity of a file that is made for {@code bytes}. */
    static int capacityOf(int bytes) {
        return capacity(segment(bytes));
    }

    private static int capacity(int segment) {
        return (SEGMENTS - 1) * segment;
    }

    /** What a record of {@code length} bytes takes. */
    static int slots(int length) {
        return (length + SLOT - 1) & -SLOT;
    }

    /**
     * Forgets what is in the file, which all is in the store. The segment of {@code position} keeps its place until that
     * is released: the store has not heard yet that nothing follows in it.
     *
     * @return from where on it may be written, {@code position} or not far behind it
     */
    synchronized long reset(long position) {
        long begun = position % segment == 0 ? NONE : position / segment;
        long first = (position + segment - 1) / segment;
        taken.clear();
        for (int place = 0; place < SEGMENTS; place++) {
            places.set(place, NONE);
        }
        for (int place = 0; place < SEGMENTS; place++) {
            long number = segmentAt(place);
            if (number == begun && begun >= 0) {
                put(number, place);
            } else if (number >= first) {
                // Begun by a process that died before a record in it was whole: it will be begun again.
                LONG.setRelease(map, TABLE + place * Long.BYTES, NONE);
            }
        }
        firstSegment = position / segment;
        return first * segment;
    }

    private void put(long number, int place) {
        taken.set(place);
        places.set((int) (number % SEGMENTS), number << PLACE_BITS | place);
    }

    /** Whether all that was written from {@code from} up to {@code upTo} is still here, and not written over. */
    boolean has(long from, long upTo) {
        for (long number = from / segment; from < upTo && number <= (upTo - 1) / segment; number++) {
            if (at(number * segment) < 0) {
                return false;
            }
        }
        return true;
    }

    /** What lies before {@code position} will not be read again. */
    synchronized void release(long position) {
        for (long end = position / segment; firstSegment < end; firstSegment++) {
            long known = places.get((int) (firstSegment % SEGMENTS));
            if (known >> PLACE_BITS == firstSegment) {
                taken.clear((int) (known & PLACE_MASK));
            }
        }
    }

    /** Where in the map a position is; -1 when its segment has no place, or not any more. */
    private int at(long position) {
        long number = position / segment;
        long known = places.get((int) (number % SEGMENTS));
        return known >> PLACE_BITS == number ? at((int) (known & PLACE_MASK), position) : -1;
    }

    private int at(int place, long position) {
        return FILE_HEAD + place * segment + (int) (position % segment);
    }

    private int place(long position) {
        int at = at(position);
        return at < 0 ? take(position) : at;
    }

    private synchronized int take(long position) {
        int at = at(position);
        if (at >= 0) {
            return at;
        }
        int place = taken.nextClearBit(0);
        if (place >= SEGMENTS) {
            throw new IllegalStateException("the journal has no place for " + position + ": more is used than it has");
        }
        long number = position / segment;
        LONG.setRelease(map, TABLE + place * Long.BYTES, number);
        put(number, place);
        return at(place, position);
    }

    private long segmentAt(int place) {
        return (long) LONG.getAcquire(map, TABLE + place * Long.BYTES);
    }

    /** Writes a record where nobody else writes to. */
    void write(long position, Scratch record) {
        byte[] bytes = record.seal(position ^ id);
        int stampAt = place(position);
        int length = record.length();
        int from = Long.BYTES;
        while (from < length) {
            int n = within(position + from, length - from);
            map.put(place(position + from), bytes, from, n);
            from += n;
        }
        LONG.setRelease(map, stampAt, position ^ id);
    }

    /** How many of {@code length} bytes are in the segment where they begin. */
    private int within(long position, int length) {
        return Math.min(length, segment - (int) (position % segment));
    }

    /** Reads the record at {@code position}, unless there is none, or not yet a whole one. */
    boolean read(long position, Scratch into) {
        int at = at(position);
        if (at < 0 || (long) LONG.getAcquire(map, at) != (position ^ id)) {
            return false;
        }
        int length = map.getInt(at + Long.BYTES);
        if (length < HEAD || length > Math.min(Scratch.MOST, capacity())) {
            return false;
        }
        byte[] bytes = into.bytes();
        int from = 0;
        while (from < length) {
            int n = within(position + from, length - from);
            int part = at(position + from);
            if (part < 0) {
                return false;
            }
            map.get(part, bytes, from, n);
            from += n;
        }
        return into.opened();
    }

    /**
     * Where the last whole record of the file ends; 0 when there is none. Reads all of it, and not through the map: pages
     * that were looked at there once would count as the process's memory from then on.
     */
    long end() {
        Scratch scratch = new Scratch();
        ByteBuffer window = ByteBuffer.allocate(WINDOW + Scratch.MOST).order(ByteOrder.LITTLE_ENDIAN);
        long end = 0;
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            for (int place = 0; place < SEGMENTS; place++) {
                long first = segmentAt(place) * segment;
                for (int from = 0; first >= 0 && from < segment; from += WINDOW) {
                    fill(window, channel, at(place, first) + from);
                    for (int at = from; at < Math.min(from + WINDOW, segment); at += SLOT) {
                        long position = first + at;
                        if (position >= end
                                && window.getLong(at - from) == (position ^ id)
                                && read(position, window, at - from, scratch)) {
                            end = position + slots(scratch.length());
                        }
                    }
                }
            }
            return end;
        } catch (IOException failure) {
            throw new JournalException("the journal " + file + " cannot be read: " + failure.getMessage(), failure);
        }
    }

    private static void fill(ByteBuffer window, FileChannel channel, long from) throws IOException {
        window.clear();
        while (window.hasRemaining() && channel.read(window, from + window.position()) > 0) {
            // As much as there is.
        }
    }

    /** The record at {@code offset} of the window, which has all of it unless it goes on in another segment. */
    private boolean read(long position, ByteBuffer window, int offset, Scratch into) {
        int length = window.getInt(offset + Long.BYTES);
        if (length < HEAD || length > Math.min(Scratch.MOST, capacity())) {
            return false;
        }
        if (within(position, length) < length) {
            return read(position, into);
        }
        window.get(offset, into.bytes(), 0, length);
        return into.opened();
    }

    void force() {
        map.force();
    }
}
