package dev.weir.streams.relay;

import dev.weir.streams.dialect.ChatFacts;
import dev.weir.streams.sse.SseScanner;
import io.netty.buffer.ByteBuf;
import org.apache.pekko.util.ByteString;

/**
 * Bytes of an upstream's event stream in, the bytes for the client out: the same ones, whole events at a time, less the
 * usage event where only Weir asked for it. Beside the path it gathers {@link ChatFacts}.
 */
final class EventRelay {

    private final SseScanner scanner;
    private final boolean withholdUsage;
    private final ChatFacts facts = new ChatFacts();
    private ByteString out = ByteString.emptyByteString();
    private byte[] runBytes = {};
    private int runFrom;
    private int runTo;
    private boolean contentSeen;
    private boolean cutAtCr;
    private boolean previousWithheld;

    EventRelay(boolean withholdUsage, int maxEvent) {
        this.scanner = new SseScanner(maxEvent);
        this.withholdUsage = withholdUsage;
    }

    /** Takes what is readable in {@code piece}; false when an event has grown beyond the limit. */
    boolean feed(ByteBuf piece) {
        int length = piece.readableBytes();
        scanner.reserve(length);
        piece.readBytes(scanner.target(), scanner.targetIndex(), length);
        return scanner.written(length, this::event);
    }

    /** The stream has ended: an event without its empty line counts too. */
    void finish() {
        scanner.finish(this::event);
    }

    ChatFacts facts() {
        return facts;
    }

    /** Content has come: from here on a client would miss something. */
    boolean contentSeen() {
        return contentSeen;
    }

    /** What may go to the client; each byte is given once. */
    ByteString take() {
        closeRun();
        ByteString taken = out;
        out = ByteString.emptyByteString();
        return taken;
    }

    private void event(byte[] bytes, int from, int to, byte[] data, int dataFrom, int dataTo) {
        boolean withhold = false;
        if (dataFrom >= 0) {
            facts.read(data, dataFrom, dataTo);
            contentSeen |= facts.content();
            withhold = withholdUsage && facts.usageOnly();
        }
        // A CRLF that was cut in two: its LF comes with this event, but belongs to the one before.
        boolean lateLf = cutAtCr && bytes[from] == '\n';
        int own = lateLf ? from + 1 : from;
        if (lateLf && !previousWithheld) {
            show(bytes, from, own);
        }
        if (!withhold) {
            show(bytes, own, to);
        }
        cutAtCr = bytes[to - 1] == '\r';
        previousWithheld = withhold;
    }

    @SuppressWarnings("ReferenceEquality") // Asks whether the event follows in the same array, not in an equal one.
    private void show(byte[] bytes, int from, int to) {
        if (bytes == runBytes && from == runTo) {
            runTo = to;
        } else {
            closeRun();
            runBytes = bytes;
            runFrom = from;
            runTo = to;
        }
    }

    private void closeRun() {
        if (runTo > runFrom) {
            out = out.concat(ByteString.fromArrayUnsafe(runBytes, runFrom, runTo - runFrom));
        }
        runFrom = runTo;
    }
}
