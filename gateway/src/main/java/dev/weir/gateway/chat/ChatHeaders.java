package dev.weir.gateway.chat;

import dev.weir.actors.meter.Standing;
import dev.weir.config.Money;
import dev.weir.gateway.door.AnswerHeader;
import dev.weir.streams.relay.Target;
import io.netty.handler.codec.http.HttpHeaders;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.pekko.http.javadsl.model.HttpHeader;

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

    private static final Both MODEL_GROUP = Both.of("model-group");
    private static final Both KEY_SPEND = Both.of("key-spend");
    private static final Both ATTEMPTED_RETRIES = Both.of("attempted-retries");
    private static final Both ATTEMPTED_FALLBACKS = Both.of("attempted-fallbacks");
    private static final Both OVERHEAD_DURATION = Both.of("overhead-duration-ms");
    private static final Both RESPONSE_COST = Both.of("response-cost");
    private static final Both MODEL_ID = Both.of("model-id");

    private static final Map<Limited, LimitNames> LIMITS = new ConcurrentHashMap<>();

    /** What the names that providers use become; empty for those that are kept back. */
    private static final Map<String, Optional<AnswerHeader.Name>> PROVIDERS = new ConcurrentHashMap<>();

    private static final int MANY_PROVIDERS_NAMES = 1_000;

    /** A name that clients know, and our own. */
    private record Both(AnswerHeader.Name known, AnswerHeader.Name own) {

        static Both of(String name) {
            return new Both(AnswerHeader.Name.of("x-litellm-" + name), AnswerHeader.Name.of("x-weir-" + name));
        }

        void add(List<HttpHeader> headers, String value) {
            headers.add(known.with(value));
            headers.add(own.with(value));
        }

        /** What one call's answer says, the next one's is likely to say too. */
        void addUsual(List<HttpHeader> headers, String value) {
            headers.add(known.keeping(value));
            headers.add(own.keeping(value));
        }
    }

    private record Limited(Standing.Scope scope, Standing.LimitKind kind) {}

    /** The names for one kind of limit in one scope. */
    private record LimitNames(
            AnswerHeader.Name limit,
            AnswerHeader.Name remaining,
            AnswerHeader.Name reset,
            AnswerHeader.Name scopedLimit,
            AnswerHeader.Name scopedRemaining) {

        static LimitNames of(Limited limited) {
            String unit = lowerCase(limited.kind);
            String scoped = "x-ratelimit-" + lowerCase(limited.scope);
            return new LimitNames(
                    AnswerHeader.Name.of("x-ratelimit-limit-" + unit),
                    AnswerHeader.Name.of("x-ratelimit-remaining-" + unit),
                    AnswerHeader.Name.of("x-ratelimit-reset-" + unit),
                    AnswerHeader.Name.of(scoped + "-limit-" + unit),
                    AnswerHeader.Name.of(scoped + "-remaining-" + unit));
        }

        private static String lowerCase(Enum<?> value) {
            return value.name().toLowerCase(Locale.ROOT);
        }
    }

    private ChatHeaders() {}

    /** Of an admitted call, whoever answered it. */
    static List<HttpHeader> of(Call call, int attempts) {
        List<HttpHeader> headers = new ArrayList<>(40);
        MODEL_GROUP.addUsual(headers, call.group().name());
        KEY_SPEND.add(headers, usd(call.granted().spentNanoUsd() + call.nanoUsd()));
        ATTEMPTED_RETRIES.addUsual(headers, Integer.toString(Math.max(0, attempts - 1)));
        ATTEMPTED_FALLBACKS.addUsual(headers, "0");
        OVERHEAD_DURATION.add(headers, milliseconds(call.overheadNanos()));
        limits(headers, call.granted().standings());
        return headers;
    }

    static void cost(List<HttpHeader> headers, Call call) {
        RESPONSE_COST.add(headers, usd(call.nanoUsd()));
    }

    static void upstream(List<HttpHeader> headers, Target target, HttpHeaders answered) {
        MODEL_ID.addUsual(headers, target.id());
        for (Map.Entry<String, String> header : answered) {
            Optional<AnswerHeader.Name> name = ofProvider(header.getKey());
            if (name.isPresent()) {
                headers.add(name.get().with(header.getValue()));
            }
        }
    }

    private static Optional<AnswerHeader.Name> ofProvider(String name) {
        Optional<AnswerHeader.Name> known = PROVIDERS.get(name);
        if (known != null) {
            return known;
        }
        String lowerCase = name.toLowerCase(Locale.ROOT);
        Optional<AnswerHeader.Name> made = KEPT_BACK.contains(lowerCase)
                ? Optional.empty()
                : Optional.of(AnswerHeader.Name.of("llm_provider-" + lowerCase));
        if (PROVIDERS.size() < MANY_PROVIDERS_NAMES) {
            PROVIDERS.put(name, made);
        }
        return made;
    }

    /**
     * Of several limits of one kind a client obeys the tightest: that is the one that is told, of each scope and of all
     * of them.
     */
    static void limits(List<HttpHeader> headers, List<Standing> standings) {
        for (int i = 0; i < standings.size(); i++) {
            Standing standing = standings.get(i);
            Standing.LimitKind kind = standing.kind();
            if (kind == Standing.LimitKind.BUDGET || standing.id().model() != null) {
                continue;
            }
            LimitNames names = LIMITS.computeIfAbsent(new Limited(standing.scope(), kind), LimitNames::of);
            String limit = Long.toString(standing.limit());
            String remaining = Long.toString(standing.remaining());
            if (kind != Standing.LimitKind.MAX_PARALLEL_REQUESTS && isTightest(standings, i, false)) {
                headers.add(names.limit.keeping(limit));
                headers.add(names.remaining.with(remaining));
                Instant reset = standing.reset();
                if (reset != null) {
                    headers.add(names.reset.with(seconds(reset)));
                }
            }
            if (isTightest(standings, i, true)) {
                headers.add(names.scopedLimit.keeping(limit));
                headers.add(names.scopedRemaining.with(remaining));
            }
        }
    }

    private static boolean isTightest(List<Standing> standings, int index, boolean ofScope) {
        Standing one = standings.get(index);
        for (int i = 0; i < standings.size(); i++) {
            Standing other = standings.get(i);
            boolean compared = i != index
                    && other.kind() == one.kind()
                    && other.id().model() == null
                    && (!ofScope || other.scope() == one.scope());
            boolean tighter =
                    other.remaining() < one.remaining() || (other.remaining() == one.remaining() && i < index);
            if (compared && tighter) {
                return false;
            }
        }
        return true;
    }

    private static String seconds(Instant reset) {
        long millis = reset.toEpochMilli() - System.currentTimeMillis();
        return Math.max(0, (millis + 999) / 1000) + "s";
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
