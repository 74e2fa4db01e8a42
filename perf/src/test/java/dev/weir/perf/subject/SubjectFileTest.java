package dev.weir.perf.subject;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class SubjectFileTest {

    @TempDir
    @SuppressWarnings("NullAway.Init")
    Path directory;

    @Test
    void everyFileOfTheRepositoryCanBeRead() throws IOException {
        try (Stream<Path> files = Files.list(Path.of("subjects"))) {
            for (Path file : files.toList()) {
                SubjectFile subject = SubjectFile.read(file);

                assertThat(file.getFileName()).hasToString(subject.name() + ".yaml");
                assertThat(subject.on()).isNotBlank();
            }
        }
    }

    @Test
    void aSubjectIsStartedOrRunsAlreadyAndNotBoth() throws IOException {
        assertThat(SubjectFile.read(file("url: http://127.0.0.1:1")).callPath()).isEqualTo("/v1/chat/completions");
        assertThatThrownBy(() -> SubjectFile.read(file("url: http://127.0.0.1:1\nstart: [x]")))
                .hasMessageContaining("either url");
        assertThatThrownBy(() -> SubjectFile.read(file("path: /x"))).hasMessageContaining("either url");
        assertThatThrownBy(() -> SubjectFile.read(file("urll: x"))).hasMessageContaining("urll");
    }

    private Path file(String more) throws IOException {
        return Files.writeString(directory.resolve("x.yaml"), "name: x\non: nothing\nready: /\n" + more + "\n");
    }
}
