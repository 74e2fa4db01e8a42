package dev.weir.streams.relay;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;

/** A client that sends one call and sees the bytes of its answer. */
final class Client implements AutoCloseable {

    /** How a client leaves. */
    enum Way {
        FIN,
        RST,
        HALF_CLOSE
    }

    private final Socket socket = new Socket();
    private final ByteArrayOutputStream seen = new ByteArrayOutputStream();

    Client(int port) {
        try {
            socket.setReceiveBufferSize(32 * 1024);
            socket.connect(new InetSocketAddress("127.0.0.1", port));
            socket.setSoTimeout(20_000);
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    static Client stream(WalkRig rig) {
        return new Client(rig.port()).post(true);
    }

    static Client whole(WalkRig rig) {
        return new Client(rig.port()).post(false);
    }

    Client post(boolean stream) {
        String body = "{\"model\":\"g\",\"stream\":" + stream
                + ",\"stream_options\":{\"include_usage\":true},\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}";
        try {
            socket.getOutputStream()
                    .write(("POST /v1/chat/completions HTTP/1.1\r\nHost: a\r\nContent-Length: " + body.length()
                                    + "\r\nContent-Type: application/json\r\n\r\n" + body)
                            .getBytes(StandardCharsets.US_ASCII));
            return this;
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    /** Reads until this text has come. */
    String until(String text) {
        byte[] buffer = new byte[16 * 1024];
        try {
            while (tail(text.length() + buffer.length).indexOf(text) < 0) {
                int read = socket.getInputStream().read(buffer);
                if (read < 0) {
                    throw new AssertionError("'" + text + "' did not come, but " + tail(2_000));
                }
                seen.write(buffer, 0, read);
            }
        } catch (IOException failure) {
            throw new AssertionError("'" + text + "' did not come, but " + tail(2_000), failure);
        }
        return seen.toString(StandardCharsets.UTF_8);
    }

    /** What has come, without waiting for more. */
    String soFar() {
        try {
            InputStream in = socket.getInputStream();
            while (in.available() > 0) {
                seen.write(in.read());
            }
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
        return seen.toString(StandardCharsets.UTF_8);
    }

    /** The whole streamed answer, with its framing. */
    String toEnd() {
        return until("\r\n0\r\n\r\n");
    }

    private String tail(int length) {
        byte[] all = seen.toByteArray();
        int from = Math.max(0, all.length - length);
        return new String(all, from, all.length - from, StandardCharsets.UTF_8);
    }

    void leave(Way way) {
        try {
            switch (way) {
                case FIN -> socket.close();
                case HALF_CLOSE -> socket.shutdownOutput();
                case RST -> {
                    socket.setSoLinger(true, 0);
                    socket.close();
                }
            }
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    @Override
    public void close() {
        leave(Way.FIN);
    }
}
