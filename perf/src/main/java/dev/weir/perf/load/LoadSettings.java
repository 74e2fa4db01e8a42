package dev.weir.perf.load;

import java.net.URI;

/**
 * What a load does.
 *
 * @param target the whole URL of the chat completions route
 * @param users connections, each with one call at a time
 * @param rampSeconds over which they join, evenly
 * @param warmupSeconds from the start to the measurement, the ramp included
 * @param seconds of measurement
 * @param timeoutSeconds after which a call has failed
 */
public record LoadSettings(
        URI target,
        Call call,
        int users,
        double rampSeconds,
        double warmupSeconds,
        double seconds,
        double timeoutSeconds) {

    public LoadSettings {
        if (users < 1) {
            throw new IllegalArgumentException("users: " + users + " (expected: >= 1)");
        }
        if (rampSeconds > warmupSeconds) {
            throw new IllegalArgumentException(
                    "ramp: " + rampSeconds + " (expected: <= the warm-up, " + warmupSeconds + ")");
        }
    }

    /**
     * The call that every user repeats.
     *
     * @param tokens the answer is expected to have
     * @param promptBytes of the user's message
     */
    public record Call(String model, String key, boolean streamed, int tokens, int promptBytes) {
        private static final String PROMPT =
                "A weir lets the river through and measures it; say in one sentence what that has to do with tokens. ";

        String body() {
            String prompt = PROMPT.repeat(promptBytes / PROMPT.length() + 1).substring(0, promptBytes);
            return "{\"model\":\"" + model + "\",\"messages\":[{\"role\":\"user\",\"content\":\"" + prompt
                    + "\"}],\"temperature\":0.2,\"max_tokens\":" + tokens
                    + (streamed ? ",\"stream\":true,\"stream_options\":{\"include_usage\":true}}" : "}");
        }
    }
}
