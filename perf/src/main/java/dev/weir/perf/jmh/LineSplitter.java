package dev.weir.perf.jmh;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.function.Consumer;

/**
 * Bytes of an event stream in, the data of its events out, as a client library does it: text, then lines, then fields.
 * Knows LF only, and no character that was cut in two: it is here to be measured against.
 */
final class LineSplitter {

    private final Consumer<String> events;
    private final StringBuilder tail = new StringBuilder();
    private final StringBuilder data = new StringBuilder();

    LineSplitter(Consumer<String> events) {
        this.events = events;
    }

    void read(byte[] piece) {
        tail.append(new String(piece, UTF_8));
        int from = 0;
        int end = tail.indexOf("\n");
        while (end >= 0) {
            line(tail.substring(from, end));
            from = end + 1;
            end = tail.indexOf("\n", from);
        }
        tail.delete(0, from);
    }

    private void line(String line) {
        if (line.isEmpty()) {
            events.accept(data.toString());
            data.setLength(0);
        } else if (line.startsWith("data:")) {
            if (!data.isEmpty()) {
                data.append('\n');
            }
            data.append(line, line.startsWith("data: ") ? 6 : 5, line.length());
        }
    }
}
