package dev.weir.streams.pool;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.EventLoop;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.util.concurrent.Future;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * One request and its answer: it waits for a permit, takes or makes a connection, and tells its {@link Listener} what
 * comes. Confined to one loop.
 *
 * <p>It ends exactly once, by {@link Listener#end}, {@link Listener#failed} or {@link #cancel}; then its permit is back,
 * and its connection is either clean and idle or closed.
 */
public final class Exchange {

    /** Who an exchange tells; called on the loop. */
    public interface Listener {

        /** The request's first byte is about to be written; false to give up instead (then nothing further is told). */
        boolean sending();

        void head(int status, HttpHeaders headers);

        /** A piece of the body; the caller releases it afterwards. */
        void data(ByteBuf piece);

        /** All pieces that one read brought have been told; more come only after {@link Exchange#read}. */
        void readComplete();

        /** The answer is whole. */
        void end();

        void failed(UpstreamFailure failure);
    }

    private enum State {
        WAITING,
        CONNECTING,
        RUNNING,
        DONE
    }

    private final UpstreamPool pool;
    private final int loopIndex;
    private final UpstreamRequest request;
    private final Listener listener;
    private State state = State.WAITING;
    private boolean announced;
    private boolean headTold;
    private @Nullable Channel connecting;
    private @Nullable UpstreamConnection connection;
    private @Nullable Future<?> timer;

    /** A permit is on its way; guarded by the pool's lock. */
    boolean granted;

    Exchange(UpstreamPool pool, int loopIndex, UpstreamRequest request, Listener listener) {
        this.pool = pool;
        this.loopIndex = loopIndex;
        this.request = request;
        this.listener = listener;
    }

    int loopIndex() {
        return loopIndex;
    }

    EventLoop loop() {
        return pool.loop(loopIndex);
    }

    UpstreamRequest request() {
        return request;
    }

    /** Asks for one more read of the upstream socket. */
    public void read() {
        if (connection != null && state == State.RUNNING) {
            connection.read();
        }
    }

    /** Gives up: the connection is closed at once, nothing further is told. */
    public void cancel() {
        switch (state) {
            case WAITING -> {
                stopTimer();
                state = State.DONE;
                if (!pool.forget(this)) {
                    pool.release();
                }
            }
            case CONNECTING, RUNNING -> finish();
            case DONE -> {}
        }
    }

    void await(Duration longest) {
        startTimer(longest, () -> {
            if (state == State.WAITING && pool.forget(this)) {
                fail(UpstreamFailure.Kind.QUEUE_TIMEOUT, "no connection came free within " + longest);
            }
        });
    }

    /** The permit is ours; it is given back by {@link #finish}. */
    void permitted() {
        stopTimer();
        if (state == State.WAITING) {
            state = State.CONNECTING;
            pool.connect(this);
        }
    }

    void refused(UpstreamFailure.Kind kind, String detail) {
        stopTimer();
        if (state == State.WAITING) {
            fail(kind, detail);
        }
    }

    private void fail(UpstreamFailure.Kind kind, String detail) {
        state = State.DONE;
        listener.failed(new UpstreamFailure(kind, detail));
    }

    /** From now on a connection is made, name and TLS included. */
    void connectWithin(Duration longest) {
        startTimer(longest, () -> unreachable("no connection within " + longest));
    }

    boolean isConnecting() {
        return state == State.CONNECTING;
    }

    /** The socket that will be ours: closed at once when nobody needs it any more. */
    void connecting(Channel channel) {
        connecting = channel;
        if (state != State.CONNECTING) {
            abandonConnecting();
        }
    }

    /** A connection is there; false when nobody needs it any more. */
    boolean start(UpstreamConnection ready) {
        stopTimer();
        connecting = null;
        if (state != State.CONNECTING) {
            return false;
        }
        if (!announced) {
            announced = true;
            if (!listener.sending()) {
                finish();
                return false;
            }
        }
        if (state != State.CONNECTING) {
            return false;
        }
        state = State.RUNNING;
        connection = ready;
        return true;
    }

    void unreachable(String detail) {
        if (state == State.CONNECTING) {
            finish();
            listener.failed(new UpstreamFailure(UpstreamFailure.Kind.UNREACHABLE, detail));
        }
    }

    /** A kept connection turned out to be closed before any byte of an answer: the request goes out on a new one. */
    void again() {
        connection = null;
        state = State.CONNECTING;
        pool.connectFresh(this);
    }

    void head(int status, HttpHeaders headers) {
        headTold = true;
        listener.head(status, headers);
    }

    void data(ByteBuf piece) {
        listener.data(piece);
    }

    void readComplete() {
        if (state == State.RUNNING) {
            listener.readComplete();
        }
    }

    /** The answer is whole; {@code reusable} when the connection is clean. */
    void end(boolean reusable) {
        if (state != State.RUNNING || connection == null) {
            return;
        }
        UpstreamConnection done = connection;
        connection = null;
        state = State.DONE;
        if (reusable) {
            done.idle();
        } else {
            done.close();
        }
        pool.release();
        listener.end();
    }

    void broke(UpstreamFailure.Kind kind, String detail) {
        if (state == State.RUNNING) {
            finish();
            boolean unanswered = kind == UpstreamFailure.Kind.BROKE_IN_ANSWER && !headTold;
            listener.failed(new UpstreamFailure(unanswered ? UpstreamFailure.Kind.BROKE_BEFORE_ANSWER : kind, detail));
        }
    }

    private void finish() {
        boolean placeless = state == State.CONNECTING;
        state = State.DONE;
        stopTimer();
        UpstreamConnection open = connection;
        connection = null;
        if (open != null) {
            open.abandon();
        }
        if (placeless) {
            pool.unplace(this);
            abandonConnecting();
        }
        pool.release();
    }

    private void abandonConnecting() {
        Channel open = connecting;
        connecting = null;
        if (open != null && open.isOpen()) {
            open.close();
        }
    }

    private void startTimer(Duration longest, Runnable expired) {
        stopTimer();
        timer = loop().schedule(expired, longest.toNanos(), TimeUnit.NANOSECONDS);
    }

    private void stopTimer() {
        if (timer != null) {
            timer.cancel(false);
            timer = null;
        }
    }
}
