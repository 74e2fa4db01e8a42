package dev.weir.actors.meter;

import dev.weir.config.AccountId;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.SequencedSet;
import java.util.Set;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The slices of a {@link Share}: one of each limit, or, in a group of end users, one of each limit for each of them.
 *
 * <p>End users come with their calls. Those of whom there is nothing to tell are not told of, and those whose windows are
 * over are forgotten.
 */
final class Slices {

    /** Of a message, which nodes send each other only up to a size. */
    private static final int MOST_LINES = 400;

    private final AccountId account;
    private final Standing.Scope scope;
    private final ZoneId zone;
    private final boolean ofGroup;
    private List<LimitRule> rules = List.of();
    private List<ShareSlice> shared = List.of();
    private final Map<String, List<ShareSlice>> each = new HashMap<>();
    private final SequencedSet<String> touched = new LinkedHashSet<>();
    private final Set<String> told = new LinkedHashSet<>();

    Slices(AccountId account, Standing.Scope scope, ZoneId zone) {
        this.account = account;
        this.scope = scope;
        this.zone = zone;
        this.ofGroup = account.kind() == AccountId.Kind.END_USERS;
    }

    /** Of every call, or of everybody. */
    Collection<ShareSlice> all() {
        if (!ofGroup) {
            return shared;
        }
        List<ShareSlice> all = new ArrayList<>();
        each.values().forEach(all::addAll);
        return all;
    }

    /** Those of a call of {@code endUser}. Nothing is kept of one of whom nothing is here, until they are {@link #used}. */
    List<ShareSlice> of(@Nullable String endUser) {
        if (!ofGroup) {
            return shared;
        }
        if (endUser == null) {
            return List.of();
        }
        List<ShareSlice> known = each.get(endUser);
        return known == null ? opened(endUser) : known;
    }

    /** The same for a call that uses them, has used them, or waits for more. */
    List<ShareSlice> used(@Nullable String endUser) {
        if (!ofGroup || endUser == null) {
            return of(endUser);
        }
        touched.add(endUser);
        return each.computeIfAbsent(endUser, this::opened);
    }

    private List<ShareSlice> opened(String endUser) {
        return rules.stream()
                .map(rule -> new ShareSlice(account, scope, rule.ofEndUser(endUser), zone, false))
                .toList();
    }

    /** Those of which there may be something to tell. */
    Collection<ShareSlice> moving() {
        if (!ofGroup) {
            return shared;
        }
        List<ShareSlice> moving = new ArrayList<>();
        for (String endUser : touched) {
            if (told.size() * Math.max(1, rules.size()) < MOST_LINES) {
                told.add(endUser);
            }
        }
        for (String endUser : told) {
            moving.addAll(each.getOrDefault(endUser, List.of()));
        }
        return moving;
    }

    /** What {@link #moving} gave was told, for the first time or again, but for what cannot be told yet. */
    void sent() {
        touched.removeIf(endUser -> told.contains(endUser)
                && each.getOrDefault(endUser, List.of()).stream().allMatch(ShareSlice::tellsAll));
    }

    /** There is nobody of whom there was no room to tell in the last message. */
    boolean areAllSent() {
        return touched.isEmpty();
    }

    /** What was told was heard. */
    void heard() {
        told.retainAll(touched);
    }

    /** Other limits. Of another life of the account, or where everything is unknown, nothing of the old ones is kept. */
    void adopt(List<LimitRule> next, boolean keep, boolean synced) {
        rules = next;
        shared = ofGroup ? List.of() : adopted(keep ? shared : List.of(), next, synced);
        each.replaceAll((endUser, known) -> adopted(
                keep ? known : List.of(),
                next.stream().map(rule -> rule.ofEndUser(endUser)).toList(),
                false));
    }

    private List<ShareSlice> adopted(List<ShareSlice> known, List<LimitRule> next, boolean synced) {
        List<ShareSlice> kept = new ArrayList<>();
        for (LimitRule rule : next) {
            ShareSlice slice = find(known, rule.id());
            if (slice == null) {
                slice = new ShareSlice(account, scope, rule, zone, synced);
            } else {
                slice.rule(rule);
            }
            kept.add(slice);
        }
        return List.copyOf(kept);
    }

    private static @Nullable ShareSlice find(List<ShareSlice> slices, LimitId id) {
        for (ShareSlice slice : slices) {
            if (slice.id().equals(id)) {
                return slice;
            }
        }
        return null;
    }

    /** What the account's meter says. */
    void told(List<Allotted.Line> lines, long now) {
        boolean crowded = false;
        for (Allotted.Line line : lines) {
            String endUser = line.id().endUser();
            List<ShareSlice> known = ofGroup ? each.getOrDefault(String.valueOf(endUser), List.of()) : shared;
            ShareSlice slice = find(known, line.id());
            if (slice == null) {
                continue;
            }
            crowded |= line.crowded();
            slice.told(line, now);
            if (endUser != null && slice.spareBeyond() > 0) {
                touched.add(endUser);
            }
        }
        if (crowded) {
            forget(slice -> slice.wasCrowded(now));
        }
    }

    /** Those of whom there is nothing to tell, nor anything to hear. */
    private void forget(Predicate<ShareSlice> over) {
        each.entrySet()
                .removeIf(entry -> !touched.contains(entry.getKey())
                        && !told.contains(entry.getKey())
                        && entry.getValue().stream().allMatch(over));
    }

    void giveBack() {
        all().forEach(ShareSlice::giveBack);
        touched.addAll(each.keySet());
    }

    /** Something was given back that its meter is not known to have heard of. */
    boolean hasGivenBack() {
        return all().stream().anyMatch(ShareSlice::hasGivenBack);
    }

    void giveBack(List<LimitId> limits) {
        for (LimitId limit : limits) {
            String endUser = limit.endUser();
            List<ShareSlice> known = ofGroup ? each.getOrDefault(String.valueOf(endUser), List.of()) : shared;
            ShareSlice slice = find(known, limit);
            if (slice != null) {
                slice.giveBack();
                if (endUser != null) {
                    touched.addFirst(endUser); // somebody waits for it
                }
            }
        }
    }

    /** Forgets end users whose windows are over, and gives back what else nobody has just used. */
    void tidy(long now) {
        forget(slice -> slice.isForgettable(now));
        each.forEach((endUser, slices) -> {
            for (ShareSlice slice : slices) {
                if (slice.id().kind() == LimitId.Kind.SLOTS && slice.isAtRest() && slice.piece() > slice.used()) {
                    slice.giveBack();
                    touched.add(endUser);
                }
            }
        });
    }

    /** Nothing of it is in flight, and nothing that its meter does not know. */
    boolean isAtRest() {
        return all().stream().allMatch(ShareSlice::isAtRest);
    }
}
