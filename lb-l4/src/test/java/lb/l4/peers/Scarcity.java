package lb.l4.peers;

import java.io.Closeable;
import java.io.FileInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.slf4j.LoggerFactory;

import static org.assertj.core.api.Assertions.assertThat;

/// A process that has no descriptors left. It is one of its own: a test's JVM may not run out of them.
public final class Scarcity implements Closeable {

    private static final int DESCRIPTORS = 256;

    private final Deque<FileInputStream> held = new ArrayDeque<>();

    /// Runs a `main` in a JVM that may have 256 descriptors, and fails if it does.
    public static void run(Class<?> program) throws Exception {
        Process process = new ProcessBuilder("sh", "-c", "ulimit -n " + DESCRIPTORS + "; exec \"$@\"", "sh",
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED", "-ea", "-cp", System.getProperty("java.class.path"),
                program.getName()).redirectErrorStream(true).start();
        try {
            process.getOutputStream().close();
            String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
            assertThat(process.exitValue()).describedAs(said).isZero();
        } finally {
            process.destroyForcibly();
        }
    }

    /// Takes all descriptors that this process may have.
    public Scarcity() throws IOException {
        loadOurClasses();
        openOurJars();
        LoggerFactory.getLogger(Scarcity.class).warn("no descriptors from here on");
        takeAll();
    }

    /// Takes those that have become free.
    public void takeAll() {
        try {
            while (held.size() < 2 * DESCRIPTORS) {
                held.push(new FileInputStream("/dev/null"));
            }
        } catch (IOException e) {
            return;
        }
        throw new IllegalStateException("the limit on descriptors is not in force");
    }

    /// Gives one back.
    public void releaseOne() throws IOException {
        held.pop().close();
    }

    /// Jars are opened when a class is looked for in them, and then stay open.
    private static void openOurJars() {
        try {
            Class.forName("lb.l4.peers.NoSuchClass");
        } catch (ClassNotFoundException e) {
            return;
        }
        throw new IllegalStateException("there is such a class");
    }

    /// In tests they are files in directories, and reading one takes a descriptor; in use they come from a jar that is
    /// open.
    private static void loadOurClasses() throws IOException {
        for (String entry : System.getProperty("java.class.path").split(":", -1)) {
            Path root = Path.of(entry);
            if (Files.isDirectory(root)) {
                for (String name : classNames(root)) {
                    try {
                        Class.forName(name);
                    } catch (ClassNotFoundException e) {
                        throw new IllegalStateException(e);
                    }
                }
            }
        }
    }

    private static List<String> classNames(Path root) throws IOException {
        try (Stream<Path> files = Files.walk(root)) {
            return files.map(file -> root.relativize(file).toString())
                    .filter(file -> file.endsWith(".class") && !file.endsWith("package-info.class"))
                    .map(file -> file.substring(0, file.length() - ".class".length()).replace('/', '.'))
                    .toList();
        }
    }

    @Override
    public void close() throws IOException {
        while (!held.isEmpty()) {
            releaseOne();
        }
    }
}
