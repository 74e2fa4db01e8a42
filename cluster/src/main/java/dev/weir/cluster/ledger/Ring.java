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

/**
 * A memory-mapped file of records that is written round and round.
 *
 * <p>A position counts bytes since the file was made and never goes back; its place is {@code position % capacity}.
 * Every record starts in a slot of {@value #SLOT} bytes with a head of {@value #HEAD}: its stamp (the position, masked
 * with the file's number), its length and the CRC32C of all of it. What an earlier round left, and what a killed
 * process left half written, has another stamp or another sum. The stamp is written last.
 *
 * <p>Nothing is forced to the disk: what was written is in the page cache, which outlives the process.
 */
final class Ring {

    static final int SLOT = 64;
    static final int HEAD = 16;

    private static final long MAGIC =
            ByteBuffer.wrap("WEIRJNL1".getBytes(US_ASCII)).getLong();
    private static final int FILE_HEAD = 4096;
    private static final int ZEROS = 1 << 20;
    private static final int WINDOW = 1 << 16;
    private static final VarHandle STAMP = MethodHandles.byteBufferViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

    private final Path file;
    private final MappedByteBuffer map;
    private final long id;
    private final int capacity;

    private Ring(Path file, MappedByteBuffer map, long id, int capacity) {
        this.file = file;
        this.map = map;
        this.id = id;
        this.capacity = capacity;
    }

    /** Opens the file, or makes one of {@code capacity} where there is none. A file that is there keeps its size. */
    static Ring open(Path file, int capacity) {
        return Files.exists(file) ? map(file) : create(file, capacity);
    }

    /** Makes a new file in the place of {@code file}, at once or not at all. */
    static Ring create(Path file, int capacity) {
        Path made = file.resolveSibling(file.getFileName() + ".new");
        try {
            try (FileChannel channel = FileChannel.open(
                    made, StandardOpenOption.CREATE, StandardOpenOption.WRITE, StandardOpenOption.TRUNCATE_EXISTING)) {
                ByteBuffer head = ByteBuffer.allocate(FILE_HEAD);
                head.putLong(MAGIC).putLong(new SecureRandom().nextLong()).putLong(capacity);
                head.clear();
                write(channel, head);
                // Zeros, not a hole: a hole that the disk cannot fill later kills the process on a store.
                for (long left = capacity; left > 0; left -= ZEROS) {
                    write(channel, ByteBuffer.allocate((int) Math.min(left, ZEROS)));
                }
                channel.force(true);
            }
            Files.move(made, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            return map(file);
        } catch (IOException failure) {
            throw new JournalException("the journal " + file + " cannot be made: " + failure.getMessage(), failure);
        }
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
            long capacity = map.getLong(16);
            if (map.getLong(0) != MAGIC || capacity != size - FILE_HEAD || capacity % SLOT != 0) {
                throw new JournalException("the journal " + file + " has a head that this version does not know");
            }
            long id = map.getLong(8);
            map.order(ByteOrder.LITTLE_ENDIAN);
            return new Ring(file, map, id, (int) capacity);
        } catch (IOException failure) {
            throw new JournalException("the journal " + file + " cannot be read: " + failure.getMessage(), failure);
        }
    }

    /** This file's number; a new file has another. */
    long id() {
        return id;
    }

    int capacity() {
        return capacity;
    }

    /** What a record of {@code length} bytes takes. */
    static int slots(int length) {
        return (length + SLOT - 1) & -SLOT;
    }

    /** Writes a record to a place that nobody else writes to. */
    void write(long position, Scratch record) {
        byte[] bytes = record.seal(position ^ id);
        int length = record.length();
        int at = (int) (position % capacity);
        int first = Math.min(length, capacity - at);
        map.put(FILE_HEAD + at + Long.BYTES, bytes, Long.BYTES, first - Long.BYTES);
        if (first < length) {
            map.put(FILE_HEAD, bytes, first, length - first);
        }
        STAMP.setRelease(map, FILE_HEAD + at, position ^ id);
    }

    /** Reads the record at {@code position}, unless there is none, or not yet a whole one. */
    boolean read(long position, Scratch into) {
        int at = (int) (position % capacity);
        if ((long) STAMP.getAcquire(map, FILE_HEAD + at) != (position ^ id)) {
            return false;
        }
        int length = map.getInt(FILE_HEAD + at + Long.BYTES);
        if (length < HEAD || length > Math.min(Scratch.MOST, capacity)) {
            return false;
        }
        byte[] bytes = into.bytes();
        int first = Math.min(length, capacity - at);
        map.get(FILE_HEAD + at, bytes, 0, first);
        if (first < length) {
            map.get(FILE_HEAD, bytes, first, length - first);
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
            for (int from = 0; from < capacity; from += WINDOW) {
                fill(window, channel, FILE_HEAD + from);
                for (int at = from; at < Math.min(from + WINDOW, capacity); at += SLOT) {
                    long position = window.getLong(at - from) ^ id;
                    if (position >= end && position % capacity == at && read(position, window, at - from, scratch)) {
                        end = position + slots(scratch.length());
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

    /** The record at {@code offset} of the window, which has all of it unless it goes on at the file's beginning. */
    private boolean read(long position, ByteBuffer window, int offset, Scratch into) {
        int length = window.getInt(offset + Long.BYTES);
        if (length < HEAD || length > Math.min(Scratch.MOST, capacity)) {
            return false;
        }
        if (position % capacity + length > capacity) {
            return read(position, into);
        }
        window.get(offset, into.bytes(), 0, length);
        return into.opened();
    }

    void force() {
        map.force();
    }
}
