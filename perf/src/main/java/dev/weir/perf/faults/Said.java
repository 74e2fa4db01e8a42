package dev.weir.perf.faults;

/**
 * What a client knows of one call.
 *
 * @param id that the call had as its {@code x-request-id}
 * @param key which of the keys
 * @param endUser whom the call was for; empty for nobody
 * @param status 0 when no answer came
 * @param tokens of the output that the client has got
 * @param whole the answer came to its end
 */
record Said(String id, int key, String endUser, int status, long tokens, boolean whole, long endedNanos) {

    boolean admitted() {
        return status == 200;
    }
}
