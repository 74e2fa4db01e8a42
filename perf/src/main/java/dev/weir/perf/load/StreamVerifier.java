package dev.weir.perf.load;

import java.util.Arrays;

/** Checks an answer that comes as server-sent events and ends with {@code [DONE]}. */
final class StreamVerifier implements Verifier {
    private static final byte[] MARKER = {'[', 'D', 'O', 'N', 'E', ']'};

    private final Completion completion;
    private final EventReader events = new EventReader(this::event);
    private int texts;
    private boolean done;
    private boolean afterTheEnd;

    StreamVerifier(Completion completion) {
        this.completion = completion;
    }

    @Override
    public void begin() {
        completion.begin();
        events.begin();
        texts = 0;
        done = false;
        afterTheEnd = false;
    }

    @Override
    public void bytes(byte[] source, int from, int upTo) {
        events.read(source, from, upTo);
    }

    @Override
    public int newTexts() {
        int count = texts;
        texts = 0;
        return count;
    }

    @Override
    public Outcome verdict() {
        if (afterTheEnd || completion.isCorrupted()) {
            return Outcome.CORRUPTED;
        }
        return done && events.isBetweenEvents() ? completion.verdict() : Outcome.TRUNCATED;
    }

    @Override
    public Completion completion() {
        return completion;
    }

    private void event(byte[] source, int from, int upTo) {
        afterTheEnd |= done;
        if (isMarker(source, from, upTo)) {
            done = true;
        } else if (completion.read(source, from, upTo)) {
            texts++;
        }
    }

    private static boolean isMarker(byte[] source, int from, int upTo) {
        return Arrays.equals(source, from, upTo, MARKER, 0, MARKER.length);
    }
}
