package dev.weir.perf.sabotage;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.OutputStream;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.jar.Attributes;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import net.bytebuddy.ByteBuddy;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The agent in processes of their own. */
final class AgentTest {

    private static final String SLICES = Cut.of(Sabotage.HOLD).getFirst().type();

    @TempDir
    Path directory;

    /** What a process said, on either stream, and its exit code. */
    private record Ended(int code, String said) {}

    /** Stands for Weir's main class: needs the class that it is told. */
    static final class Product {
        public static void main(String[] args) throws ClassNotFoundException {
            Class.forName(args[0]);
            System.out.println("started");
        }
    }

    @ParameterizedTest
    @EnumSource
    void theProductStartsBrokenAndItsCodeIsValid(Sabotage sabotage) throws Exception {
        List<Cut> cuts = Cut.of(sabotage);

        Ended ended = run(System.getProperty("java.class.path"), cuts.getLast().type(), sabotage.toString());

        assertThat(ended.said()).contains("started", "sabotage " + sabotage + ": harmed the product 0 times");
        assertThat(cuts)
                .allSatisfy(cut -> assertThat(ended.said())
                        .contains("sabotage " + sabotage + ": " + cut.type() + "." + cut.method() + " is broken"));
        assertThat(ended.code()).isZero();
    }

    @Test
    void aProductWithoutTheClassDoesNotStart() throws Exception {
        assertDoesNotStart(run(home(Product.class), SLICES, "hold"), "ClassNotFoundException: " + SLICES);
    }

    @Test
    void aProductWithoutTheMethodDoesNotStart() throws Exception {
        new ByteBuddy().subclass(Object.class).name(SLICES).make().saveIn(directory.toFile());

        Ended ended = run(home(Product.class) + ":" + directory, SLICES, "hold");

        assertDoesNotStart(ended, SLICES + " has 0 methods take (expected: 1)");
    }

    @Test
    void aClassThatIsLoadedAlreadyIsNotTakenForBroken() throws Exception {
        Ended ended = run(System.getProperty("java.class.path"), SLICES, "hold", "hold");

        assertDoesNotStart(ended, SLICES + " was loaded before it could be broken");
    }

    @Test
    void anUnknownSabotageDoesNotStart() throws Exception {
        assertDoesNotStart(run(System.getProperty("java.class.path"), SLICES, "holds"), "no sabotage: holds");
    }

    private static void assertDoesNotStart(Ended ended, String why) {
        assertThat(ended.said()).contains("sabotage is impossible: ", why).doesNotContain("started");
        assertThat(ended.code()).isEqualTo(Agent.EXIT_CODE);
    }

    private Ended run(String classPath, String type, String... agents) throws Exception {
        Path jar = agentJar();
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        for (String agent : agents) {
            command.add("-javaagent:" + jar + "=" + agent);
        }
        command.addAll(List.of("-cp", classPath, Product.class.getName(), type));
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        return new Ended(process.waitFor(), said);
    }

    /** As it is packaged, but over the classes of this build. */
    private Path agentJar() throws Exception {
        Manifest manifest = new Manifest();
        Attributes attributes = manifest.getMainAttributes();
        attributes.put(Attributes.Name.MANIFEST_VERSION, "1.0");
        attributes.putValue("Premain-Class", Agent.class.getName());
        attributes.put(Attributes.Name.CLASS_PATH, url(Agent.class) + " " + url(ByteBuddy.class));
        Path jar = directory.resolve("agent.jar");
        try (OutputStream out = Files.newOutputStream(jar)) {
            new JarOutputStream(out, manifest).close();
        }
        return jar;
    }

    private static String home(Class<?> type) throws URISyntaxException {
        return Path.of(type.getProtectionDomain().getCodeSource().getLocation().toURI())
                .toString();
    }

    private static String url(Class<?> type) throws IOException {
        return type.getProtectionDomain().getCodeSource().getLocation().toString();
    }
}
