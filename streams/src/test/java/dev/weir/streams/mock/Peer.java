package dev.weir.streams.mock;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;

/** A client that sees the bytes as they are: one socket, one request at a time. */
final class Peer implements AutoCloseable {
    private final Socket socket;
    private final ByteArrayOutputStream seen = new ByteArrayOutputStream();
    private boolean reset;
    private boolean ended;

    private Peer(Socket socket) {
        this.socket = socket;
    }

    static Peer of(MockUpstream mock) {
        return of(mock, 64 * 1024);
    }

    static Peer of(MockUpstream mock, int receiveBuffer) {
        try {
            Socket socket = new Socket();
            socket.setReceiveBufferSize(receiveBuffer);
            socket.connect(new InetSocketAddress("127.0.0.1", mock.port()));
            socket.setTcpNoDelay(true);
            return new Peer(socket);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static String streamed(String model) {
        return "{\"model\":\"" + model + "\",\"stream\":true,\"messages\":[]}";
    }

    static String streamedWithUsage(String model) {
        return "{\"model\":\"" + model
                + "\",\"stream\":true,\"messages\":[],\"stream_options\":{\"include_usage\":true}}";
    }

    static String whole(String model) {
        return "{\"model\":\"" + model + "\",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}";
    }

    Peer post(String body, String... headers) {
        StringBuilder more = new StringBuilder();
        for (String header : headers) {
            more.append(header).append("\r\n");
        }
        return send("POST /v1/chat/completions HTTP/1.1\r\nHost: mock\r\nContent-Type: application/json\r\n" + more
                + "Content-Length: " + body.getBytes(StandardCharsets.UTF_8).length + "\r\n\r\n" + body);
    }

    Peer send(String bytes) {
        try {
            socket.getOutputStream().write(bytes.getBytes(StandardCharsets.UTF_8));
            return this;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** All that comes until the connection ends. */
    Peer readToEnd() {
        readUntil("\uFFFF never comes", 10_000);
        return this;
    }

    /** All that comes until this text has been seen. */
    String readUntil(String text) {
        if (!readUntil(text, 10_000)) {
            throw new AssertionError("'" + text + "' did not come, but " + seen());
        }
        return seen();
    }

    /** Whether nothing more comes for a while. */
    boolean isSilentFor(int millis) {
        int before = seen.size();
        readUntil("\uFFFF never comes", millis);
        return !ended && seen.size() == before;
    }

    /** What has been read since the last {@link #forget()}. */
    String seen() {
        return seen.toString(StandardCharsets.UTF_8);
    }

    void forget() {
        seen.reset();
    }

    boolean wasReset() {
        return reset;
    }

    boolean hasEnded() {
        return ended;
    }

    /** Leaves with a RST. */
    void reset() {
        try {
            socket.setSoLinger(true, 0);
            socket.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() {
        try {
            socket.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private boolean readUntil(String text, int millis) {
        byte[] buffer = new byte[16 * 1024];
        try {
            socket.setSoTimeout(millis);
            InputStream in = socket.getInputStream();
            while (!seen().contains(text)) {
                int read = in.read(buffer);
                if (read < 0) {
                    ended = true;
                    return false;
                }
                seen.write(buffer, 0, read);
            }
            return true;
        } catch (SocketTimeoutException e) {
            return false;
        } catch (IOException e) {
            ended = true;
            reset = true;
            return false;
        }
    }
}
