package dev.weir.perf.run;

import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * What was measured in one run of a scenario: everything that a report is made of.
 *
 * @param command what the user typed
 * @param at when it began, UTC
 * @param commit of the repository, and whether it was changed since
 * @param machine what it was measured on
 * @param on what each subject does of a gateway's work
 * @param notes what else is to be known: subjects that could not be started, what another load generator found
 */
public record Run(
        Scenario scenario,
        String command,
        String at,
        String commit,
        String machine,
        int cores,
        Map<String, String> on,
        List<Round> rounds,
        List<String> notes) {
    public Run {
        on = Map.copyOf(on);
        rounds = List.copyOf(rounds);
        notes = List.copyOf(notes);
    }

    /** The rounds of a subject at a point. */
    public List<Round> of(String subject, String point) {
        return rounds.stream()
                .filter(round ->
                        round.subject().equals(subject) && round.point().equals(point))
                .toList();
    }

    /** The subjects that were measured, in the order of the scenario. */
    public List<String> subjects() {
        List<String> measured = rounds.stream().map(Round::subject).distinct().toList();
        return Stream.concat(
                        scenario.subjects().stream().filter(measured::contains),
                        measured.stream().filter(name -> !scenario.subjects().contains(name)))
                .toList();
    }
}
