package dev.weir.perf.faults.several;

import com.fasterxml.jackson.databind.JsonNode;
import dev.weir.perf.faults.callers.Callers;
import dev.weir.perf.faults.callers.Client;
import dev.weir.perf.faults.callers.Doors;
import dev.weir.perf.faults.callers.Said;
import dev.weir.perf.faults.judge.Findings;
import dev.weir.perf.faults.judge.Judge;
import dev.weir.perf.faults.site.Fault;
import dev.weir.streams.mock.Sighting;
import java.io.IOException;
import java.sql.SQLException;
import java.time.Duration;
import java.time.LocalTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** One run: load at every door that wants more than its limits, what the plan says, and the judgement. */
final class ClusterRun {

    private static final int CALLERS = 40;

    /** Nodes that start have some of the machine to themselves. */
    private static final int CALLERS_OF_A_BRIEF_RUN = 20;

    private static final int LONGEST_PAUSE_MILLIS = 60;
    private static final Duration PATIENCE = Duration.ofSeconds(5);

    /** After the last event the load goes on for a while, and until everything answers again if that is soon. */
    private static final long AFTERMATH_MILLIS = 2_000;

    private static final long RECOVERY_MILLIS = 30_000;

    /** And until every limit is used up. */
    private static final long MOST_MORE_MILLIS = 40_000;

    private static final long MOST_MORE_OF_A_BRIEF_RUN_MILLIS = 5_000;

    /** Of a killed node's keys. */
    private static final double LONGEST_OUTAGE_SECONDS = 15;

    /** Of every limit, in hundredths of a percent. */
    private static final long USED_WITHOUT_FAULTS = 10_000;

    private static final long USED_UNDER_FAULTS = 9_500;

    /** A limit's day must not end in the midst of a run. */
    private static final Duration LONGEST_RUN = Duration.ofMinutes(4);

    /**
     * What a run has shown.
     *
     * @param happened what had an effect
     * @param shares how much was used of each limit
     * @param recoveries of each event that took something away
     * @param restarts nodes that ended by themselves and were started again
     * @param messagesACall between nodes, as the nodes that run at the end count them; not a number where they do not
     */
    record Result(
            long seed,
            Plan plan,
            List<Fault> happened,
            Findings findings,
            long calls,
            long admitted,
            List<Quotas.Share> shares,
            List<Recovery> recoveries,
            int restarts,
            double messagesACall,
            @Nullable String broken) {

        /** What a limit or the ledger is for was not kept; a run that could not take place shows nothing. */
        boolean isSeenBroken() {
            return broken == null && findings.overAdmitted() + findings.unmetered() + findings.duplicated() > 0;
        }

        boolean isClean() {
            return broken == null && findings.isClean();
        }
    }

    /** How long a key was without an answer behind an event; infinite where one never had one again. */
    record Recovery(Fault fault, double seconds) {}

    private final ClusterSite site;
    private final long seenBefore;
    private final int restartsBefore;
    private final long seed;
    private final Plan plan;
    private final Quotas quotas;
    private final Judge judge = new Judge();

    /** @param site that has been used before, perhaps */
    ClusterRun(ClusterSite site, long seed, Plan plan) {
        this.site = site;
        this.seenBefore = site.mock().witness().sightings().stream()
                .mapToLong(Sighting::serial)
                .max()
                .orElse(0);
        this.restartsBefore = site.restarts();
        this.seed = seed;
        this.plan = plan;
        this.quotas = new Quotas(seed, plan.limitMillis());
    }

    Result run() throws IOException, InterruptedException {
        try {
            awaitRoomInTheDay();
            site.start(plan.clocks());
            List<String> keys = quotas.make(site.door());
            return judged(keys, loaded(keys));
        } catch (IOException | SQLException broken) {
            return broken(String.valueOf(broken.getMessage()));
        }
    }

    private Result broken(String why) throws IOException, InterruptedException {
        new Evidence(site.directory()).write(site.nodes());
        return new Result(seed, plan, List.of(), judge.findings(), 0, 0, List.of(), List.of(), 0, Double.NaN, why);
    }

    private static void awaitRoomInTheDay() throws InterruptedException {
        Duration left = Duration.between(LocalTime.now(ZoneOffset.UTC), LocalTime.MAX);
        if (left.compareTo(LONGEST_RUN) < 0) {
            TimeUnit.MILLISECONDS.sleep(left.plusSeconds(5).toMillis()); // midnight is another test's
        }
    }

    /** What the load has shown. */
    private record Load(List<Said> said, List<Said> probed, List<Disturbance.Happened> happened) {
        List<Said> all() {
            List<Said> all = new ArrayList<>(said);
            all.addAll(probed);
            return all;
        }
    }

    private Load loaded(List<String> keys) throws IOException, InterruptedException {
        Disturbance disturbance = new Disturbance(site, keys.getFirst());
        try (Doors doors = Doors.watching(site.doors())) {
            Client client = new Client(doors, keys, PATIENCE);
            Prober prober = new Prober(client, Quotas.PROBED, Quotas.PROBED_FROM, Quotas.PROBED_KEYS, seed);
            Callers callers = new Callers(client, seed + "c", Quotas::order, LONGEST_PAUSE_MILLIS);
            long began = System.nanoTime();
            prober.start();
            callers.start(plan.isBrief() ? CALLERS_OF_A_BRIEF_RUN : CALLERS, seed);
            disturbance.start(plan);
            disturbance.join();
            long left = plan.loadMillis() - TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - began);
            TimeUnit.MILLISECONDS.sleep(Math.max(AFTERMATH_MILLIS, left)); // the load's own time
            awaitRecovery(prober, disturbance.happened());
            awaitUsedUp(callers);
            Load load = new Load(callers.stop(), prober.stop(), disturbance.happened());
            if (disturbance.broken() != null) {
                throw new IOException(disturbance.broken());
            }
            return load;
        } finally {
            disturbance.stop();
            site.heal();
        }
    }

    private static void awaitRecovery(Prober prober, List<Disturbance.Happened> happened) throws InterruptedException {
        long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(RECOVERY_MILLIS);
        while (System.nanoTime() < end
                && recoveries(prober.said(), happened).stream().anyMatch(each -> Double.isInfinite(each.seconds))) {
            TimeUnit.MILLISECONDS.sleep(200); // processes outside, there is nothing to be notified by
        }
    }

    private void awaitUsedUp(Callers callers) throws InterruptedException {
        long most = plan.isBrief() ? MOST_MORE_OF_A_BRIEF_RUN_MILLIS : MOST_MORE_MILLIS;
        long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(most);
        while (System.nanoTime() < end && !quotas.areUsedUp(callers.said())) {
            TimeUnit.MILLISECONDS.sleep(500); // the load's own time
        }
    }

    private Result judged(List<String> keys, Load load) throws IOException, InterruptedException, SQLException {
        site.settle().forEach(judge::unended);
        double messagesACall = messagesACall();
        List<Sighting> witness = site.mock().witness().since(seenBefore);
        List<JsonNode> rows = site.door().rows(keys);
        List<Said> said = load.all();
        judge.rows(witness, rows, said);
        judge.statuses(said);
        judge.unlimited(load.probed);
        quotas.judge(judge, witness, Standstill.of(site, load.happened)::hadOpen);
        if (plan.isOrderly()) {
            judge.undisturbed(said);
            judge.noneEndedByItself(restarts());
        }
        boolean nothingLost = plan.isOrderly() && !plan.isBrief();
        if (nothingLost) {
            site.restart(); // nodes have nothing ahead then
        }
        quotas.books(judge, site.door(), keys, witness, rows, nothingLost);
        List<Recovery> recoveries = recoveries(load.probed, load.happened);
        recovered(recoveries);
        List<Quotas.Share> shares = quotas.shares(witness);
        if (!plan.isBrief()) {
            long least = plan.events().isEmpty() ? USED_WITHOUT_FAULTS : USED_UNDER_FAULTS;
            shares.forEach(share ->
                    judge.usedUp(share.name() + ", in hundredths of a percent", Math.round(share.used() * 1e4), least));
            if (plan.events().isEmpty()) {
                quotas.slotsUsedUp(judge, witness);
            }
        }
        if (!judge.findings().isClean()) {
            Evidence evidence = new Evidence(site.directory());
            evidence.write(witness, rows, said);
            evidence.write(site.nodes());
            evidence.accounts(Meters.of(site).accounts());
        }
        return new Result(
                seed,
                plan,
                load.happened.stream().map(each -> each.event().fault()).toList(),
                judge.findings(),
                said.size(),
                said.stream().filter(Said::admitted).count(),
                shares,
                recoveries,
                restarts(),
                messagesACall,
                null);
    }

    private int restarts() {
        return site.restarts() - restartsBefore;
    }

    private void recovered(List<Recovery> recoveries) {
        boolean onlyKills =
                recoveries.stream().allMatch(each -> each.fault() == Fault.KILL || each.fault() == Fault.KILL_TWO);
        double longest =
                recoveries.stream().mapToDouble(Recovery::seconds).max().orElse(0);
        if (Double.isInfinite(longest) || (onlyKills && longest > LONGEST_OUTAGE_SECONDS)) {
            judge.missed("the longest time without an answer", longest + " s", "15 s at most after a kill -9");
        }
    }

    /** From its begin or, of a database that was away, from its return, until the next one. */
    private static List<Recovery> recoveries(List<Said> probed, List<Disturbance.Happened> happened) {
        List<Recovery> recoveries = new ArrayList<>();
        for (Disturbance.Happened each : happened) {
            long from = each.nodes().isEmpty() ? each.overNanos() : each.atNanos();
            long to = happened.stream()
                    .mapToLong(Disturbance.Happened::atNanos)
                    .filter(nanos -> nanos > from)
                    .min()
                    .orElse(Long.MAX_VALUE);
            if (each.event().fault() != Fault.CLOCK) {
                recoveries.add(new Recovery(each.event().fault(), Prober.longestOutage(probed, from, to)));
            }
        }
        return recoveries;
    }

    private double messagesACall() throws InterruptedException {
        double messages = 0;
        double calls = 0;
        for (Node node : site.nodes()) {
            Map<String, Double> metrics = node.gateway().door().metrics();
            messages += metrics.getOrDefault("weir_account_messages_total", Double.NaN);
            calls += metrics.getOrDefault("weir_calls_total", 0.0);
        }
        return messages / calls;
    }
}
