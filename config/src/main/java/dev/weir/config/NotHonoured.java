package dev.weir.config;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The settings of a file that this release does not act on, each with its path and the reason. */
final class NotHonoured {

    /** The blocks themselves, by the block they stand in. */
    private static final Map<String, Set<String>> BLOCKS = Map.of(
            "",
            Set.of("model_list", "weir", CompatKey.ROUTER, CompatKey.LITELLM, CompatKey.GENERAL),
            CompatKey.MODEL,
            Set.of("litellm_params", "model_info"));

    private final List<String> lines = new ArrayList<>();

    /** Compares every LiteLLM key of the file with the table. */
    static NotHonoured in(Value root) {
        NotHonoured notHonoured = new NotHonoured();
        notHonoured.compare(root, "");
        for (Value model : root.at("model_list").items()) {
            notHonoured.compare(model, CompatKey.MODEL);
            notHonoured.compare(model.at("litellm_params"), CompatKey.PARAMS);
            notHonoured.compare(model.at("model_info"), CompatKey.INFO);
        }
        for (String section : List.of(CompatKey.ROUTER, CompatKey.LITELLM, CompatKey.GENERAL)) {
            notHonoured.compare(root.at(section), section);
        }
        return notHonoured;
    }

    void add(Value value, String reason) {
        lines.add(value.path() + ": " + reason);
    }

    List<String> lines() {
        return List.copyOf(lines);
    }

    private void compare(Value block, String section) {
        Set<String> blocks = BLOCKS.getOrDefault(section, Set.of());
        for (String name : block.keys()) {
            if (blocks.contains(name)) {
                continue;
            }
            CompatKey.find(section, name)
                    .ifPresentOrElse(
                            key -> {
                                if (!key.isHonoured()) {
                                    add(block.at(name), "not honoured yet");
                                }
                            },
                            () -> add(block.at(name), "unknown, ignored" + meant(name, section, blocks)));
        }
    }

    /** A misspelt {@code weir:} would take everything below it along: the list says what was perhaps meant. */
    private static String meant(String name, String section, Set<String> blocks) {
        List<String> known = new ArrayList<>(blocks);
        CompatKey.TABLE.stream()
                .filter(key -> key.section().equals(section))
                .map(CompatKey::name)
                .forEach(known::add);
        return Nearest.of(name, known)
                .map(near -> " (did you mean " + near + "?)")
                .orElse("");
    }
}
