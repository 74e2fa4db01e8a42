package dev.weir.perf.run;

import dev.weir.perf.subject.Mock;
import dev.weir.perf.subject.Subject;
import dev.weir.perf.subject.Subjects;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/** The subjects that run, by the names they have in the scenario. */
final class Running implements AutoCloseable {
    private final Scenario scenario;
    private final Subjects subjects;
    private final Mock mock;

    /** Where each subject has a directory of its own. */
    private final Path scratch;

    private final Path logs;
    private final PrintStream progress;
    private final Map<String, Subject> running = new LinkedHashMap<>();
    private final Map<String, String> skipped = new LinkedHashMap<>();
    private int started;

    Running(Scenario scenario, Subjects subjects, Mock mock, Path scratch, Path logs, PrintStream progress) {
        this.scenario = scenario;
        this.subjects = subjects;
        this.mock = mock;
        this.scratch = scratch;
        this.logs = logs;
        this.progress = progress;
    }

    Map<String, Subject> byName() {
        return Collections.unmodifiableMap(running);
    }

    /** Those that are not there, and why. */
    Map<String, String> skipped() {
        return Collections.unmodifiableMap(skipped);
    }

    void startAll() throws IOException, InterruptedException {
        for (String name : scenario.subjects()) {
            start(name);
        }
    }

    /** This one, started anew where the scenario is about starting. */
    Subject forMeasuring(String name) throws IOException, InterruptedException {
        Subject subject = running.get(name);
        if (scenario.fresh() && subject != null && subject.tree().isPresent()) {
            subject.close();
            start(name);
            subject = running.get(name);
        }
        if (subject == null) {
            throw new IOException(name + " does not start any more: " + skipped.get(name));
        }
        return subject;
    }

    private void start(String name) throws IOException, InterruptedException {
        running.remove(name);
        Path directory = Files.createDirectory(scratch.resolve("subject-" + started++));
        Path log = logs.resolve(name.replaceAll(".*/", "") + ".log").toAbsolutePath();
        switch (subjects.start(name, mock, directory, log)) {
            case Subject.Start.Started it -> running.put(name, it.subject());
            case Subject.Start.Skipped absent -> {
                skipped.put(absent.name(), absent.why());
                progress.println(absent.name() + " is skipped: " + absent.why());
            }
        }
    }

    @Override
    public void close() {
        running.values().forEach(Subject::close);
    }
}
