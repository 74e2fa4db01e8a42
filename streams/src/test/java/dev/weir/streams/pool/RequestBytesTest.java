package dev.weir.streams.pool;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.ByteBuf;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.http.DefaultHttpHeaders;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import java.net.URI;
import java.util.Random;
import org.apache.pekko.util.ByteString;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

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
                new UpstreamRequest(
                        HttpMethod.POST, "/chat/completions", HeaderBlock.of(headers), ByteString.fromString(body)),
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

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 16_309, 16_310, 16_311, 16_384, 16_385, 32_768, 200_000, 1_000_000})
    void aLongBodyGoesInBuffersThatTheAllocatorHas(int length) {
        byte[] body = new byte[length];
        new Random(length).nextBytes(body);
        ByteString ofTwo = ByteString.fromArray(body, 0, length / 3)
                .concat(ByteString.fromArray(body, length / 3, length - length / 3));
        requests.write(new UpstreamRequest(HttpMethod.POST, "/x", HeaderBlock.NONE, ofTwo), channel);

        StringBuilder all = new StringBuilder();
        int buffers = 0;
        while (!channel.outboundMessages().isEmpty()) {
            ByteBuf next = (ByteBuf) channel.outboundMessages().peek();
            assertTrue(next.capacity() <= 16_384);
            all.append(written());
            buffers++;
        }
        assertEquals(
                "POST /v1/x HTTP/1.1\r\nhost: api.example.com:8080\r\ncontent-length: " + length + "\r\n\r\n"
                        + new String(body, ISO_8859_1),
                all.toString());
        assertEquals(Math.ceilDiv(all.length(), 16_384), buffers);
    }

    @Test
    void aHeadThatIsLongerThanABufferGoesOutToo() {
        String value = "v".repeat(70_000);
        write(new DefaultHttpHeaders().add("a", value), "x".repeat(70_000));

        StringBuilder all = new StringBuilder();
        while (!channel.outboundMessages().isEmpty()) {
            all.append(written());
        }
        assertEquals(
                "POST /v1/chat/completions HTTP/1.1\r\nhost: api.example.com:8080\r\ncontent-length: 70000\r\n" + "a: "
                        + value + "\r\n\r\n" + "x".repeat(70_000),
                all.toString());
    }

    @Test
    void oneHeaderMoreLeavesTheOthersAsTheyWere() {
        HeaderBlock common = HeaderBlock.NONE.with("a", "1");
        HeaderBlock own = common.with("b", "2");

        assertEquals("a: 1\r\n", new String(common.bytes(), ISO_8859_1));
        assertEquals("a: 1\r\nb: 2\r\n", new String(own.bytes(), ISO_8859_1));
    }

    @ParameterizedTest
    @CsvSource({"a b,v", "'',v", "a:,v", "a,'v\r\nx: y'", "a,'v\nw'", "a,'\0'"})
    void whatIsNoHeaderIsRefusedAndItsValueNotTold(String name, String value) {
        IllegalArgumentException refused =
                assertThrows(IllegalArgumentException.class, () -> HeaderBlock.NONE.with(name, value));

        assertEquals("no header of HTTP: " + name, refused.getMessage());
    }

    @Test
    void aBlockShowsNoCredential() {
        assertEquals(
                "HeaderBlock[25 bytes]",
                HeaderBlock.NONE.with("authorization", "secret 1").toString());
    }
}
