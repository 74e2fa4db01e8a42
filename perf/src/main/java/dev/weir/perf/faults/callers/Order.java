package dev.weir.perf.faults.callers;

/**
 * What a client asks for.
 *
 * @param key which of the keys it calls with
 * @param endUser whom for; empty for nobody
 */
public record Order(int key, String model, String endUser, boolean stream) {

    private static final int MAX_TOKENS = 20;

    String body() {
        return "{\"model\":\"" + model + "\",\"stream\":" + stream
                + (endUser.isEmpty() ? "" : ",\"user\":\"" + endUser + "\"")
                + ",\"max_tokens\":" + MAX_TOKENS
                + ",\"messages\":[{\"role\":\"user\",\"content\":\"How deep is the river?\"}]}";
    }
}
