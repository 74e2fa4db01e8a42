package dev.weir.config;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** The ways to say a credential: {@code os.environ/NAME}, {@code file:/path}, or the credential itself. */
final class Credentials {

    private static final String FILE = "file:";
    private static final String HIDDEN = "(hidden)";

    private Credentials() {}

    /** The credential at {@code value}, or null and a problem; neither text nor problem shows it. */
    static @Nullable Secret read(Value value) {
        String text = value.resolved();
        if (value.isReference() && (text == null || text.isBlank())) {
            return refused(value, String.valueOf(value.raw()), "a variable that is set");
        }
        if (text == null || text.isBlank()) {
            return refused(
                    value, value.isAbsent() ? "missing" : HIDDEN, "a secret as a text, os.environ/NAME or file:/path");
        }
        return text.startsWith(FILE) && value.reading().resolves() ? ofFile(value, text) : ofText(value, text);
    }

    private static @Nullable Secret ofFile(Value value, String reference) {
        String path = reference.substring(FILE.length());
        String shown = value.isReference() ? String.valueOf(value.raw()) : reference;
        try {
            String content = Files.readString(Path.of(path)).strip();
            return content.isEmpty() ? refused(value, shown, "a file that is not empty") : ofText(value, content);
        } catch (IOException | InvalidPathException e) {
            return refused(value, shown, "a readable file");
        }
    }

    /** A credential travels in a header: one line of visible characters. */
    private static @Nullable Secret ofText(Value value, String text) {
        if (!text.strip().chars().allMatch(c -> c > ' ' && c < 0x7f)) {
            return refused(value, HIDDEN, "visible ASCII characters, no spaces");
        }
        return new Secret(text.strip());
    }

    private static @Nullable Secret refused(Value value, String shown, String expected) {
        value.reading().problem(value.path(), shown, expected);
        return null;
    }
}
