package dev.weir.perf.faults.site;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

/** The wire between a gateway and its database: as it is, slow on the way back, losing what comes back, or cut. */
public final class SlowWire implements AutoCloseable {

    private static final int PIECE = 16 * 1024;

    private final ServerSocket listener;
    private final int target;
    private final Set<Socket> open = ConcurrentHashMap.newKeySet();
    private volatile long delayMillis;
    private volatile boolean mute;
    private volatile boolean cut;

    /**
     * @param address where it is reached
     * @param target the database's port on this machine
     */
    public SlowWire(String address, int target) throws IOException {
        this.listener = new ServerSocket(0, 50, InetAddress.getByName(address));
        this.target = target;
        Thread.ofVirtual().start(this::accept);
    }

    public String address() {
        return listener.getInetAddress().getHostAddress() + ":" + listener.getLocalPort();
    }

    /** @param millis that each piece of an answer is late */
    public void slow(long millis) {
        delayMillis = millis;
    }

    /** What the database answers from now on is lost, and the connections with it when this ends. */
    public void mute(boolean on) {
        mute = on;
        if (!on) {
            open.forEach(SlowWire::end);
        }
    }

    /** Nothing arrives either way from now on, and the connections are lost when this ends. */
    public void cut(boolean on) {
        cut = on;
        if (!on) {
            open.forEach(SlowWire::end);
        }
    }

    private void accept() {
        while (!listener.isClosed()) {
            try {
                Socket client = listener.accept();
                Socket server = new Socket(InetAddress.getLoopbackAddress(), target);
                open.add(client);
                open.add(server);
                Thread.ofVirtual().start(() -> carry(client, server, false));
                Thread.ofVirtual().start(() -> carry(server, client, true));
            } catch (IOException closed) {
                return;
            }
        }
    }

    private void carry(Socket from, Socket to, boolean back) {
        byte[] piece = new byte[PIECE];
        try (from;
                to) {
            InputStream in = from.getInputStream();
            OutputStream out = to.getOutputStream();
            for (int length = in.read(piece); length >= 0; length = in.read(piece)) {
                if (back && delayMillis > 0) {
                    TimeUnit.MILLISECONDS.sleep(delayMillis); // the wire's own time
                }
                if (!cut && !(back && mute)) {
                    out.write(piece, 0, length);
                }
            }
        } catch (IOException ended) {
            // Both ends are closed with it.
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
        } finally {
            open.remove(from);
            open.remove(to);
        }
    }

    private static void end(Socket socket) {
        try {
            socket.close();
        } catch (IOException ended) {
            // It is closed then.
        }
    }

    @Override
    public void close() throws IOException {
        listener.close();
        open.forEach(SlowWire::end);
    }
}
