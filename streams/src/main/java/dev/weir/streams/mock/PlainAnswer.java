package dev.weir.streams.mock;

import com.fasterxml.jackson.core.io.JsonStringEncoder;
import java.nio.charset.StandardCharsets;

/** An answer that is no completion: an error, a list of models, the witness; head and body in one. */
final class PlainAnswer {
    private PlainAnswer() {}

    /** The error answer of a scripted status. A 401 quotes the credential, as some providers do, so that a test may look for it. */
    static byte[] of(Fault.Status fault, Request request, boolean keepAlive) {
        String message = fault.status() == 401
                ? "Incorrect API key provided: " + request.headers().getOrDefault("authorization", "none")
                : "The mock was asked for status " + fault.status();
        String retryAfter =
                fault.retryAfterSeconds() == null ? "" : "retry-after: " + fault.retryAfterSeconds() + "\r\n";
        return answer(fault.status(), "application/json", retryAfter, error(fault, message), keepAlive);
    }

    static byte[] of(int status, String message, boolean keepAlive) {
        return answer(status, "application/json", "", error(new Fault.Status(status, null, null), message), keepAlive);
    }

    static byte[] answer(int status, String contentType, String moreHeaders, String body, boolean keepAlive) {
        byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
        byte[] head = ("HTTP/1.1 " + status + " Mock\r\ncontent-type: " + contentType + "\r\n" + moreHeaders
                        + (keepAlive ? "" : "connection: close\r\n")
                        + (status == 204 ? "\r\n" : "content-length: " + bytes.length + "\r\n\r\n"))
                .getBytes(StandardCharsets.ISO_8859_1);
        byte[] all = new byte[head.length + bytes.length];
        System.arraycopy(head, 0, all, 0, head.length);
        System.arraycopy(bytes, 0, all, head.length, bytes.length);
        return all;
    }

    private static String error(Fault.Status fault, String message) {
        String type = switch (fault.status()) {
            case 429 -> "rate_limit_exceeded";
            case 401, 403 -> "authentication_error";
            default -> fault.status() < 500 ? "invalid_request_error" : "server_error";
        };
        String code = fault.code() == null ? "null" : "\"" + quoted(fault.code()) + "\"";
        return "{\"error\":{\"message\":\"" + quoted(message) + "\",\"type\":\"" + type + "\",\"param\":null,\"code\":"
                + code + "}}";
    }

    private static String quoted(String text) {
        return new String(JsonStringEncoder.getInstance().quoteAsString(text));
    }
}
