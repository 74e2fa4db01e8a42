package dev.weir.streams.dialect;

/**
 * A body that cannot be a request.
 *
 * @param param the field, or an empty text
 * @param message says what is wrong and what was expected
 */
public record RequestProblem(String param, String message) {}
