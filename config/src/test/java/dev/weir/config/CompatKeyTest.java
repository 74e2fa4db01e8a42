package dev.weir.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class CompatKeyTest {

    /** The keys of config.yaml that Weir's description of what operators rely on names, block by block. */
    private static final Map<String, String> RELIED_ON = Map.of(
            CompatKey.MODEL,
            "model_name",
            CompatKey.PARAMS,
            "model api_base api_key api_version rpm tpm max_parallel_requests weight order timeout stream_timeout"
                    + " max_retries cooldown_time tags max_budget budget_duration input_cost_per_token output_cost_per_token"
                    + " cache_read_input_token_cost cache_creation_input_token_cost mock_response",
            CompatKey.INFO,
            "id mode base_model max_input_tokens access_groups",
            CompatKey.ROUTER,
            "routing_strategy num_retries retry_policy retry_after timeout stream_timeout allowed_fails cooldown_time"
                    + " fallbacks context_window_fallbacks content_policy_fallbacks default_fallbacks max_fallbacks"
                    + " model_group_alias enable_tag_filtering",
            CompatKey.LITELLM,
            "num_retries request_timeout fallbacks default_fallbacks cache cache_params callbacks drop_params max_budget"
                    + " budget_duration default_key_generate_params upperbound_key_generate_params timezone"
                    + " turn_off_message_logging json_logs",
            CompatKey.GENERAL,
            "master_key database_url max_parallel_requests global_max_parallel_requests max_request_size_mb allowed_ips"
                    + " use_x_forwarded_for enforce_user_param store_prompts_in_spend_logs"
                    + " maximum_spend_logs_retention_period");

    private static WeirConfig load(String yaml) {
        return ConfigFile.parse(yaml, Map.of("OPENAI_API_KEY", "sk-x"), Instant.EPOCH);
    }

    @Test
    void everyKeyThatOperatorsRelyOnIsInTheTable() {
        RELIED_ON.forEach((section, names) -> assertThat(
                        CompatKey.TABLE.stream().filter(key -> key.section().equals(section)))
                .extracting(CompatKey::name)
                .contains(names.split(" ")));
    }

    @Test
    void noKeyIsInTheTableTwice() {
        assertThat(CompatKey.TABLE).extracting(CompatKey::path).doesNotHaveDuplicates();
    }

    @Test
    void everyHonouredKeyNamesItsOwnProof() {
        assertThat(CompatKey.TABLE.stream().filter(CompatKey::isHonoured))
                .extracting(CompatKey::provedBy)
                .doesNotHaveDuplicates()
                .allSatisfy(test -> assertThat(test).matches("dev\\.weir\\.gateway\\.ConfigIsHonouredTest#[a-z]\\w+"));
    }

    @Test
    void aKeyThatIsNotHonouredIsListedWithItsPath() {
        WeirConfig config = load("""
                model_list:
                  - model_name: a
                    litellm_params: {model: gpt-4o, rpm: 5, made_up: 1}
                    model_info: {mode: chat}
                    colour: red
                router_settings: {fallbacks: [{a: [b]}]}
                litellm_settings: {drop_params: true}
                general_settings: {allowed_ips: [10.0.0.1]}
                environment_variables: {A: b}
                model_lists: []
                """);

        assertThat(config.notHonoured())
                .containsExactlyInAnyOrder(
                        "model_list[0].litellm_params.rpm: not honoured yet",
                        "model_list[0].litellm_params.made_up: unknown, ignored",
                        "model_list[0].model_info.mode: not honoured yet",
                        "model_list[0].colour: unknown, ignored",
                        "router_settings.fallbacks: not honoured yet",
                        "litellm_settings.drop_params: not honoured yet",
                        "general_settings.allowed_ips: not honoured yet",
                        "environment_variables: not honoured yet",
                        "model_lists: unknown, ignored (did you mean model_list?)");
    }

    @Test
    void aMisspeltBlockIsListedWithTheNameThatWasMeant() {
        assertThat(load("wier: {server: {port: 1}}").notHonoured())
                .containsExactly("wier: unknown, ignored (did you mean weir?)");
    }

    @Test
    void aNameThatIsABlockElsewhereIsNoBlockHere() {
        assertThat(load("litellm_params: {}\ngeneral_settings: {weir: 1}").notHonoured())
                .containsExactly("litellm_params: unknown, ignored", "general_settings.weir: unknown, ignored");
    }

    @Test
    void anHonouredKeyIsNeverListed() {
        Stream<CompatKey> honoured = CompatKey.TABLE.stream().filter(CompatKey::isHonoured);

        assertThat(honoured)
                .allSatisfy(key -> assertThat(NotHonoured.in(root(key)).lines()).isEmpty());
    }

    @Test
    void everyOtherKeyIsListed() {
        Stream<CompatKey> others = CompatKey.TABLE.stream().filter(key -> !key.isHonoured());

        assertThat(others)
                .allSatisfy(key -> assertThat(NotHonoured.in(root(key)).lines())
                        .containsExactly(key.path().replace("[]", "[0]") + ": not honoured yet"));
    }

    @Test
    void aStrategyThatIsNotHonouredIsListedAndNotGuessed() {
        assertThat(load("router_settings: {routing_strategy: least-busy}").notHonoured())
                .containsExactly(
                        "router_settings.routing_strategy: \"least-busy\" is not honoured yet, simple-shuffle is used");
        assertThat(load("router_settings: {routing_strategy: simple-shuffle}").notHonoured())
                .isEmpty();
    }

    @Test
    void aWildcardIsListedAndSkipped() {
        WeirConfig config = load("model_list: [{model_name: 'openai/*', litellm_params: {model: 'openai/*'}}]");

        assertThat(config.deployments()).isEmpty();
        assertThat(config.notHonoured())
                .containsExactly("model_list[0].model_name: wildcards are not honoured yet, the entry is skipped");
    }

    /** A file that says nothing but this key. */
    private static Value root(CompatKey key) {
        Object block = Map.of(key.name(), "x");
        Object root = switch (key.section()) {
            case "" -> block;
            case CompatKey.MODEL -> Map.of("model_list", List.of(block));
            case CompatKey.PARAMS -> Map.of("model_list", List.of(Map.of("litellm_params", block)));
            case CompatKey.INFO -> Map.of("model_list", List.of(Map.of("model_info", block)));
            default -> Map.of(key.section(), block);
        };
        return new Value(Reading.ofFile(Map.of(), Map.of()), "", root);
    }
}
