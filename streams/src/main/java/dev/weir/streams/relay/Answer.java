package dev.weir.streams.relay;

import io.netty.handler.codec.http.HttpHeaders;
import org.apache.pekko.NotUsed;
import org.apache.pekko.stream.javadsl.Source;
import org.apache.pekko.util.ByteString;

/** What a walk has for the client. */
public sealed interface Answer {

    /** How many attempts began. */
    int attempts();

    /** A whole answer, also a provider's refusal. */
    record Whole(int status, HttpHeaders headers, ByteString body, Target target, int attempts) implements Answer {}

    /** A stream whose first content has come; its source may be run once, on the call's loop. */
    record Streamed(int status, HttpHeaders headers, Source<ByteString, NotUsed> body, Target target, int attempts)
            implements Answer {}

    /** Nothing that could be passed on. */
    record Failed(Failure failure, int attempts) implements Answer {}
}
