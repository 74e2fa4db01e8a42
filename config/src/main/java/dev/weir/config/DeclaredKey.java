package dev.weir.config;

/** A virtual key that the file declares under {@code weir.keys}. */
public record DeclaredKey(Secret key, KeySettings settings) {}
