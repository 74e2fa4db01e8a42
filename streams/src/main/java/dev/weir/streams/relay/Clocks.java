package dev.weir.streams.relay;

import java.time.Duration;

/**
 * How long an upstream may take; zero is for ever.
 *
 * @param firstContent from sending the request to the first content of a stream, or to the headers of a whole answer
 * @param idle between two reads that brought something, counted only while Weir is ready to take it
 * @param total of the whole call, from where its walk started, all attempts together
 */
public record Clocks(Duration firstContent, Duration idle, Duration total) {}
