package dev.weir.config;

import java.util.List;

/**
 * A whole configuration, validated and resolved.
 *
 * @param deployments in the order of the file
 * @param weir Weir's own settings
 * @param notHonoured a line for each setting of the file that this release does not act on, beginning with its path
 */
public record WeirConfig(
        List<Deployment> deployments, Router router, General general, WeirSettings weir, List<String> notHonoured) {

    public WeirConfig {
        deployments = List.copyOf(deployments);
        notHonoured = List.copyOf(notHonoured);
    }

    /** The same configuration with other settings, for flags of a command line. */
    public WeirConfig withWeir(WeirSettings settings) {
        return new WeirConfig(deployments, router, general, settings, notHonoured);
    }
}
