package dev.weir.perf.run;

/**
 * What the processes took in one second.
 *
 * @param second since the load was started
 * @param subject cores that the subject used; 0 when it has no process
 * @param mock the mock's
 * @param load the load's
 * @param machine of everything on the machine
 * @param residentMb of the subject
 * @param proportionalMb of it what is not shared
 */
public record Sample(
        double second,
        double subject,
        double mock,
        double load,
        double machine,
        double residentMb,
        double proportionalMb,
        long threads,
        long descriptors) {}
