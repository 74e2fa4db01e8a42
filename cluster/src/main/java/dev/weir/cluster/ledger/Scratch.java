package dev.weir.cluster.ledger;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.weir.actors.meter.HoldId;
import dev.weir.actors.meter.Need;
import dev.weir.actors.meter.Outcome;
import dev.weir.config.price.Usage;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * Room for one record, where it is written before it goes into the journal and read after it came out.
 *
 * <p>Texts are cut to the bounds below, in characters, never within one; NUL, which PostgreSQL has no place for, becomes
 * U+FFFD. Amounts are cut to {@link #MOST_AMOUNT}, so that no row can be one that a store refuses.
 */
final class Scratch {

    static final int MOST_LABEL = 1024;
    static final int MOST_NAME = 256;
    static final int MOST_PROVIDER = 64;
    static final int MOST_HASH = 64;
    static final int MOST_TAGS = 32;
    static final int MOST_IN_TAGS = 2048;

    /** A million dollars, or as many tokens: sums of rows stay far from overflowing. */
    static final long MOST_AMOUNT = 1_000_000_000_000_000L;

    /** The longest record there can be, with all its texts at three bytes a character. */
    static final int MOST = 20_480;

    static final byte BEGUN = 1;
    static final byte PROGRESSED = 2;
    static final byte ENDED = 3;
    private static final short NULL = -1;

    private static final int STREAM = 1;
    private static final int PRICED = 2;
    private static final int ESTIMATED = 4;

    private static final int LENGTH_AT = 8;
    private static final int SUM_AT = 12;
    private static final int BODY_AT = Ring.HEAD + 22;
    private static final int HELD_TOKENS_AT = BODY_AT + Long.BYTES;
    private static final int HELD_NANO_USD_AT = BODY_AT + 2 * Long.BYTES;
    private static final int STARTED_AT = BODY_AT + 4 * Long.BYTES;
    private static final int ENDED_AT = BODY_AT + 8 * Long.BYTES;

    /** What an END takes in the journal, however it ends: so much is kept for it from the start. */
    static final int END_SIZE = 128;

    /** Names that are remembered, a power of two. */
    private static final int NAMES = 256;

    private final byte[] bytes = new byte[MOST];
    private final ByteBuffer buffer = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    private final CRC32C crc = new CRC32C();
    private final @Nullable String[] names = new String[NAMES];

    byte[] bytes() {
        return bytes;
    }

    int length() {
        return buffer.getInt(LENGTH_AT);
    }

    int size() {
        return Ring.slots(length());
    }

    Scratch put(AttemptBegun begun) {
        start(BEGUN, (begun.stream() ? STREAM : 0) | (begun.held().priced() ? PRICED : 0), begun.id());
        Need held = begun.held();
        buffer.putLong(held.requests())
                .putLong(cut(held.tokens()))
                .putLong(cut(held.nanoUsd()))
                .putLong(held.slots())
                .putLong(begun.startedMillis());
        text(begun.requestId(), MOST_LABEL);
        text(begun.keyHash(), MOST_HASH);
        text(begun.model(), MOST_NAME);
        text(begun.modelGroup(), MOST_NAME);
        text(begun.modelId(), MOST_NAME);
        text(begun.provider(), MOST_PROVIDER);
        text(begun.teamId(), MOST_NAME);
        text(begun.userId(), MOST_NAME);
        text(begun.endUser(), MOST_LABEL);
        tags(begun.tags());
        if (begun.organizationId() != null) {
            text(begun.organizationId(), MOST_NAME);
        }
        return finish();
    }

    Scratch put(AttemptId id, Usage usage, long nanoUsd) {
        start(PROGRESSED, 0, id);
        usage(usage);
        buffer.putLong(cut(nanoUsd));
        return finish();
    }

    Scratch put(AttemptEnded ended) {
        start(ENDED, (ended.estimated() ? ESTIMATED : 0) | (ended.priced() ? PRICED : 0), ended.id());
        usage(ended.usage());
        buffer.putLong(cut(ended.nanoUsd()))
                .putLong(ended.endedMillis())
                .putLong(ended.firstContentMillis())
                .putInt(ended.status())
                .put(code(ended.outcome()));
        return finish();
    }

    private void start(byte kind, int flags, AttemptId id) {
        buffer.clear().position(Ring.HEAD);
        buffer.put(kind)
                .put((byte) flags)
                .putInt(id.number())
                .putLong(id.call().incarnation())
                .putLong(id.call().sequence());
    }

    private Scratch finish() {
        buffer.putInt(LENGTH_AT, buffer.position());
        return this;
    }

    private void usage(Usage usage) {
        buffer.putLong(cut(usage.input()))
                .putLong(cut(usage.cacheRead()))
                .putLong(cut(usage.cacheWrite()))
                .putLong(cut(usage.output()))
                .putLong(cut(usage.reasoning()))
                .putLong(cut(usage.audio()))
                .putLong(cut(usage.image()));
    }

    private static long cut(long amount) {
        return Math.clamp(amount, 0L, MOST_AMOUNT);
    }

    private static byte code(Outcome outcome) {
        return switch (outcome) {
            case COMPLETED -> 1;
            case CLIENT_CANCELLED -> 2;
            case UPSTREAM_FAILED -> 3;
            case TIMED_OUT -> 4;
            case DRAINED -> 5;
            case LOST -> 6;
            case CUT -> 7;
        };
    }

    private static Outcome outcome(byte code) {
        for (Outcome outcome : Outcome.values()) {
            if (code(outcome) == code) {
                return outcome;
            }
        }
        throw new JournalException("an outcome of code " + code + ": written by a newer Weir");
    }

    private void tags(List<String> tags) {
        int countAt = buffer.position();
        buffer.put((byte) 0);
        int count = 0;
        int left = MOST_IN_TAGS;
        for (String tag : tags) {
            if (count == MOST_TAGS || left == 0) {
                break;
            }
            int most = Math.min(left, MOST_NAME);
            text(tag, most);
            left -= Math.min(tag.length(), most);
            count++;
        }
        buffer.put(countAt, (byte) count);
    }

    /** By hand, because it is on the way of every call and most texts are plain. */
    private void text(@Nullable String text, int most) {
        if (text == null) {
            buffer.putShort(NULL);
            return;
        }
        int start = buffer.position() + Short.BYTES;
        int at = start;
        int end = end(text, most);
        for (int i = 0; i < end; i++) {
            char c = text.charAt(i);
            if (c < 0x80 && c != 0) {
                bytes[at++] = (byte) c;
            } else if (c != 0 && c < 0x800) {
                bytes[at++] = (byte) (0xC0 | (c >> 6));
                bytes[at++] = (byte) (0x80 | (c & 0x3F));
            } else if (Character.isHighSurrogate(c) && i + 1 < end && Character.isLowSurrogate(text.charAt(i + 1))) {
                int point = Character.toCodePoint(c, text.charAt(++i));
                bytes[at++] = (byte) (0xF0 | (point >> 18));
                bytes[at++] = (byte) (0x80 | ((point >> 12) & 0x3F));
                bytes[at++] = (byte) (0x80 | ((point >> 6) & 0x3F));
                bytes[at++] = (byte) (0x80 | (point & 0x3F));
            } else {
                int shown = c == 0 || Character.isSurrogate(c) ? 0xFFFD : c;
                bytes[at++] = (byte) (0xE0 | (shown >> 12));
                bytes[at++] = (byte) (0x80 | ((shown >> 6) & 0x3F));
                bytes[at++] = (byte) (0x80 | (shown & 0x3F));
            }
        }
        buffer.putShort((short) (at - start)).position(at);
    }

    private static int end(String text, int most) {
        if (text.length() <= most) {
            return text.length();
        }
        return Character.isHighSurrogate(text.charAt(most - 1)) ? most - 1 : most;
    }

    /** Stamps and sums the record. */
    byte[] seal(long stamp) {
        buffer.putLong(0, stamp);
        buffer.putInt(SUM_AT, sum());
        return bytes;
    }

    /** Whether what was read is whole. */
    boolean opened() {
        return buffer.getInt(SUM_AT) == sum();
    }

    private int sum() {
        crc.reset();
        crc.update(bytes, 0, SUM_AT);
        crc.update(bytes, Ring.HEAD, length() - Ring.HEAD);
        return (int) crc.getValue();
    }

    /** The record apart from its place, to be kept elsewhere. */
    byte[] body() {
        return Arrays.copyOfRange(bytes, Ring.HEAD, length());
    }

    static AttemptBegun begun(byte[] body) {
        Scratch scratch = new Scratch();
        System.arraycopy(body, 0, scratch.bytes, Ring.HEAD, body.length);
        scratch.buffer.putInt(LENGTH_AT, Ring.HEAD + body.length);
        Entry entry = scratch.entry();
        if (entry instanceof Entry.Begun begun) {
            return begun.attempt();
        }
        throw new JournalException("an open attempt's row does not hold what begins an attempt");
    }

    /** What the record is: {@link #BEGUN}, {@link #PROGRESSED} or {@link #ENDED}. */
    byte kind() {
        return bytes[Ring.HEAD];
    }

    AttemptId id() {
        buffer.clear().position(Ring.HEAD + 2);
        int number = buffer.getInt();
        return new AttemptId(new HoldId(buffer.getLong(), buffer.getLong()), number);
    }

    /** Of a beginning: the tokens that the call holds. */
    long heldTokens() {
        return buffer.getLong(HELD_TOKENS_AT);
    }

    /** Of a beginning. */
    long heldNanoUsd() {
        return buffer.getLong(HELD_NANO_USD_AT);
    }

    /** Of a beginning. */
    long startedMillis() {
        return buffer.getLong(STARTED_AT);
    }

    /** Of an end. */
    long endedMillis() {
        return buffer.getLong(ENDED_AT);
    }

    /** All of it. */
    Entry entry() {
        byte kind = kind();
        int flags = bytes[Ring.HEAD + 1];
        AttemptId id = id();
        return switch (kind) {
            case BEGUN -> new Entry.Begun(begun(id, flags));
            case PROGRESSED -> new Entry.Progressed(id, usage(), buffer.getLong());
            case ENDED -> new Entry.Ended(ended(id, flags));
            default -> throw unknown(kind);
        };
    }

    static JournalException unknown(byte kind) {
        return new JournalException("a record of kind " + kind + ": written by a newer Weir");
    }

    private AttemptBegun begun(AttemptId id, int flags) {
        Need held =
                new Need(buffer.getLong(), buffer.getLong(), buffer.getLong(), buffer.getLong(), (flags & PRICED) != 0);
        long started = buffer.getLong();
        String requestId = text();
        String keyHash = name();
        String model = name();
        String group = name();
        String modelId = name();
        String provider = name();
        String team = nameOrNull();
        String user = nameOrNull();
        String endUser = textOrNull();
        List<String> tags = tags();
        // What was written before there were organizations ends here.
        String organization = buffer.position() < length() ? nameOrNull() : null;
        boolean stream = (flags & STREAM) != 0;
        return new AttemptBegun(
                id,
                requestId,
                keyHash,
                model,
                group,
                modelId,
                provider,
                stream,
                held,
                started,
                team,
                user,
                organization,
                endUser,
                tags);
    }

    private AttemptEnded ended(AttemptId id, int flags) {
        Usage usage = usage();
        long nanoUsd = buffer.getLong();
        long ended = buffer.getLong();
        long firstContent = buffer.getLong();
        int status = buffer.getInt();
        Outcome outcome = outcome(buffer.get());
        return new AttemptEnded(
                id,
                outcome,
                status,
                usage,
                (flags & ESTIMATED) != 0,
                nanoUsd,
                (flags & PRICED) != 0,
                ended,
                firstContent);
    }

    private Usage usage() {
        return new Usage(
                buffer.getLong(),
                buffer.getLong(),
                buffer.getLong(),
                buffer.getLong(),
                buffer.getLong(),
                buffer.getLong(),
                buffer.getLong());
    }

    private List<String> tags() {
        int count = buffer.get();
        List<String> tags = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            tags.add(text());
        }
        return tags;
    }

    private String name() {
        String name = nameOrNull();
        return name == null ? "" : name;
    }

    /** A text that many records have: the same String again, where it is one of those that were read last. */
    private @Nullable String nameOrNull() {
        int start = buffer.position() + Short.BYTES;
        short length = buffer.getShort(buffer.position());
        if (length <= 0) {
            return textOrNull();
        }
        int hash = 0;
        for (int i = start; i < start + length; i++) {
            hash = 31 * hash + bytes[i];
        }
        int slot = (hash ^ hash >>> 16) & NAMES - 1;
        String known = names[slot];
        if (known != null && isPlain(known, start, length)) {
            buffer.position(start + length);
            return known;
        }
        String read = new String(bytes, start, length, UTF_8);
        buffer.position(start + length);
        names[slot] = read;
        return read;
    }

    /** A text that is not plain ASCII is never equal here, and read anew. */
    private boolean isPlain(String text, int start, int length) {
        if (text.length() != length) {
            return false;
        }
        for (int i = 0; i < length; i++) {
            if (text.charAt(i) != bytes[start + i]) {
                return false;
            }
        }
        return true;
    }

    private String text() {
        String text = textOrNull();
        return text == null ? "" : text;
    }

    private @Nullable String textOrNull() {
        short length = buffer.getShort();
        if (length == NULL) {
            return null;
        }
        String text = new String(bytes, buffer.position(), length, UTF_8);
        buffer.position(buffer.position() + length);
        return text;
    }
}
