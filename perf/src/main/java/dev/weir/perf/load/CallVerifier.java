package dev.weir.perf.load;

import java.io.ByteArrayOutputStream;

/** Checks an answer that comes as one JSON text. */
final class CallVerifier implements Verifier {
    private static final class Buffer extends ByteArrayOutputStream {
        byte[] bytes() {
            return buf;
        }
    }

    private final Completion completion;
    private final Buffer body = new Buffer();

    CallVerifier(Completion completion) {
        this.completion = completion;
    }

    @Override
    public void begin() {
        completion.begin();
        body.reset();
    }

    @Override
    public void bytes(byte[] source, int from, int upTo) {
        body.write(source, from, upTo - from);
    }

    @Override
    public int newTexts() {
        return 0;
    }

    @Override
    public Outcome verdict() {
        completion.read(body.bytes(), 0, body.size());
        return completion.verdict();
    }

    @Override
    public Completion completion() {
        return completion;
    }
}
