/**
 * What an operator may say: a LiteLLM-style {@code config.yaml}, Weir's own settings below {@code weir:}, the fields of
 * virtual keys, and the catalogue of models and prices.
 *
 * <p>Start at {@link dev.weir.config.ConfigFile}: it reads the whole file into one immutable {@link
 * dev.weir.config.WeirConfig}, or fails with every problem at once. {@link dev.weir.config.CompatKey} is the one table of
 * the LiteLLM keys that are honoured; {@code reference.conf} is the one place of defaults.
 *
 * <p>This room refuses to guess: a setting is honoured, listed as not honoured, or stops the start; a secret is never
 * part of a text.
 */
@NullMarked
package dev.weir.config;

import org.jspecify.annotations.NullMarked;
