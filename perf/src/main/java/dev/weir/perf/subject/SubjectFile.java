package dev.weir.perf.subject;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Another gateway as a subject: a YAML file such as those in {@code perf/subjects}. It is started by {@code start}, or already
 * runs: then {@code url} says where.
 *
 * <p>In {@code files}, {@code environment}, {@code headers} and {@code start} the bench replaces <code>{port}</code> (a free one),
 * <code>{upstream}</code> (the mock, <code>http://127.0.0.1:PORT</code>), <code>{upstream_port}</code> and
 * <code>{directory}</code> (one of its own, empty); where a scenario is about TLS, also <code>{certificate}</code> and
 * <code>{key}</code> (PEM files).
 *
 * @param on what of a gateway's work it does; it stands in the report
 * @param url of one that runs already: {@code http://127.0.0.1:4000}
 * @param pid of one that runs already; without it its CPU and memory are not measured
 * @param files name and content, written to the directory before the start
 * @param start the command and its arguments; looked up on the path and in the system's directories
 * @param ready the route that answers 200 when it may be called
 * @param path of its chat completions
 * @param model that it sends on to the mock
 * @param headers {@code Name: value}
 */
record SubjectFile(
        @JsonProperty(required = true) String name,
        @JsonProperty(required = true) String on,
        @Nullable String url,
        @Nullable Long pid,
        @Nullable Map<String, String> files,
        @Nullable Map<String, String> environment,
        @Nullable List<String> start,
        @JsonProperty(required = true) String ready,
        @Nullable String path,
        @Nullable String model,
        @Nullable List<String> headers) {
    private static final ObjectMapper YAML = JsonMapper.builder(new YAMLFactory())
            .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
            .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .build();

    /** @throws IOException naming the file and what is wrong with it */
    static SubjectFile read(Path file) throws IOException {
        try {
            SubjectFile read = YAML.readValue(file.toFile(), SubjectFile.class);
            if ((read.url == null) == (read.start == null)) {
                throw new IOException("either url (it runs already) or start (the bench starts it) is expected");
            }
            return read;
        } catch (IOException e) {
            throw new IOException(file + ": " + e.getMessage(), e);
        }
    }

    String callPath() {
        return Optional.ofNullable(path).orElse("/v1/chat/completions");
    }

    String upstreamModel() {
        return Optional.ofNullable(model).orElse("mock");
    }

    List<String> headerLines() {
        return Optional.ofNullable(headers).orElse(List.of());
    }
}
