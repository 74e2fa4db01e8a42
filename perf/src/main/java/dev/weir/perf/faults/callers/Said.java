package dev.weir.perf.faults.callers;

/**
 * What a client knows of one call.
 *
 * @param id that the call had as its {@code x-request-id}
 * @param key which of the keys
 * @param endUser whom the call was for; empty for nobody
 * @param door which of the doors it was made at
 * @param status 0 when no answer came
 * @param tokens of the output that the client has got
 * @param whole the answer came to its end
 * @param failure why it did not; empty when it did
 */
public record Said(
        String id,
        int key,
        String endUser,
        int door,
        int status,
        long tokens,
        boolean whole,
        String failure,
        long beganNanos,
        long endedNanos) {

    /** What was asked for: one order may be several calls, one after the other, until one says something. */
    public String order() {
        int end = id.indexOf('.');
        return end < 0 ? id : id.substring(0, end);
    }

    public boolean admitted() {
        return status == 200;
    }

    /** There was no answer, or none that says anything of the key: another door may know better. */
    public boolean saysNothing() {
        return status == 0 || status == 503;
    }

    @Override
    public String toString() {
        return "call " + id + " with key " + key + " at door " + (door + 1)
                + (failure.isEmpty() ? "" : " (" + failure + ")");
    }
}
