package dev.weir.streams.relay;

import org.apache.pekko.util.ByteString;
import org.jspecify.annotations.Nullable;

/** What lies ready for the client of a stream, between the attempt that fills it and the {@link RelaySource} that empties it. */
final class Outbox {

    private ByteString ready = ByteString.emptyByteString();
    private boolean demanded;
    private boolean complete;
    private RelaySource.@Nullable Wake wake;

    /** @param woken when something came after the client had demanded it */
    void open(RelaySource.Wake woken) {
        wake = woken;
    }

    /** To be given whenever the client takes it, without a word to it. */
    void put(ByteString bytes) {
        ready = ready.concat(bytes);
    }

    void offer(ByteString bytes) {
        if (bytes.isEmpty()) {
            return;
        }
        put(bytes);
        if (demanded && wake != null) {
            demanded = false;
            wake.wake();
        }
    }

    ByteString take() {
        ByteString taken = ready;
        ready = ByteString.emptyByteString();
        return taken;
    }

    /** The client takes more. False when it had said so. */
    boolean demand() {
        boolean first = !demanded;
        demanded = true;
        return first;
    }

    boolean isDemanded() {
        return demanded;
    }

    /** Nothing will come any more. */
    void complete() {
        complete = true;
        if (wake != null) {
            wake.wake();
        }
    }

    /** Nothing is left to give and nothing will come. */
    boolean isDrained() {
        return complete && ready.isEmpty();
    }
}
