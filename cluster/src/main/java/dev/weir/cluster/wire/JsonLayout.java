package dev.weir.cluster.wire;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A caller's own JSON object, as a JSON or YAML parser made it: before each value a byte for its Java type, which is
 * kept, so that a long stays a long however small it is.
 */
final class JsonLayout {

    /** What Jackson reads by default; a key with deeper metadata cannot have been made. */
    static final int DEEPEST = 1000;

    private static final int NULL = 1;
    private static final int FALSE = 2;
    private static final int TRUE = 3;
    private static final int INTEGER = 4;
    private static final int LONG = 5;
    private static final int BIG_INTEGER = 6;
    private static final int DOUBLE = 7;
    private static final int BIG_DECIMAL = 8;
    private static final int TEXT = 9;
    private static final int LIST = 10;
    private static final int OBJECT = 11;

    private JsonLayout() {}

    static void object(Output out, Map<?, ?> object) {
        object(out, object, 1);
    }

    static Map<String, Object> object(Input in) {
        return object(in, 1);
    }

    private static void object(Output out, Map<?, ?> object, int depth) {
        requireDepth(depth);
        out.number(object.size());
        object.forEach((name, value) -> {
            out.text(String.valueOf(name));
            value(out, value, depth);
        });
    }

    private static void value(Output out, @Nullable Object value, int depth) {
        switch (value) {
            case null -> out.code(NULL);
            case Boolean bool -> out.code(bool ? TRUE : FALSE);
            case Integer number -> {
                out.code(INTEGER);
                out.number(number);
            }
            case Long number -> {
                out.code(LONG);
                out.number(number);
            }
            case BigInteger number -> {
                out.code(BIG_INTEGER);
                out.array(number.toByteArray());
            }
            case Double number -> {
                out.code(DOUBLE);
                out.number(Double.doubleToRawLongBits(number));
            }
            case BigDecimal number -> {
                out.code(BIG_DECIMAL);
                out.array(number.unscaledValue().toByteArray());
                out.number(number.scale());
            }
            case String text -> {
                out.code(TEXT);
                out.text(text);
            }
            case List<?> list -> {
                requireDepth(depth + 1);
                out.code(LIST);
                out.number(list.size());
                list.forEach(each -> value(out, each, depth + 1));
            }
            case Map<?, ?> inner -> {
                out.code(OBJECT);
                object(out, inner, depth + 1);
            }
            default ->
                throw new IllegalArgumentException(
                        "metadata: a " + value.getClass().getName() + " (expected: what JSON has)");
        }
    }

    private static Map<String, Object> object(Input in, int depth) {
        requireDepth(depth);
        int size = in.size();
        if (size == 0) {
            return Map.of();
        }
        Map<String, @Nullable Object> object = new LinkedHashMap<>();
        for (int i = 0; i < size; i++) {
            object.put(in.text(), value(in, depth));
        }
        return nullable(object);
    }

    /** {@code KeySettings} calls the values of its metadata not null, and keeps the nulls of JSON all the same. */
    @SuppressWarnings("NullAway")
    private static Map<String, Object> nullable(Map<String, @Nullable Object> object) {
        return object;
    }

    private static @Nullable Object value(Input in, int depth) {
        int code = in.code();
        return switch (code) {
            case NULL -> null;
            case FALSE -> false;
            case TRUE -> true;
            case INTEGER -> in.integer();
            case LONG -> in.number();
            case BIG_INTEGER -> new BigInteger(in.array());
            case DOUBLE -> Double.longBitsToDouble(in.number());
            case BIG_DECIMAL -> new BigDecimal(new BigInteger(in.array()), in.integer());
            case TEXT -> in.text();
            case LIST -> list(in, depth + 1);
            case OBJECT -> object(in, depth + 1);
            default -> throw new IllegalArgumentException("a value of code " + code + ": written by a newer Weir");
        };
    }

    private static List<@Nullable Object> list(Input in, int depth) {
        requireDepth(depth);
        int size = in.size();
        List<@Nullable Object> list = new ArrayList<>();
        for (int i = 0; i < size; i++) {
            list.add(value(in, depth));
        }
        return list;
    }

    private static void requireDepth(int depth) {
        if (depth > DEEPEST) {
            throw new IllegalArgumentException("metadata: deeper than " + DEEPEST);
        }
    }
}
