package dev.weir.config;

import java.nio.file.Path;

/** Where the line per call goes. */
public sealed interface AccessLog {

    /** A stream of the process, or nowhere. */
    enum Stream implements AccessLog {
        STDOUT,
        STDERR,
        OFF
    }

    /** A file that lines are appended to. */
    record ToFile(Path path) implements AccessLog {}
}
