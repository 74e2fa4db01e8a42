package dev.weir.streams;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/** A server that does with its connections what a test says, byte by byte. */
public final class RawServer implements AutoCloseable {

    /** What is done with one connection; it is closed afterwards. */
    public interface Conduct {
        void with(Socket socket, int number) throws IOException, InterruptedException;
    }

    private final ServerSocket server;
    private final Conduct conduct;
    private final AtomicInteger connections = new AtomicInteger();
    private final AtomicInteger requests = new AtomicInteger();
    private final Set<Socket> open = ConcurrentHashMap.newKeySet();

    private RawServer(ServerSocket server, Conduct conduct) {
        this.server = server;
        this.conduct = conduct;
    }

    public static RawServer start(Conduct conduct) {
        return start("127.0.0.1", conduct);
    }

    public static RawServer start(String host, Conduct conduct) {
        try {
            RawServer server = new RawServer(new ServerSocket(0, 50, InetAddress.getByName(host)), conduct);
            Thread.ofVirtual().start(server::accept);
            return server;
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    public int port() {
        return server.getLocalPort();
    }

    /** Connections that were accepted. */
    public int connections() {
        return connections.get();
    }

    /** Requests that {@link #request} has read. */
    public int requests() {
        return requests.get();
    }

    /** Reads a head and the body that its Content-Length promises; empty when the peer has left. */
    public String request(Socket socket) throws IOException {
        InputStream in = socket.getInputStream();
        StringBuilder head = new StringBuilder();
        while (head.indexOf("\r\n\r\n") < 0) {
            int b = in.read();
            if (b < 0) {
                return "";
            }
            head.append((char) b);
        }
        String[] length = head.toString().toLowerCase(java.util.Locale.ROOT).split("content-length: ", 2);
        int size = length.length < 2 ? 0 : Integer.parseInt(length[1].split("\r\n", 2)[0]);
        in.readNBytes(size);
        requests.incrementAndGet();
        return head.toString();
    }

    public static void send(Socket socket, String text) throws IOException {
        socket.getOutputStream().write(text.getBytes(StandardCharsets.ISO_8859_1));
        socket.getOutputStream().flush();
    }

    private void accept() {
        try {
            while (!server.isClosed()) {
                Socket socket = server.accept();
                socket.setTcpNoDelay(true);
                open.add(socket);
                int number = connections.incrementAndGet();
                Thread.ofVirtual().start(() -> serve(socket, number));
            }
        } catch (IOException closed) {
            open.forEach(RawServer::close);
        }
    }

    private void serve(Socket socket, int number) {
        try (socket) {
            conduct.with(socket, number);
        } catch (IOException left) {
            open.remove(socket);
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
        }
        open.remove(socket);
    }

    private static void close(Socket socket) {
        try {
            socket.close();
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    @Override
    public void close() {
        try {
            server.close();
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
        open.forEach(RawServer::close);
    }
}
