package dev.weir.gateway.cli;

import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Locale;

/**
 * A client with one connection that reads what it must and looks at nothing but the status. It is made of sockets alone, because whatever
 * it used would be remembered as if the gateway needed it.
 */
final class Pupil implements AutoCloseable {

    private static final int PATIENCE_MILLIS = 20_000;

    private final Socket socket;
    private final InputStream in;
    private final OutputStream out;
    private final String key;
    private String status = "";

    private Pupil(Socket socket, String key) throws IOException {
        this.socket = socket;
        this.in = new BufferedInputStream(socket.getInputStream());
        this.out = socket.getOutputStream();
        this.key = key;
    }

    static Pupil at(String host, int port, String key) throws IOException {
        Socket socket = new Socket();
        try {
            socket.setTcpNoDelay(true);
            socket.setSoTimeout(PATIENCE_MILLIS);
            socket.connect(new InetSocketAddress(InetAddress.getByName(host), port), PATIENCE_MILLIS);
            return new Pupil(socket, key);
        } catch (IOException failure) {
            socket.close();
            throw failure;
        }
    }

    String get(String path) throws IOException {
        return ask("GET", path, "");
    }

    String post(String path, String json) throws IOException {
        return ask("POST", path, json);
    }

    /** What the last answer's status was; empty before. */
    String status() {
        return status;
    }

    void chat(String model, boolean streamed) throws IOException {
        post(
                "/v1/chat/completions",
                "{\"model\": \"" + model + "\", \"stream\": " + streamed
                        + ", \"max_tokens\": 100, \"messages\": [{\"role\": \"system\", \"content\": \"Be brief.\"},"
                        + " {\"role\": \"user\", \"content\": \"What does a weir do?\"}]}");
    }

    private String ask(String method, String path, String json) throws IOException {
        byte[] body = json.getBytes(StandardCharsets.UTF_8);
        String head = method + " " + path + " HTTP/1.1\r\nHost: weir\r\nAuthorization: Bearer " + key
                + (body.length == 0 ? "" : "\r\nContent-Type: application/json\r\nContent-Length: " + body.length)
                + "\r\nUser-Agent: weir-train\r\nAccept: */*\r\n\r\n";
        out.write((head + json).getBytes(StandardCharsets.UTF_8));
        String first = line();
        status = first.substring(first.indexOf(' ') + 1).split(" ", 2)[0];
        int length = -1;
        boolean chunked = false;
        for (String line = line(); !line.isEmpty(); line = line()) {
            String lower = line.toLowerCase(Locale.ROOT);
            if (lower.startsWith("content-length:")) {
                length = Integer.parseInt(lower.substring(15).strip());
            }
            chunked |= lower.startsWith("transfer-encoding:") && lower.contains("chunked");
        }
        return chunked ? chunks() : new String(in.readNBytes(Math.max(length, 0)), StandardCharsets.UTF_8);
    }

    private String chunks() throws IOException {
        StringBuilder text = new StringBuilder();
        while (true) {
            int size = Integer.parseInt(line(), 16);
            text.append(new String(in.readNBytes(size), StandardCharsets.UTF_8));
            line();
            if (size == 0) {
                return text.toString();
            }
        }
    }

    private String line() throws IOException {
        StringBuilder line = new StringBuilder();
        for (int c = in.read(); c != '\n'; c = in.read()) {
            if (c < 0) {
                throw new EOFException("the gateway closed the connection");
            }
            if (c != '\r') {
                line.append((char) c);
            }
        }
        return line.toString();
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
