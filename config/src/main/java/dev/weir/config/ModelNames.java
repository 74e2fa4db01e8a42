package dev.weir.config;

import java.util.List;
import java.util.Set;

/** The {@code models} of a key or an account. */
final class ModelNames {

    private static final Set<String> NOT_ENFORCED = Set.of("no-default-models");

    private ModelNames() {}

    static List<String> read(Value list) {
        for (Value item : list.items()) {
            String model = item.text();
            if (NOT_ENFORCED.contains(model)) {
                item.problem("a name that this release enforces: a model, prefix/*, all-proxy-models or"
                        + " all-team-models");
            } else if (model.contains("*") && model.indexOf("/*") != model.length() - 2) {
                item.problem("a model, prefix/*, all-proxy-models or all-team-models");
            }
        }
        return list.texts();
    }
}
