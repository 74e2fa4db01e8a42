package dev.weir.config;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A key of a LiteLLM {@code config.yaml} and whether this release honours it; {@link #TABLE} is the one place that says so.
 *
 * @param section the block it stands in, {@code ""} for the outermost
 * @param name its name in that block
 * @param provedBy the test that shows what it does, as {@code class#method}; null for a key that is not honoured yet
 */
public record CompatKey(
        String section, String name, @Nullable String provedBy) {

    static final String MODEL = "model_list[]";
    static final String PARAMS = "model_list[].litellm_params";
    static final String INFO = "model_list[].model_info";
    static final String ROUTER = "router_settings";
    static final String LITELLM = "litellm_settings";
    static final String GENERAL = "general_settings";

    private static final String PROOFS = "dev.weir.gateway.ConfigIsHonouredTest#";

    /** Every key that is known, section by section. */
    public static final List<CompatKey> TABLE = Stream.of(
                    honoured(MODEL, "model_name", "modelNameIsWhatClientsAskFor"),
                    notYet(MODEL, "litellm_credential_name", "access_groups"),
                    honoured(PARAMS, "model", "modelNamesTheUpstreamModel"),
                    honoured(PARAMS, "api_base", "apiBaseIsWhereTheCallGoes"),
                    honoured(PARAMS, "api_key", "apiKeyIsTheUpstreamCredential"),
                    honoured(PARAMS, "weight", "weightDecidesTheShare"),
                    honoured(PARAMS, "timeout", "timeoutEndsTheWholeCall"),
                    honoured(PARAMS, "stream_timeout", "streamTimeoutEndsTheWaitForContent"),
                    honoured(PARAMS, "input_cost_per_token", "inputCostPricesTheRow"),
                    honoured(PARAMS, "output_cost_per_token", "outputCostPricesTheRow"),
                    honoured(PARAMS, "cache_read_input_token_cost", "cacheReadCostPricesCachedInput"),
                    honoured(PARAMS, "cache_creation_input_token_cost", "cacheCreationCostPricesCacheWrites"),
                    notYet(
                            PARAMS,
                            "api_version rpm tpm max_parallel_requests order max_retries cooldown_time tags max_budget",
                            "budget_duration mock_response base_url organization headers extra_headers extra_body",
                            "custom_llm_provider drop_params additional_drop_params allowed_openai_params region_name",
                            "aws_access_key_id aws_secret_access_key aws_session_token aws_region_name aws_role_name",
                            "aws_session_name aws_profile_name aws_bedrock_runtime_endpoint vertex_project",
                            "vertex_location vertex_credentials azure_ad_token azure_ad_token_provider tenant_id",
                            "client_id client_secret azure_username azure_password azure_scope watsonx_region_name",
                            "input_cost_per_second output_cost_per_second input_cost_per_character",
                            "output_cost_per_character input_cost_per_pixel output_cost_per_pixel",
                            "input_cost_per_audio_token output_cost_per_audio_token output_cost_per_reasoning_token",
                            "input_cost_per_token_batches output_cost_per_token_batches",
                            "configurable_clientside_auth_params use_in_pass_through litellm_credential_name",
                            "merge_reasoning_content_in_choices",
                            "model_info max_tokens temperature top_p n stop seed user response_format tools tool_choice",
                            "frequency_penalty presence_penalty logprobs reasoning_effort thinking",
                            "cache_control_injection_points auto_router_config_path auto_router_default_model",
                            "auto_router_embedding_model tpm_limit rpm_limit guardrails ssl_verify vector_store_ids",
                            "default_api_key_tpm_limit default_api_key_rpm_limit caching_groups"),
                    honoured(INFO, "id", "idIsTheModelIdOfHeadersAndRows"),
                    honoured(INFO, "base_model", "baseModelNamesThePrice"),
                    notYet(
                            INFO,
                            "mode max_input_tokens access_groups max_tokens max_output_tokens input_cost_per_token",
                            "output_cost_per_token litellm_provider supported_environments team_id",
                            "team_public_model_name db_model updated_at updated_by created_at created_by",
                            "health_check_model disable_background_health_check health_check_timeout",
                            "health_check_max_tokens health_check_voice supports_vision supports_function_calling",
                            "supports_parallel_function_calling supports_response_schema supports_system_messages",
                            "supports_reasoning supports_prompt_caching supports_web_search supports_audio_input",
                            "supports_audio_output supports_pdf_input litellm_credential_name"),
                    honoured(ROUTER, "num_retries", "routerNumRetriesBoundsTheAttempts"),
                    honoured(ROUTER, "routing_strategy", "simpleShuffleSpreadsTheCalls"),
                    honoured(ROUTER, "timeout", "routerTimeoutEndsTheWholeCall"),
                    notYet(
                            ROUTER,
                            "retry_policy retry_after stream_timeout allowed_fails cooldown_time fallbacks",
                            "context_window_fallbacks content_policy_fallbacks default_fallbacks max_fallbacks",
                            "model_group_alias enable_tag_filtering tag_filtering_match_any routing_strategy_args",
                            "model_group_retry_policy allowed_fails_policy redis_host redis_port redis_password redis_url",
                            "redis_db cache_responses cache_kwargs caching_groups client_ttl default_max_parallel_requests",
                            "default_litellm_params default_priority disable_cooldowns enable_pre_call_checks",
                            "optional_pre_call_checks set_verbose debug_level polling_interval provider_budget_config",
                            "assistants_config alerting_config search_tools guardrail_list",
                            "enable_health_check_routing ignore_invalid_deployments health_check_staleness_threshold"),
                    honoured(LITELLM, "num_retries", "litellmNumRetriesBoundsTheAttempts"),
                    honoured(LITELLM, "request_timeout", "requestTimeoutEndsTheWholeCall"),
                    honoured(LITELLM, "timezone", "timezoneMovesMidnight"),
                    honoured(LITELLM, "max_budget", "litellmMaxBudgetHoldsForAllKeysTogether"),
                    honoured(LITELLM, "budget_duration", "litellmBudgetDurationBeginsTheBudgetAnew"),
                    notYet(
                            LITELLM,
                            "fallbacks default_fallbacks cache cache_params callbacks drop_params",
                            "default_key_generate_params upperbound_key_generate_params",
                            "turn_off_message_logging json_logs set_verbose success_callback failure_callback",
                            "service_callback audit_log_callbacks context_window_fallbacks content_policy_fallbacks",
                            "modify_params add_function_to_prompt allowed_fails num_retries_per_request",
                            "telemetry cache_type guardrails default_team_params default_team_settings",
                            "default_internal_user_params max_internal_user_budget internal_user_budget_duration",
                            "max_end_user_budget max_end_user_budget_id max_user_budget default_max_internal_user_budget",
                            "key_generation_settings redact_user_api_key_info redact_messages_in_exceptions",
                            "enable_preview_features forward_traceparent_to_llm_provider force_ipv4 ssl_verify",
                            "ssl_certificate public_model_groups public_model_groups_links custom_prometheus_metadata_labels",
                            "custom_prometheus_tags prometheus_metrics_config prometheus_initialize_budget_metrics",
                            "enable_end_user_cost_tracking_prometheus_only disable_end_user_cost_tracking",
                            "disable_end_user_cost_tracking_prometheus_only enable_json_schema_validation",
                            "return_response_headers tag_budget_config cost_discount_config cost_margin_config",
                            "cloudzero_settings s3_callback_params langfuse_default_tags mcp_aliases",
                            "require_auth_for_metrics_endpoint credential_list",
                            "custom_provider_map priority_reservation model_alias_map aws_sqs_callback_params",
                            "image_generation_model use_aiohttp_transport disable_hf_tokenizer_download",
                            "stream_timeout user_header_name"),
                    honoured(GENERAL, "master_key", "masterKeyOpensTheAdminApi"),
                    honoured(GENERAL, "max_request_size_mb", "maxRequestSizeRefusesLargerBodies"),
                    honoured(GENERAL, "database_url", "databaseUrlMovesTheStore"),
                    honoured(GENERAL, "global_max_parallel_requests", "globalMaxParallelRequestsHoldsForAllKeys"),
                    honoured(GENERAL, "maximum_spend_logs_retention_period", "retentionPeriodDeletesOldRows"),
                    honoured(GENERAL, "enforce_user_param", "enforceUserParamRefusesCallsThatNameNobody"),
                    notYet(
                            GENERAL,
                            "max_parallel_requests allowed_ips",
                            "use_x_forwarded_for store_prompts_in_spend_logs",
                            "maximum_spend_logs_retention_interval",
                            "completion_model disable_spend_logs disable_spend_updates",
                            "disable_master_key_return disable_retry_on_max_parallel_request_limit_error",
                            "disable_reset_budget disable_adding_master_key_hash_to_db disable_prisma_schema_update",
                            "disable_responses_id_security disable_error_logs enable_jwt_auth enforced_params",
                            "allowed_routes admin_only_routes public_routes key_management_system",
                            "key_management_settings database_connection_pool_limit database_connection_timeout",
                            "database_connection_pool_timeout allow_requests_on_db_unavailable custom_auth",
                            "max_response_size_mb infer_model_from_keys background_health_checks",
                            "health_check_interval health_check_details alerting alerting_threshold alert_types",
                            "alert_to_webhook_url alerting_args slack_alerting spend_report_frequency use_redis_transaction_buffer",
                            "use_client_credentials_pass_through_routes use_shared_health_check",
                            "litellm_key_header_name user_header_name user_header_mappings",
                            "block_robots ui_access_mode ui_username ui_password proxy_batch_write_at proxy_budget_rescheduler_min_time",
                            "proxy_budget_rescheduler_max_time pass_through_endpoints pass_through_request_timeout",
                            "forward_client_headers_to_llm_api forward_openai_org_id service_account_settings",
                            "image_generation_model token_rate_limit_type supported_db_objects store_model_in_db",
                            "litellm_jwtauth custom_key_generate custom_ui_sso_sign_in_handler custom_sso role_permissions",
                            "allow_client_side_credentials require_end_user_mcp_access_defined",
                            "always_include_stream_usage enable_oauth2_auth enable_oauth2_proxy_auth"),
                    notYet(
                            "",
                            "environment_variables callback_settings guardrails include mcp_servers mcp_tools",
                            "mcp_aliases prompts vector_store_registry vector_store_settings search_tools",
                            "credential_list files_settings finetune_settings"))
            .flatMap(keys -> keys)
            .toList();

    private static Stream<CompatKey> honoured(String section, String name, String method) {
        return Stream.of(new CompatKey(section, name, PROOFS + method));
    }

    private static Stream<CompatKey> notYet(String section, String... lines) {
        return Arrays.stream(lines)
                .flatMap(line -> Arrays.stream(line.split(" ")))
                .map(name -> new CompatKey(section, name, null));
    }

    /** The key's whole path, such as {@code model_list[].litellm_params.weight}. */
    public String path() {
        return section.isEmpty() ? name : section + "." + name;
    }

    public boolean isHonoured() {
        return provedBy != null;
    }

    static Optional<CompatKey> find(String section, String name) {
        return TABLE.stream()
                .filter(key -> key.section.equals(section) && key.name.equals(name))
                .findFirst();
    }
}
