package dev.weir.streams.mock;

import java.time.Duration;

/**
 * What the mock does with one request, as the model name says it.
 *
 * <p>A model name is a name of any kind, then items separated by semicolons; an item that is not given has the mock's
 * default, an unknown one is answered with 400. Durations are {@code 250us}, {@code 60ms}, {@code 2s}, {@code 1m}; sizes
 * {@code 512}, {@code 16KB}, {@code 200MB}.
 *
 * <pre>
 * latency=60ms (or ttft=60ms)  from the request to the first token, or to the whole answer when it is not streamed
 * gap=10ms                     between tokens (0: as fast as the peer reads)
 * slow-headers=2s              silence before the headers, in addition to the latency
 * early-headers                headers and the role event at once, the first token after the latency
 * tokens=20                    how many; token k reads "tk " (t0, t1, ...)
 * event-bytes=16KB             the text of each token is padded to this size
 * bytes=200MB                  so many tokens of event-bytes (16KB) that their texts have this size together
 * usage=on|off|always          on: streams tell it when asked by stream_options.include_usage; always: also unasked
 * tools                        the tokens are the argument fragments of one tool call
 * reasoning[=k]                the first k tokens (half of them) are reasoning_content
 * segments=n                   the body is cut every n bytes, each piece an HTTP chunk and a write of its own
 * crlf, comments, bom          line ends, a comment before each event, a byte order mark
 * unframed                     no length and no chunks: the body ends with the connection
 * close                        Connection: close
 * keepalive=1s                 the connection is closed when it has been idle so long
 *
 * status=429;retry-after=7;code=x   an error answer
 * reset-after=k, reset=headers      RST after k tokens, or instead of an answer
 * stall-after=k, stall=headers      silent for ever after k tokens, or from the start
 * end-after=k                       a clean end after k tokens, without finish, usage and marker
 * malformed-at=k                    event k is no JSON
 * fault=two-lengths|bad-chunk|early-eof|gzip|content-type=text/html
 * times=n                           only the first n requests that name this very model meet the fault
 * </pre>
 */
public record Script(Pace pace, Text text, Wire wire, Fault fault, int times) {

    /** When the bytes go out. */
    public record Pace(Duration latency, Duration gap, Duration slowHeaders, boolean earlyHeaders) {}

    /** What the answer says; {@code eventBytes} pads each token's text (0: no padding). */
    public record Text(int tokens, int eventBytes, Telling usage, boolean tools, int reasoning) {}

    /** How the bytes are put on the wire; zero means "not cut" and "kept alive for ever". */
    public record Wire(
            int segments,
            boolean crlf,
            boolean comments,
            boolean bom,
            boolean unframed,
            boolean close,
            Duration keepAlive) {}

    /** Whether usage is told. */
    public enum Telling {
        ON,
        OFF,
        ALWAYS
    }

    /** An immediate answer of twenty tokens without any fault. */
    public static Script plain() {
        return new Script(
                new Pace(Duration.ZERO, Duration.ZERO, Duration.ZERO, false),
                new Text(20, 0, Telling.ON, false, 0),
                new Wire(0, false, false, false, false, false, Duration.ZERO),
                new Fault.None(),
                Integer.MAX_VALUE);
    }

    /**
     * The script that a model name (or a bare list of items) asks for.
     *
     * @throws IllegalArgumentException naming the item that is not understood
     */
    public static Script of(String model, Script defaults) {
        return new Grammar(defaults).read(model);
    }

    Script withoutFault() {
        return new Script(pace, text, wire, new Fault.None(), times);
    }
}
