package lb.cli.it;

import java.io.File;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.jar.Attributes;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import java.util.stream.Collectors;
import lb.cli.it.process.LbProcess;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;

/// The launcher with the real program and a real JDK; only Maven's part is taken from what these tests run on.
class FirstStartTest {

    @TempDir private Path root = Path.of("");

    @Test
    void aBuildRehearsesAndEveryStartUsesWhatTheJvmLearnt() throws Exception {
        Files.copy(Path.of("..", "lb"), root.resolve("lb"));
        Files.writeString(root.resolve("pom.xml"), "<project/>");
        writeProgram(Files.createDirectories(root.resolve("dist")).resolve("lb.jar"));
        Path maven = Files.createDirectories(root.resolve("bin")).resolve("mvn");
        Files.writeString(maven, "#!/bin/sh\nmkdir -p lb-cli/target && cp -R dist lb-cli/target/dist\n");
        for (Path script : List.of(root.resolve("lb"), maven)) {
            Files.setPosixFilePermissions(script, PosixFilePermissions.fromString("rwxr-xr-x"));
        }

        List<String> first = startAndEnd();
        assertThat(first.getFirst()).startsWith("lb: building");
        assertThat(first).anyMatch(line -> line.startsWith("lb: rehearsing"))
                .noneMatch(line -> line.contains("rehearsal failed"));
        assertThat(startAndEnd()).noneMatch(line -> line.startsWith("lb: "));
    }

    /// A jar that says where the others are, as the build makes it.
    private static void writeProgram(Path jar) throws IOException {
        Manifest manifest = new Manifest();
        manifest.getMainAttributes().put(Attributes.Name.MANIFEST_VERSION, "1.0");
        manifest.getMainAttributes().put(Attributes.Name.MAIN_CLASS, "lb.cli.Main");
        manifest.getMainAttributes().put(Attributes.Name.CLASS_PATH,
                Arrays.stream(LbProcess.classPath().split(File.pathSeparator, -1))
                        .map(entry -> Path.of(entry).toUri().toString()).collect(Collectors.joining(" ")));
        try (OutputStream file = Files.newOutputStream(jar);
                JarOutputStream written = new JarOutputStream(file, manifest)) {
            written.finish();
        }
    }

    /// The lines until it listens.
    private List<String> startAndEnd() throws Exception {
        ProcessBuilder builder = new ProcessBuilder(root.resolve("lb").toString(), "run", "--listen", "127.0.0.1:0",
                "--backend", "127.0.0.1:9");
        builder.environment().put("PATH", root.resolve("bin") + File.pathSeparator + System.getenv("PATH"));
        builder.environment().put("LB_JAVA_HOME", System.getProperty("java.home"));
        builder.environment().keySet().removeAll(List.of("LB_JAVA_OPTS", "JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS"));
        Process lb = builder.start();
        try {
            List<String> lines = new ArrayList<>();
            String line = lb.errorReader().readLine();
            while (line != null) {
                lines.add(line);
                if (line.contains("listening on")) {
                    break;
                }
                line = lb.errorReader().readLine();
            }
            assertThat(lines.getLast()).contains("listening on");
            assertThat(Files.readString(Path.of("/proc", String.valueOf(lb.pid()), "maps"))).contains("/lb.aot");
            lb.toHandle().destroy();
            assertThat(lb.waitFor(30, TimeUnit.SECONDS)).isTrue();
            assertThat(lb.exitValue()).isZero();
            return lines;
        } finally {
            lb.destroyForcibly();
        }
    }
}
