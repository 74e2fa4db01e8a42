package dev.weir.cluster.nodes;

import org.jspecify.annotations.Nullable;

/**
 * A node that has not said that it left.
 *
 * @param address where its actor system is reached, as {@code host:port}; null of a node that ran alone
 * @param renewedAt when it last said that it is there, in the store's milliseconds
 * @param fenced others have shut it out: it cannot say so any more
 * @param joined it was a member of the cluster then
 */
record NodeRow(long incarnation, @Nullable String address, long renewedAt, boolean fenced, boolean joined) {

    /** Its time is up, unless it says so again, which it cannot when it is fenced. */
    boolean isLapsed(long storeMillis) {
        return storeMillis - renewedAt > Authority.TERM.plus(Authority.GUARD).toMillis();
    }
}
