package dev.weir.perf.subject;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.concurrent.ThreadLocalRandom;

/** Ports for processes that have to be told theirs. */
final class Ports {
    /** Below those that systems give to whoever asks for any, so that nobody is given it before its process has bound it. */
    private static final int FIRST = 10_000;

    private static final int END = 30_000;
    private static final int TRIES = 100;

    private Ports() {}

    /** One that is free. */
    static int free() throws IOException {
        for (int attempt = 1; ; attempt++) {
            int port = ThreadLocalRandom.current().nextInt(FIRST, END);
            try (ServerSocket socket = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
                return socket.getLocalPort();
            } catch (IOException taken) {
                if (attempt == TRIES) {
                    throw taken;
                }
            }
        }
    }
}
