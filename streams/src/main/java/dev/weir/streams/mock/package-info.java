/**
 * The mock upstream: an OpenAI-shaped server that behaves as the model name says, and bears witness.
 *
 * <p>One implementation serves the demo, the tests and the measurements, always over a socket. The name of the model
 * carries the behaviour ({@code mock;latency=60ms;gap=10ms;tokens=20;reset-after=5}; {@link
 * dev.weir.streams.mock.Script} has the whole grammar), so that a test needs no side channel and a gateway between the two
 * knows nothing of it. What it really did stands in {@link dev.weir.streams.mock.Witness}: which attempts arrived, with which
 * headers, how many tokens were handed to the socket, and when the peer went away.
 *
 * <p>It has to cost far less than what it measures: texts are rendered once per model ({@code Template}), a tick is one
 * write, nothing is encoded per event but a sequence number, and there are no threads besides its event loops. It never
 * buffers more than a few hundred kilobytes for a peer that does not read.
 *
 * <p>Start at {@link dev.weir.streams.mock.MockUpstream}; {@link dev.weir.streams.mock.MockMain} is the same as a process.
 */
@NullMarked
package dev.weir.streams.mock;

import org.jspecify.annotations.NullMarked;
