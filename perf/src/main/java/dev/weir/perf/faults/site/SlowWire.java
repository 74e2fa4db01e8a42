package dev.weir.perf.faults.site;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The wire between a gateway and its database: as it is, slow on the way back, losing the answers to what was committed, or cut.
 * What is wanted twice ends when it has ended twice.
 */
public final class SlowWire implements AutoCloseable {

    private static final int PIECE = 16 * 1024;
    private static final long DELAY_MILLIS = 80;

    /** PostgreSQL's {@code ReadyForQuery}, outside of a transaction. */
    private static final String IDLE = "Z\0\0\0\5I";

    /** What its {@code CommandComplete} says of a write. */
    private static final List<String> COMPLETED_WRITES = List.of("COMMIT\0", "INSERT 0 ", "UPDATE ", "DELETE ");

    private final ServerSocket listener;
    private final int target;
    private final Set<Socket> open = ConcurrentHashMap.newKeySet();
    private final AtomicInteger slow = new AtomicInteger();
    private final AtomicInteger mute = new AtomicInteger();
    private final AtomicInteger cut = new AtomicInteger();
    private final AtomicLong lost = new AtomicLong();

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

    /** Each piece of an answer is late. */
    public void slow(boolean on) {
        turn(slow, on);
    }

    /**
     * The answer to whatever is committed from now on is lost, and with it all that its connection would bring behind it. The
     * connections are lost when this ends.
     */
    public void mute(boolean on) {
        if (turn(mute, on) == 0) {
            open.forEach(SlowWire::end);
        }
    }

    /** Nothing arrives either way from now on, and the connections are lost when this ends. */
    public void cut(boolean on) {
        if (turn(cut, on) == 0) {
            open.forEach(SlowWire::end);
        }
    }

    private static int turn(AtomicInteger what, boolean on) {
        return on ? what.incrementAndGet() : what.decrementAndGet();
    }

    /** How often the answer to what was committed was lost. */
    public long lost() {
        return lost.get();
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
            boolean silent = false;
            for (int length = in.read(piece); length >= 0; length = in.read(piece)) {
                if (back && slow.get() > 0) {
                    TimeUnit.MILLISECONDS.sleep(DELAY_MILLIS); // the wire's own time
                }
                if (back && mute.get() > 0 && !silent && isCommitted(piece, length)) {
                    silent = true;
                    lost.incrementAndGet();
                }
                if (!silent && cut.get() == 0) {
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

    /** The database has completed a command that writes, and is in no transaction any more. */
    private static boolean isCommitted(byte[] piece, int length) {
        String text = new String(piece, 0, length, StandardCharsets.ISO_8859_1);
        return text.endsWith(IDLE) && COMPLETED_WRITES.stream().anyMatch(text::contains);
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
