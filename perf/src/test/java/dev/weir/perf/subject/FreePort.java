package dev.weir.perf.subject;

import java.io.IOException;

/** A port on which nobody listens, for the tests of other packages. */
public final class FreePort {
    private FreePort() {}

    public static int number() throws IOException {
        return Ports.free();
    }
}
