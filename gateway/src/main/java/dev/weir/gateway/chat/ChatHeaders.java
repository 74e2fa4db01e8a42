package dev.weir.gateway.chat;

import dev.weir.actors.meter.Standing;
import dev.weir.config.Money;
import dev.weir.streams.relay.Target;
import io.netty.handler.codec.http.HttpHeaders;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.apache.pekko.http.javadsl.model.HttpHeader;
import org.apache.pekko.http.javadsl.model.headers.RawHeader;

/** The headers of answers: limits as they stand, who answered, what it cost, and the provider's own. */
final class ChatHeaders {

    /** Hop by hop, or said by this house itself. */
    private static final Set<String> KEPT_BACK = Set.of(
            "connection",
            "keep-alive",
            "proxy-authenticate",
            "proxy-authorization",
            "te",
            "trailer",
            "transfer-encoding",
            "upgrade",
            "content-length",
            "content-type",
            "content-encoding",
            "date",
            "server",
            "set-cookie");

    private ChatHeaders() {}

    /** Of an admitted call, whoever answered it. */
    static List<HttpHeader> of(Call call, int attempts) {
        List<HttpHeader> headers = new ArrayList<>(24);
        both(headers, "model-group", call.group().name());
        both(headers, "key-spend", usd(call.granted().spentNanoUsd() + call.nanoUsd()));
        both(headers, "attempted-retries", Integer.toString(Math.max(0, attempts - 1)));
        both(headers, "attempted-fallbacks", "0");
        both(headers, "overhead-duration-ms", milliseconds(call.overheadNanos()));
        limits(headers, call.granted().standings());
        return headers;
    }

    static void cost(List<HttpHeader> headers, Call call) {
        both(headers, "response-cost", usd(call.nanoUsd()));
    }

    static void upstream(List<HttpHeader> headers, Target target, HttpHeaders answered) {
        both(headers, "model-id", target.id());
        for (Map.Entry<String, String> header : answered) {
            String name = header.getKey().toLowerCase(Locale.ROOT);
            if (!KEPT_BACK.contains(name)) {
                headers.add(RawHeader.create("llm_provider-" + name, header.getValue()));
            }
        }
    }

    static void limits(List<HttpHeader> headers, List<Standing> standings) {
        for (Standing standing : standings) {
            String kind = standing.kind().name().toLowerCase(Locale.ROOT);
            String scope = standing.scope().name().toLowerCase(Locale.ROOT);
            switch (standing.kind()) {
                case REQUESTS, TOKENS -> {
                    header(headers, "x-ratelimit-limit-" + kind, standing.limit());
                    header(headers, "x-ratelimit-remaining-" + kind, standing.remaining());
                    Instant reset = standing.reset();
                    if (reset != null) {
                        headers.add(RawHeader.create("x-ratelimit-reset-" + kind, seconds(reset)));
                    }
                    header(headers, "x-ratelimit-" + scope + "-limit-" + kind, standing.limit());
                    header(headers, "x-ratelimit-" + scope + "-remaining-" + kind, standing.remaining());
                }
                case MAX_PARALLEL_REQUESTS -> {
                    header(headers, "x-ratelimit-" + scope + "-limit-" + kind, standing.limit());
                    header(headers, "x-ratelimit-" + scope + "-remaining-" + kind, standing.remaining());
                }
                case BUDGET -> {}
            }
        }
    }

    private static String seconds(Instant reset) {
        long millis = Duration.between(Instant.now(), reset).toMillis();
        return Math.max(0, (millis + 999) / 1000) + "s";
    }

    private static void header(List<HttpHeader> headers, String name, long value) {
        headers.add(RawHeader.create(name, Long.toString(value)));
    }

    private static void both(List<HttpHeader> headers, String name, String value) {
        headers.add(RawHeader.create("x-litellm-" + name, value));
        headers.add(RawHeader.create("x-weir-" + name, value));
    }

    /** With three decimals; formatting by a pattern costs more than the rest of the header. */
    private static String milliseconds(long nanos) {
        long micros = nanos / 1_000;
        String fraction = Long.toString(1_000 + micros % 1_000).substring(1);
        return micros / 1_000 + "." + fraction;
    }

    private static String usd(long nanoUsd) {
        return new Money(nanoUsd).toUsd().toPlainString();
    }
}
