package lb.cli.it.process;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/// Command lines of child JVMs.
final class Java {

    private static final Path HOME = Path.of(System.getProperty("java.home"));
    private static final String TEST_CLASS_PATH = System.getProperty("java.class.path");

    private Java() {}

    static String jcmd() {
        return HOME.resolve("bin/jcmd").toString();
    }

    /// `lb`, on the class path that users have and with the flags of its launcher.
    static List<String> lb(String classPath) {
        List<String> command = new ArrayList<>(List.of(HOME.resolve("bin/java").toString()));
        command.addAll(Arrays.asList(System.getProperty("lb.jvm.flags", "").trim().split("\\s+", -1)));
        command.removeIf(String::isBlank);
        command.addAll(List.of("-cp", classPath, "lb.cli.Main"));
        return command;
    }

    /// A main class of the tests.
    static List<String> test(Class<?> main, String... args) {
        List<String> command = new ArrayList<>(List.of(HOME.resolve("bin/java").toString(), "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1", "-cp", TEST_CLASS_PATH, main.getName()));
        command.addAll(List.of(args));
        return command;
    }

    /// The class path of the program without that of the tests. Maven writes it down; an IDE that did not build with Maven
    /// uses the tests'.
    static String classPath() {
        Path classes = Path.of("target", "classes").toAbsolutePath();
        Path written = classes.resolveSibling("runtime.classpath");
        try {
            return Files.exists(written)
                    ? classes + File.pathSeparator + Files.readString(written).strip()
                    : TEST_CLASS_PATH;
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    /// Copies the class path to a folder that everybody may read, and returns it as it is there.
    static String copyClassPath(Path folder) throws IOException, InterruptedException {
        List<String> copied = new ArrayList<>();
        for (String entry : classPath().split(File.pathSeparator, -1)) {
            Path from = Path.of(entry);
            Path to = folder.resolve(copied.size() + "-" + from.getFileName());
            copied.add(to.toString());
            try (Stream<Path> files = Files.walk(from)) {
                for (Path file : (Iterable<Path>) files::iterator) {
                    Files.copy(file, to.resolve(from.relativize(file).toString()));
                }
            }
        }
        Child.run("chmod", "-R", "a+rX", folder.toString());
        return String.join(File.pathSeparator, copied);
    }
}
