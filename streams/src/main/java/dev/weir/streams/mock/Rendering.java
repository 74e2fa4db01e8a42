package dev.weir.streams.mock;

import static dev.weir.streams.mock.Template.Hole.COMPLETION;
import static dev.weir.streams.mock.Template.Hole.CREATED;
import static dev.weir.streams.mock.Template.Hole.ID;
import static dev.weir.streams.mock.Template.Hole.LENGTH;
import static dev.weir.streams.mock.Template.Hole.PROMPT;
import static dev.weir.streams.mock.Template.Hole.TOKEN;
import static dev.weir.streams.mock.Template.Hole.TOTAL;

import com.fasterxml.jackson.core.io.JsonStringEncoder;

/**
 * The pieces of one model's answers, rendered once: a preamble, the tokens, a finale.
 *
 * <p>A stream's preamble is its role event and its finale the finish event, the usage and the marker. An answer that is not
 * streamed is one JSON text cut in the same places, so that both are written, paced and broken by the same code.
 */
final class Rendering {
    private final Script script;
    private final boolean streamed;
    private final String model;
    private final Template head;
    private final Template preamble;
    private final Template text;
    private final Template thought;
    private final Template betweenThoughtAndText;
    private final Template malformed;
    private final Template finale;
    private final Template finaleWithUsage;

    private Rendering(String model, Script script, boolean streamed) {
        this.script = script;
        this.streamed = streamed;
        this.model = new String(JsonStringEncoder.getInstance().quoteAsString(model));
        head = Template.of(headText());
        preamble = Template.of(streamed ? bom() + event(delta(opening())) + toolStart() : jsonPreamble());
        text = Template.of(streamed ? event(delta(textDelta())) : tokenText());
        thought = Template.of(streamed ? event(delta("{\"reasoning_content\":\"" + tokenText() + "\"}")) : tokenText());
        betweenThoughtAndText = Template.of(streamed || script.text().reasoning() == 0 ? "" : "\"," + jsonText());
        malformed = Template.of(streamed ? event("{\"id\":\"chatcmpl-" + ID.mark() + "\",\"choices\":[{") : "\"{]");
        finale = Template.of(finaleText(false));
        finaleWithUsage = Template.of(finaleText(true));
    }

    static Rendering of(String model, Script script, boolean streamed) {
        return new Rendering(model, script, streamed);
    }

    Script script() {
        return script;
    }

    boolean streamed() {
        return streamed;
    }

    Template head() {
        return head;
    }

    Template preamble() {
        return preamble;
    }

    /** The piece for token {@code k}. */
    Template token(int k) {
        if (script.fault() instanceof Fault.Malformed fault && fault.at() == k) {
            return malformed;
        }
        return k < script.text().reasoning() ? thought : text;
    }

    /** What stands between the reasoning and the text (in an answer that is not streamed). */
    Template betweenThoughtAndText() {
        return betweenThoughtAndText;
    }

    Template finale(boolean withUsage) {
        return withUsage ? finaleWithUsage : finale;
    }

    /** Whether an answer tells its usage, given whether a stream was asked for it. */
    boolean tellsUsage(boolean asked) {
        return switch (script.text().usage()) {
            case ON -> asked || !streamed;
            case OFF -> false;
            case ALWAYS -> true;
        };
    }

    private String headText() {
        return "HTTP/1.1 200 OK\r\n"
                + "content-type: " + contentType() + "\r\n"
                + "x-request-id: req_" + ID.mark() + "\r\n"
                + (streamed ? "cache-control: no-cache\r\n" : "")
                + (script.fault() == Fault.Framing.GZIP ? "content-encoding: gzip\r\n" : "")
                + lengthHeader()
                + (script.wire().close() || script.wire().unframed() ? "connection: close\r\n" : "")
                + "\r\n";
    }

    private String contentType() {
        if (script.fault() instanceof Fault.ContentType fault) {
            return fault.type();
        }
        return streamed ? "text/event-stream; charset=utf-8" : "application/json";
    }

    private String lengthHeader() {
        if (script.fault() == Fault.Framing.TWO_LENGTHS) {
            return "content-length: " + LENGTH.mark() + "\r\ncontent-length: 7\r\n";
        }
        if (script.fault() == Fault.Framing.GZIP) {
            return "content-length: " + LENGTH.mark() + "\r\n";
        }
        if (script.wire().unframed()) {
            return "";
        }
        return chunked() ? "transfer-encoding: chunked\r\n" : "content-length: " + LENGTH.mark() + "\r\n";
    }

    /** Whether the body goes out in chunks. */
    boolean chunked() {
        return (streamed || script.fault() == Fault.Framing.BAD_CHUNK)
                && !script.wire().unframed();
    }

    private String tokenText() {
        String shortest = "t" + TOKEN.mark() + " ";
        int padding = script.text().eventBytes() - shortest.length();
        return padding > 0 ? shortest + "x".repeat(padding) : shortest;
    }

    private String bom() {
        return script.wire().bom() ? "\uFEFF" : "";
    }

    private String opening() {
        return script.text().tools()
                ? "{\"role\":\"assistant\",\"content\":null,\"tool_calls\":[{\"index\":0,\"id\":\"call_" + ID.mark()
                        + "\",\"type\":\"function\",\"function\":{\"name\":\"lookup\",\"arguments\":\"\"}}]}"
                : "{\"role\":\"assistant\",\"content\":\"\"}";
    }

    private String textDelta() {
        return script.text().tools() ? arguments(tokenText()) : "{\"content\":\"" + tokenText() + "\"}";
    }

    private String toolStart() {
        return script.text().tools() ? event(delta(arguments("{\\\"text\\\":\\\""))) : "";
    }

    private static String arguments(String fragment) {
        return "{\"tool_calls\":[{\"index\":0,\"function\":{\"arguments\":\"" + fragment + "\"}}]}";
    }

    private String delta(String delta) {
        return chunk("[{\"index\":0,\"delta\":" + delta + ",\"logprobs\":null,\"finish_reason\":null}]", "");
    }

    private String chunk(String choices, String rest) {
        return common("chat.completion.chunk") + ",\"choices\":" + choices + rest + "}";
    }

    private String common(String object) {
        return "{\"id\":\"chatcmpl-" + ID.mark() + "\",\"object\":\"" + object + "\",\"created\":" + CREATED.mark()
                + ",\"model\":\"" + model + "\",\"system_fingerprint\":\"fp_mock\"";
    }

    private String event(String data) {
        String comment = script.wire().comments() ? ": keep-alive\n\n" : "";
        String event = comment + "data: " + data + "\n\n";
        return script.wire().crlf() ? event.replace("\n", "\r\n") : event;
    }

    private String finaleText(boolean withUsage) {
        String reason = script.text().tools() ? "tool_calls" : "stop";
        if (!streamed) {
            return (script.text().tools() ? "\\\"}\"}}]" : "\"") + "},\"logprobs\":null,\"finish_reason\":\"" + reason
                    + "\"}]" + (withUsage ? usage() : "") + "}";
        }
        String close = script.text().tools() ? event(delta(arguments("\\\"}"))) : "";
        String finish =
                event(chunk("[{\"index\":0,\"delta\":{},\"logprobs\":null,\"finish_reason\":\"" + reason + "\"}]", ""));
        return close + finish + (withUsage ? event(chunk("[]", usage())) : "") + event("[DONE]");
    }

    private String usage() {
        return ",\"usage\":{\"prompt_tokens\":" + PROMPT.mark() + ",\"completion_tokens\":" + COMPLETION.mark()
                + ",\"total_tokens\":" + TOTAL.mark()
                + ",\"prompt_tokens_details\":{\"cached_tokens\":0},\"completion_tokens_details\":{\"reasoning_tokens\":"
                + Math.min(script.text().reasoning(), script.text().tokens()) + "}}";
    }

    private String jsonPreamble() {
        return common("chat.completion") + ",\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\","
                + (script.text().reasoning() > 0 ? "\"reasoning_content\":\"" : jsonText());
    }

    private String jsonText() {
        return script.text().tools()
                ? "\"content\":null,\"tool_calls\":[{\"id\":\"call_" + ID.mark()
                        + "\",\"type\":\"function\",\"function\":{\"name\":\"lookup\",\"arguments\":\"{\\\"text\\\":\\\""
                : "\"content\":\"";
    }
}
