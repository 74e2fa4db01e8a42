package dev.weir.streams.pool;

import io.netty.handler.codec.http.HttpMethod;
import org.apache.pekko.util.ByteString;

/**
 * What goes to an upstream.
 *
 * @param path with its query, behind the endpoint's base path
 */
public record UpstreamRequest(HttpMethod method, String path, HeaderBlock headers, ByteString body) {}
