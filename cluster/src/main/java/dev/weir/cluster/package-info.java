/**
 * Where actors live and what outlives them: {@link dev.weir.cluster.store} is the embedded database and the meters'
 * rows in it, {@link dev.weir.cluster.meters} places the meters and hands them out as ordinary methods, {@link
 * dev.weir.cluster.wire} is the form in which a call's messages cross nodes. The only module that knows Artery, JDBC and
 * Pekko's cluster configuration.
 */
@NullMarked
package dev.weir.cluster;

import org.jspecify.annotations.NullMarked;
