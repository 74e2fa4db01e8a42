/**
 * What tokens cost: the catalogue of models, their prices, and usage in disjoint buckets.
 *
 * <p>A price is whole pico-dollars per token and a cost whole nano-dollars, rounded up once per row, so that a row can be
 * recomputed by anybody from its usage. A model without a price is unpriced, never free.
 */
@NullMarked
package dev.weir.config.price;

import org.jspecify.annotations.NullMarked;
