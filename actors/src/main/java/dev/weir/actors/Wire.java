package dev.weir.actors;

/**
 * What may cross from one node to another. The serializer is bound to this interface, once; a message without it stays
 * in its process.
 */
public interface Wire {}
