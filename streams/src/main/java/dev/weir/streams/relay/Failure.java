package dev.weir.streams.relay;

/**
 * Why a call, or one attempt of it, came to no good end; whose fault it is decides what happens next.
 *
 * @param detail for logs and rows; never holds a prompt, an answer or a credential
 * @param retryAfterSeconds what the provider asked for, or 0
 */
public record Failure(Kind kind, String detail, int retryAfterSeconds) {

    /** Who is to blame. */
    public enum Fault {
        CLIENT,
        GATEWAY,
        PROVIDER,
        /** The provider is well and holds us to a limit. */
        PROVIDER_LIMIT
    }

    /** What happened. */
    public enum Kind {
        /** The deployment's connections are in use and its queue is full, or waiting took too long. */
        OVERLOADED(Fault.GATEWAY, true),
        /** No connection could be made. */
        UNREACHABLE(Fault.PROVIDER, true),
        /** The connection ended before the answer did. */
        BROKEN(Fault.PROVIDER, true),
        /** The stream ended cleanly without its terminal marker. */
        TRUNCATED(Fault.PROVIDER, true),
        /** What came is not the answer that was asked for. */
        MALFORMED(Fault.PROVIDER, true),
        /** An event or an answer is larger than the limit. */
        TOO_LARGE(Fault.PROVIDER, false),
        /** The provider said in its stream that it failed. */
        IN_BAND(Fault.PROVIDER, true),
        /** The provider refused our credential. */
        UPSTREAM_AUTH(Fault.GATEWAY, true),
        /** The provider answered 429. */
        UPSTREAM_LIMIT(Fault.PROVIDER_LIMIT, true),
        /** The provider answered 5xx, or 408. */
        UPSTREAM_ERROR(Fault.PROVIDER, true),
        /** The provider answered another 4xx. */
        UPSTREAM_REFUSED(Fault.CLIENT, false),
        /** One of the three clocks ran out. */
        TIMED_OUT(Fault.PROVIDER, true),
        /** A limit of the key, or of what is above it, has nothing left for this call. */
        QUOTA(Fault.CLIENT, false),
        /** More could not be held, because whoever keeps the limits did not answer. */
        NOT_HELD(Fault.GATEWAY, false),
        /** The attempt could not be journalled, so it was not made. */
        NOT_JOURNALLED(Fault.GATEWAY, false),
        /** This node is shutting down. */
        DRAINING(Fault.GATEWAY, false),
        /** Nobody waits for the answer any more. */
        CLIENT_LEFT(Fault.CLIENT, false);

        private final Fault fault;
        private final boolean elsewhere;

        Kind(Fault fault, boolean elsewhere) {
            this.fault = fault;
            this.elsewhere = elsewhere;
        }

        public Fault fault() {
            return fault;
        }

        /** Another deployment may do better. */
        public boolean retryable() {
            return elsewhere;
        }
    }

    public Failure(Kind kind, String detail) {
        this(kind, detail, 0);
    }
}
