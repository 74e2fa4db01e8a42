package dev.weir.perf.faults.site;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A gateway's configuration: models that cost a thousand nano-dollars a token, in and out, and no overage, so that not a token
 * beyond a limit is allowed.
 *
 * @param models as the mock is asked for them, {@code m3;gap=20ms}; clients name what stands before the semicolon
 * @param upstream the mock's base
 * @param storage a database's URL; null for the embedded store
 * @param more lines below {@code weir:}
 */
public record Catalogue(
        List<String> models, String upstream, @Nullable String storage, List<String> more) {

    public static final long NANO_USD_A_TOKEN = 1_000;
    static final String MASTER = "sk-fault-master";

    public Catalogue {
        models = List.copyOf(models);
        more = List.copyOf(more);
    }

    /** The file. */
    public String yaml() {
        StringBuilder yaml = new StringBuilder("model_list:\n");
        for (String model : models) {
            yaml.append("  - model_name: ")
                    .append(model.split(";")[0])
                    .append("\n    litellm_params: {model: 'openai/")
                    .append(model)
                    .append("', api_base: '")
                    .append(upstream)
                    .append("', api_key: sk-none, input_cost_per_token: 1.0e-06, output_cost_per_token: 1.0e-06}\n");
        }
        yaml.append("router_settings: {num_retries: 0}\n")
                .append("general_settings: {master_key: ")
                .append(MASTER)
                .append("}\n")
                .append("weir:\n  access_log: {target: off}\n")
                .append("  meters: {overage_percent: 0}\n");
        more.forEach(line -> yaml.append("  ").append(line).append('\n'));
        yaml.append("  storage:\n    journal_bytes: 8MB\n");
        if (storage != null) {
            yaml.append("    url: '").append(storage).append("'\n");
        }
        return yaml.toString();
    }
}
