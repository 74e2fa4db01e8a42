package dev.weir.streams.pool;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValidationUtil;
import io.netty.handler.codec.http.HttpHeaders;
import java.util.Arrays;
import java.util.Map;

/** Headers as the bytes that go to an upstream: what all calls to a deployment have in common is made once. Immutable. */
public final class HeaderBlock {

    public static final HeaderBlock NONE = new HeaderBlock(new byte[0]);

    private final byte[] bytes;

    private HeaderBlock(byte[] bytes) {
        this.bytes = bytes;
    }

    /** These headers without Host and Content-Length, which the connection adds. */
    public static HeaderBlock of(HttpHeaders headers) {
        HeaderBlock block = NONE;
        for (Map.Entry<String, String> header : headers) {
            if (!isTheConnections(header.getKey())) {
                block = block.with(header.getKey(), header.getValue());
            }
        }
        return block;
    }

    private static boolean isTheConnections(String name) {
        return HttpHeaderNames.HOST.contentEqualsIgnoreCase(name)
                || HttpHeaderNames.CONTENT_LENGTH.contentEqualsIgnoreCase(name);
    }

    /**
     * These headers and one more.
     *
     * @throws IllegalArgumentException when no header can be called so, or have this value; the value is not told
     */
    public HeaderBlock with(String name, String value) {
        if (name.isEmpty()
                || HttpHeaderValidationUtil.validateToken(name) >= 0
                || HttpHeaderValidationUtil.validateValidHeaderValue(value) >= 0) {
            throw new IllegalArgumentException("no header of HTTP: " + name);
        }
        byte[] line = (name + ": " + value + "\r\n").getBytes(ISO_8859_1);
        byte[] more = Arrays.copyOf(bytes, bytes.length + line.length);
        System.arraycopy(line, 0, more, bytes.length, line.length);
        return new HeaderBlock(more);
    }

    /** Each line with its end; not to be changed. */
    byte[] bytes() {
        return bytes;
    }

    /** Without them: there is a credential among them. */
    @Override
    public String toString() {
        return "HeaderBlock[" + bytes.length + " bytes]";
    }
}
