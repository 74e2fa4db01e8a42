package dev.weir.streams.pool;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import io.netty.buffer.ByteBuf;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.http.DefaultHttpHeaders;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import java.net.URI;
import org.apache.pekko.util.ByteString;
import org.junit.jupiter.api.Test;

class RequestBytesTest {

    private final EmbeddedChannel channel = new EmbeddedChannel();
    private final RequestBytes requests = new RequestBytes(Endpoint.of(URI.create("http://api.example.com:8080/v1")));

    private String written() {
        ByteBuf bytes = channel.readOutbound();
        try {
            return bytes.toString(ISO_8859_1);
        } finally {
            bytes.release();
        }
    }

    private void write(HttpHeaders headers, String body) {
        requests.write(
                new UpstreamRequest(HttpMethod.POST, "/chat/completions", headers, ByteString.fromString(body)),
                channel);
    }

    @Test
    void headAndBodyGoOutTogether() {
        write(
                new DefaultHttpHeaders()
                        .add("authorization", "Bearer k")
                        .add("x-a", "1")
                        .add("x-a", "2"),
                "{}");
        assertEquals(
                "POST /v1/chat/completions HTTP/1.1\r\nhost: api.example.com:8080\r\ncontent-length: 2\r\n"
                        + "authorization: Bearer k\r\nx-a: 1\r\nx-a: 2\r\n\r\n{}",
                written());
        assertNull(channel.readOutbound());
    }

    @Test
    void whereItGoesAndHowLongItIsNobodyElseSays() {
        write(new DefaultHttpHeaders().add("Host", "elsewhere").add("CONTENT-LENGTH", "7"), "{}");
        assertEquals(
                "POST /v1/chat/completions HTTP/1.1\r\nhost: api.example.com:8080\r\ncontent-length: 2\r\n\r\n{}",
                written());
    }

    @Test
    void aLargeBodyIsNotCopied() {
        String body = "x".repeat(100_000);
        write(new DefaultHttpHeaders(), body);
        assertEquals(
                "POST /v1/chat/completions HTTP/1.1\r\nhost: api.example.com:8080\r\ncontent-length: 100000\r\n\r\n",
                written());
        assertEquals(body, written());
    }
}
