package dev.weir.streams.transport;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import java.nio.charset.StandardCharsets;
import org.apache.pekko.stream.Attributes;
import org.apache.pekko.stream.FlowShape;
import org.apache.pekko.stream.Inlet;
import org.apache.pekko.stream.Outlet;
import org.apache.pekko.stream.stage.AbstractInHandler;
import org.apache.pekko.stream.stage.AbstractOutHandler;
import org.apache.pekko.stream.stage.AsyncCallback;
import org.apache.pekko.stream.stage.GraphStage;
import org.apache.pekko.stream.stage.GraphStageLogic;
import org.apache.pekko.util.ByteString;

/**
 * Pieces of a response's body in, nothing out: each goes to the client's socket as a chunk of HTTP/1.1, as soon as it is
 * there.
 *
 * <pre>
 *   head          -> Http.serverLayer -> connection flow -> socket
 *   pieces        -> chunk writer ------------------------> socket       this stage
 *   end, failure  -> Http.serverLayer -> connection flow -> socket
 * </pre>
 *
 * <p>The server layer pulls a body when the head before it has been written, and writes the last chunk when the body
 * completes, so the order on the socket is right: all three are written on the connection's loop. What passes the server
 * layer as a piece would cost two messages to its actor and a rope of three buffers.
 *
 * <p>It pulls while the socket takes what is written. It completes and fails with the body; cancelled, it cancels the body.
 */
final class ChunkWriter extends GraphStage<FlowShape<ByteString, ByteString>> {

    private static final short LINE_END = '\r' << 8 | '\n';
    private static final byte[] DIGITS = "0123456789abcdef".getBytes(StandardCharsets.US_ASCII);

    /** A length of 31 bits in hexadecimal digits, and two line ends. */
    private static final int MOST_FRAMING = 8 + 2 + 2;

    private final Inlet<ByteString> in = Inlet.create("ChunkWriter.in");
    private final Outlet<ByteString> out = Outlet.create("ChunkWriter.out");
    private final FlowShape<ByteString, ByteString> shape = FlowShape.of(in, out);

    private final Channel channel;
    private final ClientConnection connection;

    ChunkWriter(Channel channel, ClientConnection connection) {
        this.channel = channel;
        this.connection = connection;
    }

    @Override
    public FlowShape<ByteString, ByteString> shape() {
        return shape;
    }

    @Override
    public GraphStageLogic createLogic(Attributes attributes) {
        return new Logic();
    }

    /** A piece as a chunk, in one buffer for the socket. */
    static ByteBuf chunk(Channel channel, ByteString piece) {
        int length = piece.length();
        ByteBuf buffer = channel.alloc().directBuffer(length + MOST_FRAMING);
        for (int shift = (31 - Integer.numberOfLeadingZeros(length)) & ~3; shift >= 0; shift -= 4) {
            buffer.writeByte(DIGITS[length >>> shift & 0xf]);
        }
        buffer.writeShort(LINE_END);
        Bytes.append(buffer, piece);
        return buffer.writeShort(LINE_END);
    }

    private final class Logic extends GraphStageLogic {

        private boolean waitsForSocket;

        Logic() {
            super(shape);
            setHandler(in, new AbstractInHandler() {
                @Override
                public void onPush() {
                    ByteString piece = grab(in);
                    connection.active();
                    if (piece.nonEmpty()) {
                        channel.writeAndFlush(chunk(channel, piece), channel.voidPromise());
                    }
                    pullWhileTaken();
                }
            });
            setHandler(out, new AbstractOutHandler() {
                @Override
                public void onPull() {
                    // Once: the head is written.
                    pullWhileTaken();
                }
            });
        }

        @Override
        public void preStart() {
            AsyncCallback<Object> writable = createAsyncCallback(any -> {
                if (waitsForSocket) {
                    pullWhileTaken();
                }
            });
            connection.onWritable(() -> writable.invoke(this));
        }

        @Override
        public void postStop() {
            connection.onWritable(null);
        }

        private void pullWhileTaken() {
            waitsForSocket = !channel.isWritable();
            if (!waitsForSocket && !isClosed(in)) {
                pull(in);
            }
        }
    }
}
