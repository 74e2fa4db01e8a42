package dev.weir.perf.subject;

import java.net.URI;

/** Waiting for a process to answer. */
final class Readiness {
    private static final int LOOKS = 1_200;
    private static final long LOOK_MILLIS = 50;

    private Readiness() {}

    /** Whether the route answers 200 within a minute; false at once when the process ends before. */
    static boolean await(Child child, URI route) throws InterruptedException {
        for (int look = 0; look < LOOKS && child.isAlive(); look++) {
            if (Http.status(route) == 200) {
                return true;
            }
            Thread.sleep(LOOK_MILLIS); // a process outside, there is nothing to be notified by
        }
        return false;
    }
}
