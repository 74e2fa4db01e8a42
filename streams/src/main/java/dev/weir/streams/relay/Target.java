package dev.weir.streams.relay;

import dev.weir.streams.pool.HeaderBlock;
import dev.weir.streams.pool.UpstreamPool;

/**
 * A deployment as a call can use it.
 *
 * @param id of the deployment, unique
 * @param group the public model name it serves
 * @param provider the catalogue's name of it
 * @param upstreamModel what the upstream calls the model
 * @param weight its share within the group, as far as it is tried first
 * @param callClocks for whole answers
 * @param streamClocks for streams
 * @param headers what every request carries, the credential among them
 * @param asksUsage whether the upstream accepts {@code stream_options.include_usage}
 */
public record Target(
        String id,
        String group,
        String provider,
        String upstreamModel,
        double weight,
        UpstreamPool pool,
        HeaderBlock headers,
        Clocks callClocks,
        Clocks streamClocks,
        boolean asksUsage) {

    Clocks clocks(boolean stream) {
        return stream ? streamClocks : callClocks;
    }

    @Override
    public String toString() {
        return "Target[" + id + "]";
    }
}
