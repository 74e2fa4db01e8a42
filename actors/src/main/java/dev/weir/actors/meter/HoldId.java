package dev.weir.actors.meter;

/**
 * The identity of one call's hold, made by the door that received the call and never taken from a client.
 *
 * @param incarnation the node's incarnation: unique per process start
 * @param sequence a counter within it
 */
public record HoldId(long incarnation, long sequence) {

    @Override
    public String toString() {
        return Long.toHexString(incarnation) + "-" + Long.toHexString(sequence);
    }
}
