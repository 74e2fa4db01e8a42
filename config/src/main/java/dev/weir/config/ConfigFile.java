package dev.weir.config;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** A LiteLLM-style {@code config.yaml}, with Weir's own settings below {@code weir:}, on its way into a {@link WeirConfig}. */
public final class ConfigFile {

    private static final String DEFAULTS = "compat-defaults";
    private static final String SIMPLE_SHUFFLE = "simple-shuffle";
    private static final int MAX_RETRIES = 100;
    private static final long MEBIBYTE = 1024 * 1024;

    private final Reading reading;
    private final Value root;
    private final Value defaults;

    private ConfigFile(Reading reading, Map<String, Object> root) {
        this.reading = reading;
        this.root = new Value(reading, "", root);
        this.defaults = new Value(reading, DEFAULTS, SettingsReader.reference(DEFAULTS));
    }

    /**
     * Reads a file.
     *
     * @param environment where {@code os.environ/NAME} is looked up
     * @param now from when on a declared key's {@code duration} counts
     * @throws InvalidConfig with every problem of the file, from top to bottom
     */
    public static WeirConfig read(Path file, Map<String, String> environment, Instant now) {
        try {
            return parse(Files.readString(file), environment, now);
        } catch (NoSuchFileException e) {
            throw unreadable(file, "no such file");
        } catch (IOException e) {
            throw unreadable(file, "not a readable UTF-8 text");
        }
    }

    /** Reads the text of a file; otherwise as {@link #read}. */
    public static WeirConfig parse(String yaml, Map<String, String> environment, Instant now) {
        YamlTree.Document document = YamlTree.parse(yaml);
        ConfigFile file = new ConfigFile(Reading.ofFile(environment, document.lines()), document.root());
        WeirConfig config = file.config(now);
        List<Problem> problems = Stream.concat(document.problems().stream(), file.reading.problems().stream())
                .distinct()
                .sorted(Comparator.comparingInt(Problem::line))
                .toList();
        if (!problems.isEmpty()) {
            throw new InvalidConfig(problems);
        }
        return config;
    }

    private static InvalidConfig unreadable(Path file, String what) {
        return new InvalidConfig(List.of(new Problem(file.toString(), what, "a config.yaml", 0)));
    }

    private WeirConfig config(Instant now) {
        NotHonoured notHonoured = NotHonoured.in(root);
        General general = general();
        WeirSettings weir = SettingsReader.read(root.at("weir"), keys(general.masterKey(), now));
        weir = withStorage(withGlobal(withRequestSize(weir)));
        Router router = router(notHonoured);
        List<Deployment> deployments =
                new DeploymentReader(defaults, router, weir.upstream(), notHonoured).read(root.at("model_list"));
        return new WeirConfig(deployments, router, general, weir, notHonoured.lines());
    }

    private General general() {
        Value masterKey = root.at(CompatKey.GENERAL).at("master_key");
        Value timezone = root.at(CompatKey.LITELLM).at("timezone");
        Value enforceUser = root.at(CompatKey.GENERAL).at("enforce_user_param");
        return new General(
                masterKey.isAbsent() ? null : Credentials.read(masterKey),
                zone(timezone.isAbsent() ? defaults.at("timezone") : timezone),
                !enforceUser.isAbsent() && enforceUser.flag());
    }

    private static ZoneId zone(Value value) {
        try {
            return ZoneId.of(value.text());
        } catch (DateTimeException e) {
            if (!value.text().isEmpty()) {
                value.problem("a time zone like UTC or Europe/Berlin");
            }
            return ZoneId.of("UTC");
        }
    }

    private Router router(NotHonoured notHonoured) {
        Value router = root.at(CompatKey.ROUTER);
        Value litellm = root.at(CompatKey.LITELLM);
        Value strategy = router.at("routing_strategy");
        if (!strategy.isAbsent()
                && !strategy.text().equals(SIMPLE_SHUFFLE)
                && !strategy.text().isEmpty()) {
            notHonoured.add(strategy, strategy.shown() + " is not honoured yet, " + SIMPLE_SHUFFLE + " is used");
        }
        Integer ofRouter = retries(router.at("num_retries"));
        Integer ofLitellm = retries(litellm.at("num_retries"));
        Duration timeout = Seconds.read(router.at("timeout"));
        Duration requestTimeout = Seconds.read(litellm.at("request_timeout"));
        int retries = ofRouter != null
                ? ofRouter
                : ofLitellm != null
                        ? ofLitellm
                        : (int) defaults.at("num_retries").integer(0, MAX_RETRIES);
        return new Router(retries, timeout != null ? timeout : requestTimeout);
    }

    private static @Nullable Integer retries(Value value) {
        return value.isAbsent() ? null : (Integer) (int) value.integer(0, MAX_RETRIES);
    }

    /** LiteLLM's name for {@code weir.server.max_body}; under both names nobody could say which one counts. */
    private WeirSettings withRequestSize(WeirSettings weir) {
        Value size = root.at(CompatKey.GENERAL).at("max_request_size_mb");
        if (size.isAbsent()) {
            return weir;
        }
        if (!root.at("weir").at("server").at("max_body").isAbsent()) {
            size.problem("this or weir.server.max_body, not both");
        }
        long bytes = size.integer(1, Integer.MAX_VALUE / MEBIBYTE) * MEBIBYTE;
        return weir.withMaxBody((int) bytes);
    }

    /** LiteLLM's names for limits of everything together. */
    private WeirSettings withGlobal(WeirSettings weir) {
        Map<String, Object> fields = new LinkedHashMap<>();
        Value litellm = root.at(CompatKey.LITELLM);
        take(litellm.at("max_budget"), "max_budget", fields);
        take(litellm.at("budget_duration"), "budget_duration", fields);
        take(root.at(CompatKey.GENERAL).at("global_max_parallel_requests"), "max_parallel_requests", fields);
        return fields.isEmpty()
                ? weir
                : weir.withGlobal(LimitFields.patched(weir.global(), new Value(reading, CompatKey.LITELLM, fields)));
    }

    /** Under both names nobody could say which one counts. */
    private void take(Value value, String name, Map<String, Object> fields) {
        Object raw = value.raw();
        if (raw == null) {
            return;
        }
        if (!root.at("weir").at("global").at(name).isAbsent()) {
            value.problem("this or weir.global." + name + ", not both");
        }
        fields.put(name, raw);
    }

    /** LiteLLM's names for the database and for how long the ledger is kept. */
    private WeirSettings withStorage(WeirSettings weir) {
        WeirSettings.Storage storage = weir.storage();
        Value url = root.at(CompatKey.GENERAL).at("database_url");
        DatabaseUrl database = url.isAbsent() ? null : DatabaseUrl.read(url);
        if (database != null) {
            storage = storage.database() == null ? storage.at(database) : storage;
            if (!root.at("weir").at("storage").at("url").isAbsent()) {
                url.reading().problem(url.path(), "(hidden)", "this or weir.storage.url, not both");
            }
        }
        Value kept = root.at(CompatKey.GENERAL).at("maximum_spend_logs_retention_period");
        if (!kept.isAbsent()) {
            storage = storage.keeping(kept.duration());
            if (!root.at("weir").at("storage").at("ledger_retention").isAbsent()) {
                kept.problem("this or weir.storage.ledger_retention, not both");
            }
        }
        return weir.withStorage(storage);
    }

    private List<DeclaredKey> keys(@Nullable Secret masterKey, Instant now) {
        List<DeclaredKey> keys = new ArrayList<>();
        Map<Secret, String> owners = new HashMap<>();
        Map<String, String> aliases = new HashMap<>();
        if (masterKey != null) {
            owners.put(masterKey, "general_settings.master_key");
        }
        for (Value declared : root.at("weir").at("keys").items()) {
            Secret key = Credentials.read(declared.at("key"));
            KeySettings settings = KeyFields.read(declared, now);
            if (key == null || settings == null) {
                continue;
            }
            Value at = declared.at("key");
            if (!key.reveal().startsWith("sk-")) {
                reading.problem(at.path(), "(hidden)", "a key that begins with sk-");
            }
            String owner = owners.putIfAbsent(key, at.path());
            if (owner != null) {
                reading.problem(at.path(), "duplicate key", "a key other than " + owner);
            }
            String alias = settings.alias();
            String first = alias == null ? null : aliases.putIfAbsent(alias, declared.path());
            if (first != null) {
                declared.at("key_alias").problem("an alias of its own, this one is " + first + "'s");
            }
            keys.add(new DeclaredKey(key, settings));
        }
        return keys;
    }
}
