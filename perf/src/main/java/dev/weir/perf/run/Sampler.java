package dev.weir.perf.run;

import dev.weir.perf.subject.Child;
import dev.weir.perf.subject.Mock;
import dev.weir.perf.subject.ProcessTree;
import dev.weir.perf.subject.Subject;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.ToLongFunction;

/** Reads the meters of all processes once a second, as long as it is open, and scrapes the subject's metrics as often as a collector. */
final class Sampler implements AutoCloseable {
    private static final int INTERVAL_MILLIS = 1_000;
    private static final int SCRAPE_EVERY = 5;

    /** What the meters say at one moment; CPU in microseconds. */
    record Reading(long nanos, long subject, long mock, long load, long machine, long stolen) {}

    private final Subject subject;
    private final Mock mock;
    private final Child load;
    private final Consumer<Sample> listener;
    private final List<Sample> samples = new ArrayList<>();
    private final Thread thread;
    private volatile boolean ends;

    Sampler(Subject subject, Mock mock, Child load, Consumer<Sample> listener) {
        this.subject = subject;
        this.mock = mock;
        this.load = load;
        this.listener = listener;
        this.thread = Thread.ofPlatform().daemon().name("sampler").start(this::sample);
    }

    Reading read() {
        Machine.Time machine = Machine.time();
        return new Reading(
                System.nanoTime(),
                of(ProcessTree::cpuMicros),
                mock.tree().cpuMicros(),
                load.tree().cpuMicros(),
                machine.busy(),
                machine.stolen());
    }

    /** Looks no more; what it has seen. */
    List<Sample> end() {
        close();
        synchronized (samples) {
            return List.copyOf(samples);
        }
    }

    @Override
    public void close() {
        ends = true;
        thread.interrupt();
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void sample() {
        long began = System.nanoTime();
        Reading last = read();
        try {
            for (int i = 1; !ends; i++) {
                // a sample a second is what this thread is for, counted from the begin so that it does not drift
                Thread.sleep(Math.max(1, INTERVAL_MILLIS * (long) i - (System.nanoTime() - began) / 1_000_000));
                Reading now = read();
                Sample sample = sample(began, last, now);
                synchronized (samples) {
                    samples.add(sample);
                }
                listener.accept(sample);
                last = now;
                if (i % SCRAPE_EVERY == 0) {
                    subject.scrape();
                }
            }
        } catch (InterruptedException e) {
            ends = true;
        }
    }

    private Sample sample(long began, Reading from, Reading upTo) {
        double micros = (upTo.nanos - from.nanos) / 1e3;
        return new Sample(
                Math.round((upTo.nanos - began) / 1e8) / 10.0,
                cores(upTo.subject - from.subject, micros),
                cores(upTo.mock - from.mock, micros),
                cores(upTo.load - from.load, micros),
                cores(upTo.machine - from.machine, micros),
                of(ProcessTree::residentBytes) / 1e6,
                of(ProcessTree::proportionalBytes) / 1e6,
                of(ProcessTree::threads),
                of(ProcessTree::descriptors));
    }

    private static double cores(long used, double micros) {
        return Math.round(used / micros * 1000) / 1000.0;
    }

    private long of(ToLongFunction<ProcessTree> figure) {
        return subject.tree().map(figure::applyAsLong).orElse(0L);
    }
}
