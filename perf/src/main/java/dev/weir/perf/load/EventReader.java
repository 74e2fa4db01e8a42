package dev.weir.perf.load;

import java.util.Arrays;

/** Bytes of a stream in, the data of its events out; an event is a block of lines that ends with a blank one. */
final class EventReader {

    /** Where the data goes; valid during the call only. */
    interface Sink {
        void data(byte[] source, int from, int upTo);
    }

    private final Sink sink;
    private byte[] line = new byte[512];
    private int lineLength;
    private byte[] data = new byte[512];
    private int dataLength;
    private boolean hasData;

    EventReader(Sink sink) {
        this.sink = sink;
    }

    void begin() {
        lineLength = 0;
        dataLength = 0;
        hasData = false;
    }

    void read(byte[] source, int from, int upTo) {
        int start = from;
        for (int i = from; i < upTo; i++) {
            if (source[i] == '\n') {
                append(source, start, i);
                endLine();
                start = i + 1;
            }
        }
        append(source, start, upTo);
    }

    /** Whether the stream ended between two events. */
    boolean isBetweenEvents() {
        return lineLength == 0 && !hasData;
    }

    private void append(byte[] source, int from, int upTo) {
        line = room(line, lineLength, upTo - from);
        System.arraycopy(source, from, line, lineLength, upTo - from);
        lineLength += upTo - from;
    }

    private void endLine() {
        int end = lineLength > 0 && line[lineLength - 1] == '\r' ? lineLength - 1 : lineLength;
        if (end == 0) {
            if (hasData) {
                sink.data(data, 0, dataLength);
            }
            dataLength = 0;
            hasData = false;
        } else if (end >= 5 && line[0] == 'd' && line[1] == 'a' && line[2] == 't' && line[3] == 'a' && line[4] == ':') {
            int from = end > 5 && line[5] == ' ' ? 6 : 5;
            data = room(data, dataLength, end - from + 1);
            if (hasData) {
                data[dataLength++] = '\n';
            }
            System.arraycopy(line, from, data, dataLength, end - from);
            dataLength += end - from;
            hasData = true;
        }
        lineLength = 0;
    }

    private static byte[] room(byte[] array, int used, int more) {
        return used + more <= array.length ? array : Arrays.copyOf(array, Math.max(used + more, array.length * 2));
    }
}
