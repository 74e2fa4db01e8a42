package dev.weir.perf.load;

import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * What a load does.
 *
 * @param target the whole URL of the chat completions route
 */
public record LoadSettings(URI target, Call call, Arrivals arrivals, Habits habits, Times times) {

    public LoadSettings {
        if (habits.leaveShare() > 0 && (!call.streamed() || call.tokens() < 2)) {
            throw new IllegalArgumentException("leave-share: who leaves needs a stream of two tokens or more to leave");
        }
    }

    /**
     * The call that every user repeats.
     *
     * @param headers lines such as {@code Authorization: Bearer sk-x}, besides those that every call has
     * @param tokens the answer is expected to have
     * @param eventBytes to which the text of each token is padded; 0 for no padding
     * @param promptBytes of the user's message
     */
    public record Call(
            String model, List<String> headers, boolean streamed, int tokens, int eventBytes, int promptBytes) {
        private static final String PROMPT =
                "A weir lets the river through and measures it; say in one sentence what that has to do with tokens. ";

        /** How many digits a call's number has in {@link #numbered}: all bodies are of one length. */
        static final int DIGITS = 12;

        public Call {
            headers = List.copyOf(headers);
        }

        /** The body of a request. */
        public String body() {
            return body("");
        }

        /** The body with a {@code user} that ends in a number of {@link #DIGITS} zeros, the last of the body's digits. */
        String numbered() {
            return body(",\"user\":\"caller-" + "0".repeat(DIGITS) + "\"");
        }

        /** The whole request. */
        byte[] request(URI target, String body) {
            StringBuilder request = new StringBuilder("POST ")
                    .append(target.getRawPath())
                    .append(" HTTP/1.1\r\nhost: ")
                    .append(target.getAuthority())
                    .append("\r\n");
            headers.forEach(line -> request.append(line).append("\r\n"));
            return request.append("content-type: application/json\r\naccept: ")
                    .append(streamed ? "text/event-stream" : "application/json")
                    .append("\r\nuser-agent: weir-perf\r\ncontent-length: ")
                    .append(body.getBytes(StandardCharsets.UTF_8).length)
                    .append("\r\n\r\n")
                    .append(body)
                    .toString()
                    .getBytes(StandardCharsets.UTF_8);
        }

        private String body(String user) {
            String prompt = PROMPT.repeat(promptBytes / PROMPT.length() + 1).substring(0, promptBytes);
            return "{\"model\":\"" + model + "\",\"messages\":[{\"role\":\"user\",\"content\":\"" + prompt
                    + "\"}],\"temperature\":0.2,\"max_tokens\":" + tokens
                    + (streamed ? ",\"stream\":true,\"stream_options\":{\"include_usage\":true}" : "") + user + "}";
        }
    }

    /** When calls begin. */
    public sealed interface Arrivals {

        /**
         * Each user calls again when it has its answer: what is slow is asked less.
         *
         * @param pause the most seconds before it does, any time up to which is as likely
         */
        record Closed(int users, double pause) implements Arrivals {
            public Closed {
                require(users >= 1, "users: " + users + " (expected: >= 1)");
                require(pause >= 0, "pause: " + pause + " (expected: >= 0)");
            }
        }

        /**
         * Calls begin at their times, whether or not earlier ones have ended; the latency of a call counts from the time
         * that was intended, also when no connection was free by then (no coordinated omission).
         *
         * @param rate calls a second
         * @param poisson intervals that are exponential instead of equal
         * @param connections at most
         */
        record Open(double rate, boolean poisson, int connections) implements Arrivals {
            public Open {
                require(rate > 0, "rate: " + rate + " (expected: > 0)");
                require(connections >= 1, "connections: " + connections + " (expected: >= 1)");
            }
        }

        private static void require(boolean condition, String message) {
            if (!condition) {
                throw new IllegalArgumentException(message);
            }
        }
    }

    /**
     * How users behave.
     *
     * @param leaveShare of the streams that their client leaves after a random token
     * @param slowShare of the users that read slowly; their times are in no distribution, their answers are checked
     * @param slowBytesPerSecond that these read
     * @param refusals whether 429 and 503 are expected: then they are counted as such and not as failures
     */
    public record Habits(double leaveShare, double slowShare, int slowBytesPerSecond, boolean refusals) {
        /** Everybody reads on to the end, at once. */
        public static final Habits PLAIN = new Habits(0, 0, 0, false);
    }

    /**
     * Seconds.
     *
     * @param ramp over which closed-loop users join, evenly
     * @param warmup from the start to the measurement, the ramp included
     * @param measured of measurement
     * @param timeout after which a call has failed
     */
    public record Times(double ramp, double warmup, double measured, double timeout) {
        public Times {
            if (ramp > warmup) {
                throw new IllegalArgumentException("ramp: " + ramp + " (expected: <= the warm-up, " + warmup + ")");
            }
        }
    }
}
