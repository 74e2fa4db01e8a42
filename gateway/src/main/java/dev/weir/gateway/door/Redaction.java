package dev.weir.gateway.door;

/**
 * A text without the keys that somebody put where none belongs: into a path, a field's name, a value of another kind.
 * Answers and logs show texts of requests through it.
 */
public final class Redaction {

    private static final String PREFIX = "sk-";
    private static final String HIDDEN = "sk-...";
    private static final int SHORTEST = 8;

    private Redaction() {}

    /** The same text where there is no key in it. */
    public static String of(String text) {
        int key = text.indexOf(PREFIX);
        if (key < 0) {
            return text;
        }
        StringBuilder shown = new StringBuilder(text.length());
        int from = 0;
        while (key >= 0) {
            int end = key + PREFIX.length();
            while (end < text.length() && isPartOfKey(text.charAt(end))) {
                end++;
            }
            shown.append(text, from, key).append(end - key < SHORTEST ? text.substring(key, end) : HIDDEN);
            from = end;
            key = text.indexOf(PREFIX, from);
        }
        return shown.append(text, from, text.length()).toString();
    }

    private static boolean isPartOfKey(char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
    }
}
