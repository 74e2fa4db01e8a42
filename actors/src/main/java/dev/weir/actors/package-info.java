/**
 * Who is allowed what. Actors, their protocols and the arithmetic behind them; no HTTP, no JDBC, no sharding: where an
 * actor lives is the business of {@code dev.weir.cluster}. The only kind of actor so far is the
 * {@linkplain dev.weir.actors.meter meter}.
 */
@NullMarked
package dev.weir.actors;

import org.jspecify.annotations.NullMarked;
