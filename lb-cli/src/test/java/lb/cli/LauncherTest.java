package lb.cli;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;

/// The launcher in a copy of the repository that has nothing real in it: Maven
/// writes down that it was called, Java prints what it was called with.
class LauncherTest {

    /// All that the launcher may need beside a JDK and Maven.
    private static final List<String> TOOLS = List.of("sh", "readlink", "dirname", "sed", "find", "head", "touch",
            "mkdir",
            "rm", "cp", "mv", "ln", "flock", "sleep", "true");

    @TempDir private Path temp = Path.of("");
    private Path root = Path.of("");
    private Path bin = Path.of("");
    private Path jdk = Path.of("");

    private record Run(int status, String out, String err) {}

    @BeforeEach
    void fakeRepository() throws IOException {
        root = Files.createDirectories(temp.resolve("a repository"));
        bin = Files.createDirectories(temp.resolve("bin"));
        jdk = temp.resolve("jdk 25");
        for (String tool : TOOLS) {
            Path found = Path.of("/usr/bin", tool);
            Files.createSymbolicLink(bin.resolve(tool), Files.exists(found) ? found : Path.of("/bin", tool));
        }
        Files.copy(Path.of("..", "lb"), root.resolve("lb"));
        executable(root.resolve("lb"));
        write(root.resolve("pom.xml"), "<project/>");
        write(root.resolve("lb-core/pom.xml"), "<project/>");
        write(root.resolve("lb-core/src/main/java/A.java"), "class A {}");
        age(root.resolve("pom.xml"), root.resolve("lb-core/pom.xml"), root.resolve("lb-core/src/main/java/A.java"),
                root.resolve("lb-core/src/main/java"), root.resolve("lb-core/src/main"));
        script(bin.resolve("mvn"), """
                echo "JAVA_HOME=$JAVA_HOME" >>"$TRACE/built"
                [ -z "${BREAK-}" ] || { echo "compiler says no"; exit 1; }
                [ -z "${SLOW-}" ] || { : >"$TRACE/building"; while [ ! -e "$TRACE/go-on" ]; do sleep 0.01; done; }
                mkdir -p lb-cli/target/dist/lib && echo jar >lb-cli/target/dist/lb.jar
                """);
        fakeJdk(jdk, "25.0.3",
                "echo \"pid=$$\"; for a in \"$@\"; do echo \"arg=$a\"; done; [ -z \"${HOLD-}\" ] || read -r _\n");
    }

    /// JUnit would warn of each link that leads out of the folder that it deletes.
    @AfterEach
    void deleteLinks() throws IOException {
        try (Stream<Path> files = Files.list(bin)) {
            for (Path link : files.filter(Files::isSymbolicLink).toList()) {
                Files.delete(link);
            }
        }
    }

    private void fakeJdk(Path home, String version, String java) throws IOException {
        write(home.resolve("release"), "IMPLEMENTOR=\"X\"\nJAVA_VERSION=\"" + version + "\"\n");
        script(home.resolve("bin/java"), java);
        script(home.resolve("bin/javac"), "exit 1\n");
    }

    @Test
    void dashAcceptsIt() throws Exception {
        assertThat(run(new ProcessBuilder("dash", "-n", root.resolve("lb").toString())).status()).isZero();
    }

    @Test
    void withoutJdkItSaysSoInOneLine() throws Exception {
        fakeJdk(jdk, "21.0.1", "exit 0\n");
        Run run = lb(Map.of(), "version");
        assertThat(run.status()).isEqualTo(1);
        assertThat(run.err().lines()).singleElement().asString()
                .isEqualTo("lb: LB_JAVA_HOME=" + jdk + " is Java 21.0.1, no JDK 25 or newer");
        Run nothing = lb(Map.of("LB_JAVA_HOME", "/no/jdk"), "version");
        assertThat(nothing.err()).isEqualTo("lb: LB_JAVA_HOME=/no/jdk is no JDK 25 or newer\n");
        Run unset = lb(Map.of("LB_JAVA_HOME", ""), "version");
        assertThat(unset.status()).isEqualTo(1);
        assertThat(unset.err().lines()).singleElement().asString().startsWith("lb: no JDK 25 or newer found");
    }

    @Test
    void withoutMavenItSaysSo() throws Exception {
        Files.delete(bin.resolve("mvn"));
        Run run = lb(Map.of(), "version");
        assertThat(run.status()).isEqualTo(1);
        assertThat(run.err()).contains("lb: Maven is needed to build");
    }

    @Test
    void withoutFlockItSaysSo() throws Exception {
        lb(Map.of(), "version");
        Files.delete(bin.resolve("flock"));
        Run run = lb(Map.of(), "version");
        assertThat(run.status()).isEqualTo(1);
        assertThat(run.err()).isEqualTo("lb: flock is needed (Debian package util-linux)\n");
    }

    @Test
    void rehearsesAgainAfterAChangeOfTheJdk() throws Exception {
        assertThat(lb(Map.of(), "run").err()).contains("lb: building").containsOnlyOnce("lb: rehearsing");
        assertThat(lb(Map.of(), "run").err()).isEmpty();
        fakeJdk(jdk, "25.0.4", "exit 0\n");
        assertThat(lb(Map.of(), "version").err()).isEmpty();
        assertThat(lb(Map.of(), "run").err()).contains("lb: rehearsing").doesNotContain("lb: building");
        assertThat(lb(Map.of(), "run").err()).isEmpty();
        assertThat(builds()).hasSize(1);
    }

    @Test
    void buildsOnceAndAgainWhenASourceIsNewer() throws Exception {
        Run first = lb(Map.of(), "version");
        assertThat(first.status()).as(first.err()).isZero();
        assertThat(first.err()).contains("lb: building");
        assertThat(first.out()).contains("arg=version").contains("arg=" + root + "/.build/dist-1/lb.jar");
        Run second = lb(Map.of(), "version");
        assertThat(second.err()).isEmpty();
        assertThat(builds()).containsExactly("JAVA_HOME=" + jdk);

        touch(root.resolve("lb-core/src/main/java/A.java"));
        Run third = lb(Map.of(), "version");
        assertThat(third.err()).contains("lb: building");
        assertThat(third.out()).contains(".build/dist-2/lb.jar");
        assertThat(builds()).hasSize(2);
        assertThat(Files.readSymbolicLink(root.resolve(".build/current"))).hasToString("dist-2");
        assertThat(root.resolve(".build/dist-1")).doesNotExist();
    }

    @Test
    void failedBuildLeavesTheOldOneAndEndsWithOne() throws Exception {
        lb(Map.of(), "version");
        touch(root.resolve("pom.xml"));
        Run broken = lb(Map.of("BREAK", "1"), "version");
        assertThat(broken.status()).isEqualTo(1);
        assertThat(broken.err()).contains("compiler says no").contains("lb: the build failed");
        assertThat(Files.readSymbolicLink(root.resolve(".build/current"))).hasToString("dist-1");
        assertThat(lb(Map.of(), "version").status()).isZero();
    }

    @Test
    void twoAtOnceBuildOnce() throws Exception {
        Process first = process(Map.of("SLOW", "1"), "version").start();
        awaitFile("building");
        Process second = process(Map.of("SLOW", "1"), "version").start();
        assertThat(second.errorReader().readLine()).isEqualTo("lb: waiting for another build ...");
        Files.createFile(temp.resolve("go-on"));
        assertThat(first.waitFor(30, TimeUnit.SECONDS) && second.waitFor(30, TimeUnit.SECONDS)).isTrue();
        assertThat(List.of(first.exitValue(), second.exitValue())).containsExactly(0, 0);
        assertThat(builds()).hasSize(1);
    }

    @Test
    void becomesTheProgramAndABuildThatRunsIsNotTouched() throws Exception {
        Process running = process(Map.of("HOLD", "1"), "run").start();
        assertThat(running.inputReader().readLine()).isEqualTo("pid=" + running.pid());
        touch(root.resolve("pom.xml"));
        lb(Map.of(), "version");
        assertThat(root.resolve(".build/dist-1/lb.jar")).exists();
        assertThat(root.resolve(".build/dist-2/lb.jar")).exists();
        running.outputWriter().close();
        assertThat(running.waitFor(30, TimeUnit.SECONDS)).isTrue();
        touch(root.resolve("pom.xml"));
        lb(Map.of(), "version");
        try (Stream<Path> files = Files.list(root.resolve(".build"))) {
            assertThat(files.filter(file -> file.getFileName().toString().startsWith("dist-")))
                    .singleElement().isEqualTo(root.resolve(".build/current").toRealPath());
        }
    }

    @Test
    void worksThroughLinksFromAnywhere() throws Exception {
        Path link = Files.createSymbolicLink(temp.resolve("link"), root.resolve("lb"));
        Path linkToLink = Files.createSymbolicLink(bin.resolve("lb"), Path.of("../link"));
        ProcessBuilder process = process(Map.of(), "check", "a b.conf");
        process.command().set(0, linkToLink.toString());
        Run run = run(process.directory(temp.toFile()));
        assertThat(run.status()).as(run.err()).isZero();
        assertThat(run.out()).contains("arg=a b.conf").contains("arg=-XX:TieredStopAtLevel=1");
        assertThat(link).isSymbolicLink();
    }

    /// As systemd passes them: from 3 on, more than the launcher's own numbers leave room for.
    @Test
    void descriptorsOfAServiceManagerStayOpen() throws Exception {
        lb(Map.of(), "version");
        write(temp.resolve("passed"), "");
        fakeJdk(jdk, "25.0.3", """
                for n in 3 4 5 6 7 8 9; do echo "$n=$(readlink /proc/$$/fd/$n)"; done
                echo "meant=$([ "$LISTEN_PID" = $$ ] && echo yes)"
                echo "lock=$(readlink /proc/$$/fd/* | grep -c '/dist-1/lock$')"
                """);
        touch(root.resolve("lb-core/src/main/java/A.java"));
        ProcessBuilder process = process(Map.of("PASSED", temp.resolve("passed").toString()), "run");
        process.command("sh", "-c", "exec 3<$PASSED 4<$PASSED 5<$PASSED 6<$PASSED 7<$PASSED 8<$PASSED 9<$PASSED; "
                + "export LISTEN_FDS=7 LISTEN_PID=$$; exec \"$0\" run", root.resolve("lb").toString());
        Files.createSymbolicLink(bin.resolve("grep"), Path.of("/usr/bin/grep"));
        Run run = run(process);
        assertThat(run.out().lines().filter(line -> line.endsWith("=" + temp.resolve("passed")))).hasSize(7);
        assertThat(run.out()).contains("meant=yes\n", "lock=1\n");
        assertThat(run.err()).contains("using the old build");
    }

    @Test
    void optionsForTheJvmAreAppended() throws Exception {
        assertThat(lb(Map.of("LB_JAVA_OPTS", "-Xmx1g -Dx=y"), "run").out())
                .containsSubsequence("arg=-Xmx256m", "arg=-Xmx1g", "arg=-Dx=y", "arg=lb.cli.Main", "arg=run");
    }

    private Run lb(Map<String, String> environment, String... args) throws Exception {
        return run(process(environment, args));
    }

    private ProcessBuilder process(Map<String, String> environment, String... args) {
        List<String> command = new ArrayList<>(List.of(root.resolve("lb").toString()));
        command.addAll(List.of(args));
        ProcessBuilder process = new ProcessBuilder(command).directory(temp.toFile());
        process.environment().clear();
        process.environment().putAll(Map.of("PATH", bin.toString(), "TRACE", temp.toString(), "HOME",
                temp.toString(), "LB_JAVA_HOME", jdk.toString(), "LB_JVM_DIR", temp.resolve("none").toString()));
        process.environment().putAll(environment);
        return process;
    }

    private static Run run(ProcessBuilder builder) throws Exception {
        Process process = builder.redirectInput(new java.io.File("/dev/null")).start();
        String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        String err = new String(process.getErrorStream().readAllBytes(), StandardCharsets.UTF_8);
        return new Run(process.waitFor(), out, err);
    }

    private List<String> builds() throws IOException {
        return Files.readAllLines(temp.resolve("built"));
    }

    private void awaitFile(String name) {
        org.awaitility.Awaitility.await().until(() -> Files.exists(temp.resolve(name)));
    }

    private static void write(Path file, String text) throws IOException {
        Files.createDirectories(file.getParent());
        Files.writeString(file, text);
    }

    private static void script(Path file, String body) throws IOException {
        write(file, "#!/bin/sh\n" + body);
        executable(file);
    }

    private static void executable(Path file) throws IOException {
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
    }

    /// Makes files older than any build.
    private static void age(Path... files) throws IOException {
        for (Path file : files) {
            Files.setLastModifiedTime(file, FileTime.from(Instant.EPOCH.plusSeconds(1)));
        }
    }

    private static void touch(Path file) throws IOException {
        Files.setLastModifiedTime(file, FileTime.from(Instant.now().plusSeconds(3600)));
    }
}
