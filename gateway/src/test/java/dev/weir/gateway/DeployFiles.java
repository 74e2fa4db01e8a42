package dev.weir.gateway;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;

/** The files in {@code cluster/deploy}, and what config.yaml there asks of the others. */
final class DeployFiles {

    static final Path ROOT = Path.of("..").toAbsolutePath().normalize();
    static final Path DEPLOY = ROOT.resolve("cluster/deploy");

    /** What a stop takes behind its deadline: settlements, the meters' last figures, rows, the store. */
    private static final Duration SETTLING = Duration.ofSeconds(20);

    private static final Pattern VARIABLE = Pattern.compile("os\\.environ/(\\w+)");

    private DeployFiles() {}

    static String text(String name) {
        return read(DEPLOY.resolve(name));
    }

    static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    /** The documents of a YAML file, merge keys resolved; a duplicate key is an error. */
    static List<JsonNode> yaml(String name) {
        LoaderOptions strict = new LoaderOptions();
        strict.setAllowDuplicateKeys(false);
        List<JsonNode> documents = new ArrayList<>();
        for (Object document : new Yaml(new SafeConstructor(strict)).loadAll(text(name))) {
            documents.add(new ObjectMapper().valueToTree(document));
        }
        return documents;
    }

    /** What stands in config.yaml below {@code weir:}. */
    static JsonNode weir() {
        return yaml("config.yaml").getFirst().path("weir");
    }

    static int port(String block) {
        return weir().path(block).path("port").asInt();
    }

    /** The variables that config.yaml names. */
    static Set<String> variables() {
        return VARIABLE.matcher(text("config.yaml"))
                .results()
                .map(found -> found.group(1))
                .collect(Collectors.toCollection(TreeSet::new));
    }

    /** How long a stop may take at most. */
    static Duration stop() {
        JsonNode shutdown = weir().path("shutdown");
        return duration(shutdown.path("notice").asText())
                .plus(duration(shutdown.path("deadline").asText()))
                .plus(SETTLING);
    }

    static Duration duration(String text) {
        return Duration.parse("PT" + text);
    }

    static List<String> texts(JsonNode list) {
        List<String> texts = new ArrayList<>();
        list.forEach(item -> texts.add(item.asText()));
        return texts;
    }

    static List<String> names(JsonNode block) {
        List<String> names = new ArrayList<>();
        block.fieldNames().forEachRemaining(names::add);
        return names;
    }

    /** The value behind an option in a command, as {@code --config FILE}. */
    static String option(List<String> command, String option) {
        return command.get(command.indexOf(option) + 1);
    }
}
