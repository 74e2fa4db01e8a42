package dev.weir.cluster.nodes;

import dev.weir.cluster.store.StoreException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * The node that had this data directory before: whoever has the directory's lock knows that its process has ended, however it
 * did, so that nobody has to wait until its right to act is over.
 */
final class Predecessor {

    private static final String FILE = "node";

    private Predecessor() {}

    /**
     * Writes down who has the directory now.
     *
     * @return the incarnation before, over the same store; null when there was none
     */
    static @Nullable Long replace(Path directory, String store, long incarnation) {
        Path file = directory.resolve(FILE);
        try {
            Long before = null;
            if (Files.exists(file)) {
                String[] words = Files.readString(file).strip().split(" ", -1);
                before = words.length == 2 && words[0].equals(store) ? parse(words[1]) : null;
            }
            Files.writeString(file, store + " " + incarnation + "\n");
            return before;
        } catch (IOException failure) {
            throw new StoreException(
                    "data directory " + directory + " cannot be written: " + failure.getMessage(), failure);
        }
    }

    private static @Nullable Long parse(String number) {
        try {
            return Long.valueOf(number);
        } catch (NumberFormatException broken) {
            return null; // the file is ours to write, not ours to trust
        }
    }
}
