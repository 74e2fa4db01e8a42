package dev.weir.streams.mock;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;

/** The pieces of one answer with its own numbers in them: piece 0 is the preamble, then come the tokens, the last is the finale. */
final class Pieces implements Template.Values {
    private final Rendering rendering;
    private final Request request;
    private final long id;
    private final int tokens;
    private final int thoughts;
    private final boolean tellsUsage;
    private int token;

    Pieces(Rendering rendering, Request request, long id) {
        this.rendering = rendering;
        this.request = request;
        this.id = id;
        this.tokens = rendering.script().text().tokens();
        this.thoughts = Math.min(rendering.script().text().reasoning(), tokens);
        this.tellsUsage = rendering.tellsUsage(request.usageAsked());
    }

    int count() {
        return tokens + 2;
    }

    int tokens() {
        return tokens;
    }

    boolean tellsUsage() {
        return tellsUsage;
    }

    /** How many tokens the pieces before this one hold. */
    int tokensBefore(int piece) {
        return Math.clamp(piece - 1L, 0, tokens);
    }

    /** The bytes of these pieces. */
    int length(int from, int upTo) {
        int length = 0;
        for (int piece = from; piece < upTo; piece++) {
            if (endsThoughts(piece)) {
                length += rendering.betweenThoughtAndText().length(this);
            }
            length += template(piece).length(this);
        }
        return length;
    }

    void write(int from, int upTo, ByteBuf out) {
        for (int piece = from; piece < upTo; piece++) {
            if (endsThoughts(piece)) {
                rendering.betweenThoughtAndText().write(this, out);
            }
            template(piece).write(this, out);
        }
    }

    void writeHead(ByteBuf out) {
        rendering.head().write(this, out);
    }

    /** The head of an answer whose body has another length than its pieces. */
    void writeHead(int length, ByteBuf out) {
        rendering.head().write(hole -> hole == Template.Hole.LENGTH ? length : of(hole), out);
    }

    /** The first pieces, in a buffer of their own. */
    ByteBuf rendered(int upTo) {
        ByteBuf body = Unpooled.buffer(length(0, upTo));
        write(0, upTo, body);
        return body;
    }

    @Override
    public long of(Template.Hole hole) {
        return switch (hole) {
            case ID -> id;
            case CREATED -> request.arrivedMillis() / 1000;
            case TOKEN -> token;
            case PROMPT -> request.promptTokens();
            case COMPLETION -> tokens;
            case TOTAL -> request.promptTokens() + tokens;
            case LENGTH -> length(0, count());
        };
    }

    private boolean endsThoughts(int piece) {
        return piece > 0 && piece - 1 == thoughts;
    }

    private Template template(int piece) {
        if (piece == 0) {
            return rendering.preamble();
        }
        if (piece == count() - 1) {
            return rendering.finale(tellsUsage);
        }
        token = piece - 1;
        return rendering.token(token);
    }
}
