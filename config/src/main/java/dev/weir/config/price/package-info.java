/** What tokens cost: the catalogue of models, their prices, and usage in disjoint buckets. */
@NullMarked
package dev.weir.config.price;

import org.jspecify.annotations.NullMarked;
