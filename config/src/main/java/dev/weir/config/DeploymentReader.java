package dev.weir.config;

import dev.weir.config.Deployment.Timeouts;
import dev.weir.config.price.ModelFacts;
import java.math.BigDecimal;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Reads {@code model_list} into deployments. */
final class DeploymentReader {

    private static final String OPENAI = "openai";
    private static final int ID_LENGTH = 12;
    private static final BigDecimal MAX_WEIGHT = BigDecimal.valueOf(1_000_000);

    private final Value defaults;
    private final Router router;
    private final WeirSettings.Upstream upstream;
    private final NotHonoured notHonoured;
    private final Map<String, Value> ids = new HashMap<>();
    private final Map<String, Integer> twins = new HashMap<>();

    /** @param defaults what a LiteLLM key means where the file leaves it out */
    DeploymentReader(Value defaults, Router router, WeirSettings.Upstream upstream, NotHonoured notHonoured) {
        this.defaults = defaults;
        this.router = router;
        this.upstream = upstream;
        this.notHonoured = notHonoured;
    }

    List<Deployment> read(Value modelList) {
        List<Deployment> deployments = new ArrayList<>();
        for (Value model : modelList.items()) {
            if (model.isAbsent()) {
                model.problem("a block with model_name and litellm_params");
                continue;
            }
            Deployment deployment = deployment(model);
            if (deployment != null) {
                deployments.add(deployment);
            }
        }
        return deployments;
    }

    private @Nullable Deployment deployment(Value model) {
        String name = model.at("model_name").text();
        if (name.contains("*")) {
            notHonoured.add(model.at("model_name"), "wildcards are not honoured yet, the entry is skipped");
            return null;
        }
        Value params = model.at("litellm_params");
        String target = params.at("model").text();
        int slash = target.indexOf('/');
        String upstreamModel = target.substring(slash + 1);
        if (!target.isEmpty() && upstreamModel.isBlank()) {
            params.at("model").problem("provider/model");
        }
        Provider provider =
                target.isEmpty() ? null : provider(params.at("model"), slash < 0 ? OPENAI : target.substring(0, slash));
        double weight = params.at("weight").isAbsent()
                ? defaults.at("weight").decimal(MAX_WEIGHT).doubleValue()
                : params.at("weight").decimal(MAX_WEIGHT).doubleValue();
        Timeouts timeouts = timeouts(params);
        if (provider == null) {
            return null;
        }
        URI apiBase = apiBase(params.at("api_base"), provider);
        Secret credential = credential(params, provider);
        ModelFacts facts = new PriceReader(notHonoured).read(model, provider, upstreamModel);
        String id = id(model.at("model_info").at("id"), name + '\n' + target + '\n' + apiBase);
        return new Deployment(id, name, provider, upstreamModel, apiBase, credential, weight, timeouts, facts);
    }

    private static @Nullable Provider provider(Value model, String prefix) {
        Optional<Provider> provider = Provider.named(prefix);
        if (provider.filter(Provider::spoken).isPresent()) {
            return provider.get();
        }
        model.problem("a provider that this release speaks to: " + String.join("/, ", Provider.spokenPrefixes())
                + "/; or openai/<model> with the api_base of any OpenAI-compatible server");
        return null;
    }

    private static URI apiBase(Value value, Provider provider) {
        URI nowhere = URI.create("http://localhost");
        if (value.isAbsent()) {
            if (provider.apiBase() == null) {
                value.problem("the base URL of the server");
            }
            return provider.apiBase() == null ? nowhere : provider.apiBase();
        }
        String text = value.resolved();
        try {
            URI uri = new URI(text == null ? "" : text.endsWith("/") ? text.substring(0, text.length() - 1) : text);
            boolean web = "http".equals(uri.getScheme()) || "https".equals(uri.getScheme());
            if (web
                    && uri.getHost() != null
                    && uri.getUserInfo() == null
                    && uri.getQuery() == null
                    && uri.getFragment() == null) {
                return uri.getPath().isEmpty() ? URI.create(uri + provider.defaultPath()) : uri;
            }
        } catch (URISyntaxException e) {
            // told below; the exception would quote the text and with it, perhaps, a password
        }
        boolean unset = value.isReference() && text == null;
        value.reading()
                .problem(
                        value.path(),
                        unset ? String.valueOf(value.raw()) : "not a base URL",
                        unset
                                ? "a variable that is set"
                                : "http(s)://host[:port][/path], without user, query or fragment");
        return nowhere;
    }

    /** The credential said, or for the provider's own address that of its variable; another address gets neither. */
    private static @Nullable Secret credential(Value params, Provider provider) {
        Value key = params.at("api_key");
        if (!key.isAbsent()) {
            return Credentials.read(key);
        }
        if (provider.keyVariable() == null || !params.at("api_base").isAbsent()) {
            return null;
        }
        String variable = key.reading().variable(provider.keyVariable());
        if (variable == null || variable.isBlank()) {
            key.problem("a credential, or " + provider.keyVariable() + " in the environment");
            return null;
        }
        return Credentials.read(new Value(key.reading(), key.path(), "os.environ/" + provider.keyVariable()));
    }

    private Timeouts timeouts(Value params) {
        Duration total = Seconds.read(params.at("timeout"));
        if (total == null) {
            total = router.timeout() == null ? upstream.totalTimeout() : router.timeout();
        }
        Duration streamFirstContent = Seconds.read(params.at("stream_timeout"));
        return new Timeouts(
                upstream.firstContentTimeout(),
                streamFirstContent == null ? upstream.firstContentTimeout() : streamFirstContent,
                upstream.idleTimeout(),
                total);
    }

    /** The id said, else one made from what the entry says, so that neither its place nor its neighbours matter. */
    private String id(Value said, String identity) {
        if (!said.isAbsent()) {
            String id = said.text();
            Value first = ids.putIfAbsent(id, said);
            if (first != null) {
                said.problem("an id of its own, this one is " + first.path() + "'s");
            }
            return id;
        }
        int twin = twins.merge(identity, 1, Integer::sum);
        return hash(twin == 1 ? identity : identity + '\n' + twin);
    }

    private static String hash(String identity) {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(identity.getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(digest).substring(0, ID_LENGTH);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }
}
