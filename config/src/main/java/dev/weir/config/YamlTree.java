package dev.weir.config;

import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import com.fasterxml.jackson.dataformat.yaml.YAMLParser;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A YAML document as maps, lists and scalars, with the line of every path; anchors and merge keys are resolved.
 *
 * <p>The parser's own messages quote the document and with it, perhaps, a secret: only the place of an error is told.
 */
final class YamlTree {

    /** Words like {@code no} stay texts: whoever expects a switch reads them as one, a name stays a name. */
    private static final YAMLFactory FACTORY = YAMLFactory.builder()
            .enable(YAMLParser.Feature.PARSE_BOOLEAN_LIKE_WORDS_AS_STRINGS)
            .enable(YAMLParser.Feature.EMPTY_STRING_AS_NULL)
            .build();

    private static final String MERGE = "<<";

    private final YAMLParser parser;
    private final Map<String, Integer> lines = new HashMap<>();
    private final Map<String, Object> anchors = new HashMap<>();
    private final List<Problem> problems = new ArrayList<>();

    private YamlTree(YAMLParser parser) {
        this.parser = parser;
    }

    /**
     * What a document says.
     *
     * @param root its outermost block; empty for an empty document
     * @param lines the line of each path
     * @param problems duplicate keys, unknown anchors, malformed text
     */
    record Document(Map<String, Object> root, Map<String, Integer> lines, List<Problem> problems) {}

    static Document parse(String text) {
        try (YAMLParser parser = FACTORY.createParser(text)) {
            YamlTree tree = new YamlTree(parser);
            return new Document(tree.document(), tree.lines, tree.problems);
        } catch (IOException e) {
            throw new IllegalStateException("a parser over a string does no I/O", e);
        }
    }

    private Map<String, Object> document() throws IOException {
        try {
            if (parser.nextToken() == null) {
                return Map.of();
            }
            Object root = value("");
            if (parser.nextToken() != null) {
                problem("yaml", "a second document", "one document");
            }
            if (root instanceof Map<?, ?> block) {
                return Value.block(block);
            }
            if (root != null) {
                problem("yaml", "no block of keys", "model_list:, general_settings:, weir: ...");
            }
        } catch (JsonProcessingException e) {
            JsonLocation at = e.getLocation();
            int line = at == null ? 0 : at.getLineNr();
            String column = at == null ? "" : " at column " + at.getColumnNr();
            problems.add(new Problem("yaml", "malformed" + column, "well-formed YAML", line));
        }
        return Map.of();
    }

    private @Nullable Object value(String path) throws IOException {
        lines.putIfAbsent(path, line());
        if (parser.isCurrentAlias()) {
            return alias(path, parser.getText());
        }
        String anchor = parser.getObjectId();
        Object value = switch (parser.currentToken()) {
            case START_OBJECT -> block(path);
            case START_ARRAY -> items(path);
            case VALUE_TRUE -> true;
            case VALUE_FALSE -> false;
            case VALUE_NUMBER_INT -> parser.getNumberValue();
            case VALUE_NUMBER_FLOAT -> decimal();
            case VALUE_NULL -> null;
            default -> parser.getText();
        };
        if (anchor != null && value != null) {
            anchors.put(anchor, value);
        }
        return value;
    }

    private Map<String, Object> block(String path) throws IOException {
        Map<String, Object> block = new LinkedHashMap<>();
        Map<String, Object> merged = new LinkedHashMap<>();
        while (parser.nextToken() != JsonToken.END_OBJECT) {
            String key = parser.currentName();
            String at = path.isEmpty() ? key : path + "." + key;
            int line = line();
            parser.nextToken();
            if (key.equals(MERGE)) {
                merge(at, value(at), merged);
                continue;
            }
            boolean duplicate = block.containsKey(key);
            Object value = value(at);
            if (duplicate) {
                problems.add(new Problem(at, "duplicate key", "each key once", line));
            } else {
                block.put(key, value);
            }
        }
        merged.forEach(block::putIfAbsent);
        return Collections.unmodifiableMap(block);
    }

    private void merge(String path, @Nullable Object source, Map<String, Object> merged) {
        if (source instanceof Map<?, ?> block) {
            Value.block(block).forEach(merged::putIfAbsent);
        } else if (source instanceof List<?> blocks && blocks.stream().allMatch(each -> each instanceof Map<?, ?>)) {
            blocks.forEach(each -> merge(path, each, merged));
        } else {
            problem(path, "not a block", "an alias of a block, such as *defaults");
        }
    }

    private List<Object> items(String path) throws IOException {
        List<Object> items = new ArrayList<>();
        while (parser.nextToken() != JsonToken.END_ARRAY) {
            items.add(value(path + "[" + items.size() + "]"));
        }
        return Collections.unmodifiableList(items);
    }

    private @Nullable Object alias(String path, String name) {
        Object value = anchors.get(name);
        if (value == null) {
            problem(path, "*" + name, "an anchor defined above, &" + name);
        }
        return value;
    }

    /** A decimal as written; {@code .nan} and {@code .inf} stay texts, which no reader takes for a number. */
    private Object decimal() throws IOException {
        try {
            return parser.getDecimalValue();
        } catch (NumberFormatException | JsonProcessingException e) {
            return parser.getText();
        }
    }

    private int line() {
        return parser.currentTokenLocation().getLineNr();
    }

    private void problem(String path, String value, String expected) {
        problems.add(new Problem(path, value, expected, line()));
    }
}
