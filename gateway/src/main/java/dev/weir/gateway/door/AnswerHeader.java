package dev.weir.gateway.door;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.util.Locale;
import org.apache.pekko.http.impl.util.Rendering;
import org.apache.pekko.http.javadsl.model.headers.CustomHeader;
import org.jspecify.annotations.Nullable;

/**
 * A header of an answer that is copied out as bytes, the name's made once: an answer has thirty headers, and Pekko's own
 * writes each of them a character at a time, in a twentieth of a call's time. A value with a line's end in it is left out
 * with its header, by Pekko.
 */
public final class AnswerHeader extends CustomHeader {

    /** What comes before a value. */
    public static final class Name {

        private final String name;
        private final String lowerCase;
        private final byte[] bytes;
        private volatile @Nullable AnswerHeader kept;

        private Name(String name) {
            this.name = name;
            this.lowerCase = name.toLowerCase(Locale.ROOT);
            this.bytes = (name + ": ").getBytes(ISO_8859_1);
        }

        public static Name of(String name) {
            return new Name(name);
        }

        public AnswerHeader with(String value) {
            return new AnswerHeader(this, value, null);
        }

        /** The same for a value that is likely to be the last call's again: then its header is too. */
        public AnswerHeader keeping(String value) {
            AnswerHeader last = kept;
            if (last == null || !last.value.equals(value)) {
                last = new AnswerHeader(this, value, value.getBytes(ISO_8859_1));
                kept = last;
            }
            return last;
        }
    }

    private final Name name;
    private final String value;
    private final byte @Nullable [] bytes;

    private AnswerHeader(Name name, String value, byte @Nullable [] bytes) {
        this.name = name;
        this.value = value;
        this.bytes = bytes;
    }

    @Override
    public String name() {
        return name.name;
    }

    @Override
    public String lowercaseName() {
        return name.lowerCase;
    }

    @Override
    public String value() {
        return value;
    }

    @Override
    public boolean renderInRequests() {
        return false;
    }

    @Override
    public boolean renderInResponses() {
        return true;
    }

    @Override
    public <R extends Rendering> R render(R rendering) {
        rendering.$tilde$tilde(name.bytes);
        rendering.$tilde$tilde(bytes == null ? value.getBytes(ISO_8859_1) : bytes);
        return rendering;
    }
}
