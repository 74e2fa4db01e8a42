package dev.weir.streams.dialect;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/** JSON as maps, lists, texts, numbers as they were written, and truth values; read, made up, and written in many ways. */
final class Tree {

    /** Digits as they stand. */
    record Digits(String text) {}

    private static final JsonFactory JSON = new JsonFactory();
    private static final String[] TEXTS = {
        "",
        "a",
        "model",
        "tags",
        "\"",
        "\\",
        "\n\t\r",
        "\u00fc",
        "\u20ac",
        "\ud83d\ude00",
        "{\"model\":\"x\"}",
        "]}",
        ",",
        "\u0000"
    };
    private static final String[] NUMBERS = {"0", "-1", "1.5e10", "3", "123456789012345678901234567890", "0.0001"};

    private Tree() {}

    static Object read(byte[] bytes) {
        try (JsonParser parser = JSON.createParser(bytes)) {
            parser.nextToken();
            Object value = value(parser);
            if (parser.nextToken() != null) {
                throw new IllegalArgumentException("something behind the value");
            }
            return value == null ? "null" : value;
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    private static @Nullable Object value(JsonParser parser) throws IOException {
        return switch (parser.currentToken()) {
            case START_OBJECT -> {
                Map<String, @Nullable Object> fields = new LinkedHashMap<>();
                while (parser.nextToken() == JsonToken.FIELD_NAME) {
                    String name = parser.currentName();
                    parser.nextToken();
                    fields.put(name, value(parser));
                }
                yield fields;
            }
            case START_ARRAY -> {
                List<@Nullable Object> elements = new ArrayList<>();
                while (parser.nextToken() != JsonToken.END_ARRAY) {
                    elements.add(value(parser));
                }
                yield elements;
            }
            case VALUE_STRING -> parser.getText();
            case VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT -> new Digits(parser.getText());
            case VALUE_TRUE -> true;
            case VALUE_FALSE -> false;
            case VALUE_NULL -> null;
            case NOT_AVAILABLE, END_OBJECT, END_ARRAY, FIELD_NAME, VALUE_EMBEDDED_OBJECT ->
                throw new IllegalArgumentException("no value: " + parser.currentToken());
        };
    }

    static @Nullable Object random(SplittableRandom random, int depth) {
        return switch (random.nextInt(depth > 0 ? 7 : 5)) {
            case 0 -> null;
            case 1 -> random.nextBoolean();
            case 2 -> new Digits(NUMBERS[random.nextInt(NUMBERS.length)]);
            case 3, 4 -> TEXTS[random.nextInt(TEXTS.length)];
            case 5 -> {
                List<@Nullable Object> elements = new ArrayList<>();
                for (int i = random.nextInt(4); i > 0; i--) {
                    elements.add(random(random, depth - 1));
                }
                yield elements;
            }
            default -> {
                Map<String, @Nullable Object> fields = new LinkedHashMap<>();
                for (int i = random.nextInt(4); i > 0; i--) {
                    fields.put("f" + i + TEXTS[random.nextInt(TEXTS.length)], random(random, depth - 1));
                }
                yield fields;
            }
        };
    }

    /** Writes with blanks and escapes wherever JSON allows them. */
    static String write(@Nullable Object value, SplittableRandom random) {
        StringBuilder out = new StringBuilder();
        write(out, value, random);
        return out.toString();
    }

    private static void write(StringBuilder out, @Nullable Object value, SplittableRandom random) {
        blank(out, random);
        if (value instanceof Map<?, ?> fields) {
            String separator = "{";
            for (Map.Entry<?, ?> field : fields.entrySet()) {
                out.append(separator);
                blank(out, random);
                text(out, (String) field.getKey(), random);
                blank(out, random);
                out.append(':');
                write(out, field.getValue(), random);
                separator = ",";
            }
            out.append(fields.isEmpty() ? "{" : "");
            blank(out, random);
            out.append('}');
        } else if (value instanceof List<?> elements) {
            String separator = "[";
            for (Object element : elements) {
                out.append(separator);
                write(out, element, random);
                separator = ",";
            }
            out.append(elements.isEmpty() ? "[" : "");
            blank(out, random);
            out.append(']');
        } else if (value instanceof String text) {
            text(out, text, random);
        } else if (value instanceof Digits digits) {
            out.append(digits.text);
        } else {
            out.append(value);
        }
        blank(out, random);
    }

    private static void text(StringBuilder out, String text, SplittableRandom random) {
        out.append('"');
        boolean escapeAll = random.nextInt(4) == 0;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (escapeAll || c < ' ' || c == '"' || c == '\\') {
                out.append(String.format("\\u%04x", (int) c));
            } else {
                out.append(c);
            }
        }
        out.append('"');
    }

    private static void blank(StringBuilder out, SplittableRandom random) {
        for (int i = random.nextInt(8) - 5; i > 0; i--) {
            out.append(" \n\r\t".charAt(random.nextInt(4)));
        }
    }
}
