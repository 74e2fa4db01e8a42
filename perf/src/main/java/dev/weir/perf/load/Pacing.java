package dev.weir.perf.load;

/** Decides when a user that is connected and has nothing to do calls; on the loop of the crowd. */
sealed interface Pacing permits ClosedLoop, OpenLoop {

    /** The load begins. */
    void begin();

    /** This user is connected and idle. */
    void idle(VirtualUser user);

    /** This user has no connection any more, or got none. */
    void lost(VirtualUser user, boolean failed);

    /** No further call begins on its own. */
    void stop();

    /** Gives up what has waited for its turn since before this moment. */
    void sweep(long beganBefore, long now);

    /** Whether calls wait for a connection. */
    boolean hasWaiting();
}
