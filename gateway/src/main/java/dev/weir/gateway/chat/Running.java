package dev.weir.gateway.chat;

import dev.weir.streams.relay.AttemptWalk;
import io.netty.channel.EventLoop;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** The calls that run on this node, for draining them. */
public final class Running {

    private record Call(AttemptWalk walk, EventLoop loop) {}

    private final Set<Call> calls = ConcurrentHashMap.newKeySet();
    private final AtomicInteger arriving = new AtomicInteger();
    private volatile boolean closed;

    /** No new call may begin. */
    public boolean isClosed() {
        return closed;
    }

    public int count() {
        return calls.size();
    }

    /**
     * A call is about to ask its meter; a drain waits for it from here on.
     *
     * @return false when no new call may begin; otherwise {@link #arrived} must follow
     */
    boolean arrive() {
        arriving.incrementAndGet();
        if (closed) {
            arriving.decrementAndGet();
            return false;
        }
        return true;
    }

    /** It was refused, or was {@linkplain #add added}. */
    void arrived() {
        arriving.decrementAndGet();
    }

    /** @return what to run when the call is over */
    Runnable add(AttemptWalk walk, EventLoop loop) {
        Call call = new Call(walk, loop);
        calls.add(call);
        return () -> calls.remove(call);
    }

    /** From now on every new call is refused. */
    public void close() {
        closed = true;
    }

    /** Waits until no call runs, at most so long; then ends those that still do. */
    public void drain(long millis) throws InterruptedException {
        close();
        if (!awaitNone(millis)) {
            for (Call call : calls) {
                call.loop().execute(call.walk()::drain);
            }
            awaitNone(2_000);
        }
    }

    private boolean awaitNone(long millis) throws InterruptedException {
        long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis);
        while (arriving.get() > 0 || !calls.isEmpty()) {
            if (System.nanoTime() - end > 0) {
                return false;
            }
            TimeUnit.MILLISECONDS.sleep(5);
        }
        return true;
    }
}
