package dev.weir.config;

import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigValueFactory;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * One place in a tree of settings: its path, what stands there, and typed ways to read it.
 *
 * <p>A reader that finds something else notes a problem and answers a stand-in, so that one pass finds every problem;
 * whoever owns the {@link Reading} throws the result away if there are any.
 */
final class Value {

    private static final String ENVIRONMENT = "os.environ/";
    private static final int LONGEST_SHOWN = 60;

    /** Arithmetic on more of them could take for ever. */
    private static final int MOST_DECIMALS = 40;

    private static final Set<String> TRUE = Set.of("true", "on", "yes");
    private static final Set<String> FALSE = Set.of("false", "off", "no");

    private final Reading reading;
    private final String path;
    private final @Nullable Object raw;

    Value(Reading reading, String path, @Nullable Object raw) {
        this.reading = reading;
        this.path = path;
        this.raw = raw;
    }

    String path() {
        return path;
    }

    Reading reading() {
        return reading;
    }

    @Nullable
    Object raw() {
        return raw;
    }

    boolean isAbsent() {
        return raw == null;
    }

    boolean isEmpty() {
        return raw == null
                || (raw instanceof Map<?, ?> map && map.isEmpty())
                || (raw instanceof List<?> list && list.isEmpty());
    }

    Value at(String key) {
        return new Value(
                reading, path.isEmpty() ? key : path + "." + key, entries().get(key));
    }

    /** The keys of a block in the order of the file; none, and a problem, for anything else. */
    Set<String> keys() {
        if (raw != null && !(raw instanceof Map<?, ?>)) {
            problem("a block of keys");
        }
        return entries().keySet();
    }

    List<Value> items() {
        if (raw instanceof List<?> list) {
            List<Value> items = new ArrayList<>();
            for (Object item : list) {
                items.add(new Value(reading, path + "[" + items.size() + "]", item));
            }
            return items;
        }
        if (raw != null) {
            problem("a list");
        }
        return List.of();
    }

    /** A text that is not blank and fits on a line, of a log or of a header. */
    String text() {
        String text = resolved();
        if (text == null || text.isBlank()) {
            return mistaken("a text", "");
        }
        return text.chars().anyMatch(Character::isISOControl) ? mistaken("a text of one line", "") : text;
    }

    List<String> texts() {
        return items().stream().map(Value::text).toList();
    }

    /** A text of a closed set, written in lower case. */
    <E extends Enum<E>> E oneOf(Class<E> type) {
        E[] constants = type.getEnumConstants();
        List<String> names = new ArrayList<>();
        String text = resolved();
        for (E constant : constants) {
            String name = constant.name().toLowerCase(Locale.ROOT);
            if (name.equals(text)) {
                return constant;
            }
            names.add(name);
        }
        return mistaken(String.join(", ", names), constants[0]);
    }

    boolean flag() {
        if (raw instanceof Boolean flag) {
            return flag;
        }
        String text = resolved();
        if (text != null && (TRUE.contains(text) || FALSE.contains(text))) {
            return TRUE.contains(text);
        }
        return mistaken("on or off", false);
    }

    /** Whether a setting that may be switched off is; YAML reads {@code off} as a text or as {@code false}. */
    boolean isOff() {
        String text = resolved();
        return Boolean.FALSE.equals(raw) || (text != null && FALSE.contains(text));
    }

    long integer(long min, long max) {
        BigDecimal number = raw instanceof String && !isReference() ? null : number();
        String least = min == Long.MIN_VALUE ? "" : " >= " + min;
        if (number == null) {
            return mistaken("an integer" + least, min);
        }
        if (number.compareTo(BigDecimal.valueOf(min)) < 0) {
            return mistaken(">= " + min, min);
        }
        if (number.compareTo(BigDecimal.valueOf(max)) > 0) {
            return mistaken("<= " + max, min);
        }
        if (number.stripTrailingZeros().scale() > 0) {
            return mistaken("an integer" + least, min);
        }
        return number.longValueExact();
    }

    /** A decimal from 0 to {@code max}; as a text too, since YAML takes {@code 1e-06} for one. */
    BigDecimal decimal(BigDecimal max) {
        BigDecimal number = number();
        if (number == null) {
            return mistaken("a number >= 0", BigDecimal.ZERO);
        }
        if (number.signum() < 0) {
            return mistaken(">= 0", BigDecimal.ZERO);
        }
        if (number.compareTo(max) > 0) {
            return mistaken("<= " + max.toPlainString(), BigDecimal.ZERO);
        }
        if (number.scale() > MOST_DECIMALS) {
            return mistaken("at most " + MOST_DECIMALS + " decimal places", BigDecimal.ZERO);
        }
        return number.signum() == 0 ? BigDecimal.ZERO : number;
    }

    /** A duration with its unit, longer than nothing. */
    Duration duration() {
        String expected = "a duration like 30s, 500ms or 5m";
        String text = resolved();
        if (text == null
                || text.isBlank()
                || Character.isDigit(text.strip().charAt(text.strip().length() - 1))) {
            return mistaken(expected, Duration.ZERO);
        }
        try {
            Duration duration =
                    ConfigValueFactory.fromAnyRef(text).atKey("value").getDuration("value");
            return duration.isPositive() ? duration : mistaken("longer than 0s", Duration.ZERO);
        } catch (ConfigException e) {
            return mistaken(expected, Duration.ZERO);
        }
    }

    @Nullable
    Duration durationOrOff() {
        return isOff() ? null : duration();
    }

    /** A size in bytes, as a number or with a unit: {@code 64KB} is 64,000 and {@code 64KiB} is 65,536. */
    long bytes(long min, long max) {
        String expected = "a size like 64KB or 32MB";
        String text = resolved();
        if (text == null) {
            return raw instanceof Number ? integer(min, max) : mistaken(expected, min);
        }
        try {
            // HOCON spells the decimal kilobyte kB alone, everybody else KB too
            long bytes = ConfigValueFactory.fromAnyRef(text.replace("KB", "kB"))
                    .atKey("value")
                    .getBytes("value");
            if (bytes < min || bytes > max) {
                return mistaken(bytes < min ? ">= " + min + " bytes" : "<= " + max + " bytes", min);
            }
            return bytes;
        } catch (ConfigException e) {
            return mistaken(expected, min);
        }
    }

    void problem(String expected) {
        reading.problem(path, shown(), expected);
    }

    /** The text at this place, with a variable's value in place of its name; null if it is none. */
    @Nullable
    String resolved() {
        if (!(raw instanceof String text) || !isReference()) {
            return raw instanceof String text ? text : null;
        }
        return reading.variable(text.substring(ENVIRONMENT.length()));
    }

    /** Whether the text names a variable of the environment. */
    boolean isReference() {
        return reading.resolves() && raw instanceof String text && text.startsWith(ENVIRONMENT);
    }

    private <T> T mistaken(String expected, T standIn) {
        if (isReference() && resolved() == null) {
            problem("a variable that is set");
        } else {
            problem(expected);
        }
        return standIn;
    }

    /** What stands here, short, with nothing that could be a credential. */
    String shown() {
        if (raw == null) {
            return "missing";
        }
        if (raw instanceof Map<?, ?>) {
            return "a block";
        }
        if (raw instanceof List<?>) {
            return "a list";
        }
        String text = raw.toString();
        if (raw instanceof String && text.contains("sk-")) {
            return "(hidden)";
        }
        String cut = text.length() > LONGEST_SHOWN ? text.substring(0, LONGEST_SHOWN) + "..." : text;
        return raw instanceof String ? "\"" + cut.replace("\n", "\\n").replace("\r", "\\r") + "\"" : cut;
    }

    private @Nullable BigDecimal number() {
        try {
            String text = raw instanceof Number number ? number.toString() : resolved();
            return text == null ? null : new BigDecimal(text.strip());
        } catch (NumberFormatException e) {
            return null;
        }
    }

    private Map<String, Object> entries() {
        return raw instanceof Map<?, ?> map ? block(map) : Map.of();
    }

    /** A block with its keys as texts. */
    static Map<String, Object> block(Map<?, ?> map) {
        Map<String, Object> block = new LinkedHashMap<>();
        map.forEach((key, value) -> block.put(String.valueOf(key), value));
        return block;
    }
}
