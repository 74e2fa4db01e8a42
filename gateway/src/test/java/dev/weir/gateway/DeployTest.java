package dev.weir.gateway;

import static dev.weir.gateway.DeployFiles.DEPLOY;
import static dev.weir.gateway.DeployFiles.ROOT;
import static dev.weir.gateway.DeployFiles.names;
import static dev.weir.gateway.DeployFiles.text;
import static dev.weir.gateway.DeployFiles.texts;
import static dev.weir.gateway.DeployFiles.yaml;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.weir.config.ConfigFile;
import dev.weir.config.WeirConfig;
import dev.weir.gateway.cli.Main;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

/**
 * The files in {@code cluster/deploy}, as far as they can be judged without what runs them: that they are well formed, and
 * agree with each other, with the launcher and with who reads the configuration. {@link DeployKubernetesTest} has
 * Kubernetes' own.
 */
class DeployTest {

    private static final String VARIABLE = "(?m)^#?(\\w+)=";

    private static List<String> found(String pattern, String text) {
        return Pattern.compile(pattern)
                .matcher(text)
                .results()
                .map(match -> match.group(1))
                .toList();
    }

    @Nested
    class Config {

        @Test
        void isReadAndHonoured() {
            Map<String, String> environment = new HashMap<>();
            DeployFiles.variables().forEach(name -> environment.put(name, "sk-set"));
            environment.put("DATABASE_URL", "postgresql://weir:password@postgres:5432/weir");
            environment.put("WEIR_ADVERTISE", "weir-1");

            WeirConfig config = ConfigFile.parse(text("config.yaml"), environment, Instant.EPOCH);

            assertThat(config.notHonoured()).isEmpty();
            assertThat(config.weir().storage().database()).isNotNull();
            assertThat(config.weir().cluster().advertise()).isEqualTo("weir-1");
            assertThat(config.weir().shutdown().notice()).isEqualTo(Duration.ofSeconds(5));
        }

        @Test
        void hasThreePortsAndNoSecret() {
            assertThat(List.of(DeployFiles.port("server"), DeployFiles.port("management"), DeployFiles.port("cluster")))
                    .doesNotHaveDuplicates()
                    .doesNotContain(0);
            assertThat(DeployFiles.variables())
                    .contains("DATABASE_URL", "WEIR_ADVERTISE", "WEIR_MASTER_KEY", "OPENAI_API_KEY");
            assertThat(text("config.yaml")).doesNotContain("sk-").doesNotContain("postgresql://");
        }
    }

    @Nested
    class Compose {

        private final JsonNode file = yaml("compose.yaml").getFirst();
        private final JsonNode services = file.path("services");
        private final List<String> nodes = names(services).stream()
                .filter(name -> services.path(name).path("image").asText().equals("weir"))
                .toList();

        @Test
        void hasThreeNodesOfOneImageThatIsBuiltFromThisTree() {
            assertThat(nodes).hasSize(3).allSatisfy(node -> {
                JsonNode build = services.path(node).path("build");
                assertThat(DEPLOY.resolve(build.path("context").asText()).normalize())
                        .isEqualTo(ROOT);
                assertThat(ROOT.resolve(build.path("dockerfile").asText())).isRegularFile();
            });
        }

        @Test
        void setsWhatTheConfigurationNames() {
            assertThat(nodes).isNotEmpty().allSatisfy(node -> {
                JsonNode environment = services.path(node).path("environment");
                assertThat(names(environment)).containsAll(DeployFiles.variables());
                assertThat(environment.path("WEIR_ADVERTISE").asText()).isEqualTo(node);
                assertThat(environment.path("DATABASE_URL").asText()).contains("@postgres:5432/");
            });
        }

        @Test
        void givesEachNodeItsOwnDataAndAllTheSameConfiguration() {
            List<String> data = new ArrayList<>();
            for (String node : nodes) {
                for (String volume : texts(services.path(node).path("volumes"))) {
                    String[] parts = volume.split(":", -1);
                    if (parts[1].equals(Image.DATA)) {
                        data.add(parts[0]);
                    } else {
                        assertThat(parts[1]).isEqualTo(Image.CONFIG);
                        assertThat(parts[0]).isEqualTo("./config.yaml");
                    }
                }
            }

            assertThat(data).hasSize(nodes.size()).doesNotHaveDuplicates();
            assertThat(names(file.path("volumes"))).containsAll(data).contains("postgres");
        }

        @Test
        void filesThatItMountsExist() {
            for (JsonNode service : services) {
                assertThat(texts(service.path("volumes")).stream()
                                .map(volume -> volume.split(":", 2)[0])
                                .filter(source -> source.startsWith(".")))
                        .allSatisfy(source -> assertThat(DEPLOY.resolve(source)).isRegularFile());
            }
        }

        @Test
        void letsAStopTakeItsTimeAndStartsWhatHasExited() {
            assertThat(nodes).isNotEmpty().allSatisfy(node -> {
                JsonNode service = services.path(node);
                assertThat(DeployFiles.duration(
                                service.path("stop_grace_period").asText()))
                        .isGreaterThan(DeployFiles.stop());
                assertThat(service.path("restart").asText()).isIn("always", "unless-stopped");
            });
        }

        @Test
        void asksANodeForItsReadiness() {
            assertThat(nodes)
                    .isNotEmpty()
                    .allSatisfy(node -> assertThat(services.path(node)
                                    .path("healthcheck")
                                    .path("test")
                                    .toString())
                            .contains("/dev/tcp/127.0.0.1/" + DeployFiles.port("management"))
                            .contains("GET /health/readiness HTTP/1.1"));
        }

        @Test
        void hasADoorThatKnowsEveryNodeAndItsReadiness() {
            String door = text("haproxy.cfg");

            assertThat(found("(?m)^  server (\\S+ \\S+)$", door))
                    .isEqualTo(nodes.stream()
                            .map(node -> node + " " + node + ":" + DeployFiles.port("server"))
                            .toList());
            assertThat(door)
                    .contains("http-check send meth GET uri /health/readiness ver HTTP/1.1 hdr Host weir")
                    .contains("check port " + DeployFiles.port("management") + " ");
            List<String> published = texts(services.path("door").path("ports"));
            assertThat(found("(?m)^  bind :(\\d+)$", door))
                    .isEqualTo(published.stream()
                            .map(port -> port.split(":", 2)[1])
                            .toList());
        }

        /** Two checks of a second each, and what they take. */
        @Test
        void hasADoorThatNoticesWithinTheNotice() {
            List<String> often = found("inter (\\w+) fall 2", text("haproxy.cfg"));

            Duration notice = DeployFiles.duration(
                    DeployFiles.weir().path("shutdown").path("notice").asText());
            assertThat(often)
                    .singleElement()
                    .satisfies(every -> assertThat(DeployFiles.duration(every).multipliedBy(3))
                            .isLessThan(notice));
        }
    }

    @Nested
    class Image {

        static final String DATA = "/var/lib/weir";
        static final String CONFIG = "/etc/weir/config.yaml";
        private static final String HOME = "/opt/weir";

        private final String dockerfile = text("Dockerfile");
        private final List<String> copied = found("(?m)^COPY (?!--from)(.*) \\S+$", dockerfile).stream()
                .flatMap(sources -> List.of(sources.split(" ", -1)).stream())
                .toList();

        @Test
        void copiesWhatExistsAndIsNotIgnored() {
            List<String> ignore = text("Dockerfile.dockerignore").lines().toList();

            assertThat(ignore).contains("*");
            assertThat(copied).hasSizeGreaterThan(8).allSatisfy(source -> {
                assertThat(ROOT.resolve(source)).exists();
                assertThat(ignore).contains("!" + source);
            });
            assertThat(ignore.stream().filter(line -> line.startsWith("!")).map(line -> line.substring(1)))
                    .containsExactlyInAnyOrderElementsOf(copied);
        }

        /** Maven wants the pom of every module that the parent names, and the archive some files besides. */
        @Test
        void copiesWhatTheBuildReads() {
            List<String> read = new ArrayList<>(List.of("pom.xml", ".mvn/jvm.config"));
            found("<module>(\\w+)</module>", DeployFiles.read(ROOT.resolve("pom.xml")))
                    .forEach(module -> read.add(module + "/pom.xml"));
            String archive = DeployFiles.read(ROOT.resolve("gateway/src/assembly/archive.xml"));
            found("<source>(.*)</source>", archive)
                    .forEach(file ->
                            read.add(Path.of("gateway", file).normalize().toString()));

            assertThat(read)
                    .hasSizeGreaterThan(9)
                    .allSatisfy(file -> assertThat(copied)
                            .anyMatch(source -> file.equals(source) || file.startsWith(source + "/")));
        }

        /** The archive has one directory, and in it the launcher below bin and the libraries below lib. */
        @Test
        void startsTheLauncherWhereTheArchiveHasIt() {
            String archive = DeployFiles.read(ROOT.resolve("gateway/src/assembly/archive.xml"));

            assertThat(archive)
                    .contains("<format>tar.gz</format>")
                    .contains("<baseDirectory>weir-${project.version}</baseDirectory>")
                    .contains("<source>bin/weir</source>")
                    .contains("<outputDirectory>bin</outputDirectory>")
                    .contains("<fileMode>0755</fileMode>")
                    .contains("<outputDirectory>lib</outputDirectory>");
            assertThat(dockerfile)
                    .contains("tar xzf gateway/target/weir-*.tar.gz -C /weir --strip-components=1")
                    .contains("COPY --from=build /weir " + HOME + "\n")
                    .contains("RUN " + HOME + "/bin/weir train\n")
                    .contains("ENTRYPOINT [\"" + HOME + "/bin/weir\"]");
            assertThat(text("weir.service")).contains("ExecStart=" + HOME + "/bin/weir ");
        }

        /** The cache takes a JDK 25, and the one that trained. */
        @Test
        void trainsAndRunsOnOneJdkThatCan() {
            List<String> jdks = found("(?m)^FROM \\S*eclipse-temurin[:-](\\d+)", dockerfile);

            assertThat(jdks)
                    .hasSize(2)
                    .allSatisfy(jdk -> assertThat(Integer.parseInt(jdk)).isGreaterThanOrEqualTo(25));
        }

        @Test
        void servesTheConfigurationAsAUserThatIsNotRoot() {
            List<String> command = command(dockerfile);

            assertThat(command).startsWith("serve");
            assertThat(DeployFiles.option(command, "--config")).isEqualTo(CONFIG);
            assertThat(DeployFiles.option(command, "--data")).isEqualTo(DATA);
            optionsExist(command);
            assertThat(dockerfile)
                    .contains("VOLUME " + DATA + "\n")
                    .contains("USER 10001:10001\n")
                    .contains("useradd --uid 10001 ");
            assertThat(found("(?m)^EXPOSE (.*)$", dockerfile))
                    .containsExactly(DeployFiles.port("server") + " " + DeployFiles.port("management") + " "
                            + DeployFiles.port("cluster"));
        }

        private static List<String> command(String dockerfile) {
            return found("\"([^\"]*)\"", found("(?m)^CMD (.*)$", dockerfile).getFirst());
        }
    }

    @Nested
    class Unit {

        private final String unit = text("weir.service");

        private String value(String key) {
            return found("(?m)^" + key + "=(.*)$", unit).getLast();
        }

        @Test
        void startsWeirAgainHoweverItEnded() {
            assertThat(value("Restart")).isEqualTo("always");
            assertThat(value("StartLimitIntervalSec")).isEqualTo("0");
            assertThat(value("WantedBy")).isEqualTo("multi-user.target");
            assertThat(found("(?m)^(\\[\\w+\\])$", unit)).containsExactly("[Unit]", "[Service]", "[Install]");
        }

        @Test
        void letsAStopTakeItsTime() {
            assertThat(value("KillSignal")).isEqualTo("SIGTERM");
            assertThat(Duration.ofSeconds(Long.parseLong(value("TimeoutStopSec"))))
                    .isGreaterThan(DeployFiles.stop());
        }

        @Test
        void asksForWhatServeKnows() {
            List<String> command = List.of(value("ExecStart").split(" ", -1));

            assertThat(command.get(1)).isEqualTo("serve");
            optionsExist(command);
            assertThat(DeployFiles.option(command, "--data")).isEqualTo("/var/lib/" + value("StateDirectory"));
        }

        /** The launcher keeps its cache in weir below this. */
        @Test
        void hasAPlaceForTheCache() {
            assertThat(value("Environment")).isEqualTo("XDG_CACHE_HOME=/var/cache");
            assertThat(value("CacheDirectory")).isEqualTo("weir");
        }

        @Test
        void letsAJvmCompileAndReadWhatTheMachineHas() {
            assertThat(unit).doesNotContain("\nMemoryDenyWriteExecute=").doesNotContain("\nProcSubset=");
            assertThat(Integer.parseInt(value("LimitNOFILE"))).isGreaterThan(20_000);
            assertThat(value("ProtectSystem")).isEqualTo("strict");
            assertThat(value("DynamicUser")).isEqualTo("yes");
        }

        @Test
        void hasAnEnvironmentThatNamesWhatTheConfigurationDoes() {
            String environment = text("weir.env");

            assertThat(value("EnvironmentFile")).isEqualTo("/etc/weir/weir.env");
            assertThat(found(VARIABLE, environment)).containsAll(DeployFiles.variables());
            assertThat(found("(?m)^\\w+=(.*)$", environment))
                    .as("values of an example, with which a node must not start")
                    .containsOnly("");
        }
    }

    private static void optionsExist(List<String> command) {
        CommandLine serve = new CommandLine(new Main()).getSubcommands().get("serve");
        assertThat(serve).isNotNull();
        assertThat(command.stream().filter(word -> word.startsWith("--")))
                .isNotEmpty()
                .isSubsetOf(serve.getCommandSpec().optionsMap().keySet());
    }
}
