package dev.weir.streams.transport;

import io.netty.channel.Channel;
import io.netty.channel.EventLoop;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.ArrayList;
import java.util.List;
import org.apache.pekko.NotUsed;
import org.apache.pekko.stream.javadsl.Source;
import org.apache.pekko.util.ByteString;
import org.jspecify.annotations.Nullable;

/**
 * One accepted connection, as its calls see it: which loop it lives on, and whether its client is still there.
 * Confined to its loop.
 */
public final class ClientConnection {

    private final Channel channel;
    private final int loopIndex;
    private final List<Runnable> goneListeners = new ArrayList<>(2);
    private int callsInFlight;
    private boolean gone;
    private @Nullable Runnable writableListener;
    private long activeAt = System.nanoTime();

    ClientConnection(Channel channel, int loopIndex) {
        this.channel = channel;
        this.loopIndex = loopIndex;
    }

    public EventLoop loop() {
        return channel.eventLoop();
    }

    public int loopIndex() {
        return loopIndex;
    }

    /** The peer's address, or null for a channel that has none any more. */
    public @Nullable InetSocketAddress peer() {
        SocketAddress address = channel.remoteAddress();
        return address instanceof InetSocketAddress inet ? inet : null;
    }

    public boolean isGone() {
        return gone;
    }

    /** Runs {@code listener} once, on the loop, when the client leaves (FIN or RST); at once if it has left. */
    public void onGone(Runnable listener) {
        if (gone) {
            listener.run();
        } else {
            goneListeners.add(listener);
        }
    }

    /** Takes a listener back whose call has ended. */
    public void forget(Runnable listener) {
        goneListeners.remove(listener);
    }

    /**
     * A response's body whose pieces go to the client's socket as chunks without passing through the server layer, which
     * gets the end alone. For a chunked response to HTTP/1.1.
     */
    public Source<ByteString, NotUsed> chunked(Source<ByteString, NotUsed> body) {
        return body.via(new ChunkWriter(channel, this));
    }

    /** Whom to tell that the socket takes more again; the response that is being written, one at a time. */
    void onWritable(@Nullable Runnable listener) {
        writableListener = listener;
    }

    void writable() {
        if (writableListener != null) {
            writableListener.run();
        }
    }

    /** A call runs: the connection is not idle, however silent it is. */
    public void callStarted() {
        callsInFlight++;
    }

    public void callEnded() {
        callsInFlight--;
        active();
    }

    /** Bytes have moved, or a call has ended. */
    void active() {
        activeAt = System.nanoTime();
    }

    /** Since when nothing has moved; now, while a call runs. */
    long idleSince() {
        return callsInFlight == 0 ? activeAt : System.nanoTime();
    }

    void leave() {
        if (gone) {
            return;
        }
        gone = true;
        List<Runnable> listeners = List.copyOf(goneListeners);
        goneListeners.clear();
        listeners.forEach(Runnable::run);
    }
}
