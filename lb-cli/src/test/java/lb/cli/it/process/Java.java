package lb.cli.it.process;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.spi.ToolProvider;

/// Command lines of child JVMs.
public final class Java {

    private static final Path HOME = Path.of(System.getProperty("java.home"));
    private static final String TEST_CLASS_PATH = System.getProperty("java.class.path");

    private static final String CLASS_PATH = findClassPath();

    private Java() {}

    static String jcmd() {
        return HOME.resolve("bin/jcmd").toString();
    }

    /// `lb`, on the class path that users have and with the flags of its launcher.
    public static List<String> lb(String classPath) {
        List<String> command = new ArrayList<>(List.of(HOME.resolve("bin/java").toString()));
        command.addAll(Arrays.asList(System.getProperty("lb.jvm.flags", "").trim().split("\\s+", -1)));
        command.removeIf(String::isBlank);
        command.addAll(List.of("-cp", classPath, "lb.cli.Main"));
        return command;
    }

    /// A main class of the tests.
    public static List<String> test(Class<?> main, String... args) {
        List<String> command = new ArrayList<>(List.of(HOME.resolve("bin/java").toString(), "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1", "-cp", TEST_CLASS_PATH, main.getName()));
        command.addAll(List.of(args));
        return command;
    }

    /// The class path of the program without that of the tests, all jars: what users have. Maven writes it down; an IDE that
    /// did not build with Maven uses the tests'.
    public static String classPath() {
        return CLASS_PATH;
    }

    private static String findClassPath() {
        Path classes = Path.of("target", "classes").toAbsolutePath();
        Path written = classes.resolveSibling("runtime.classpath");
        try {
            if (!Files.exists(written)) {
                return TEST_CLASS_PATH;
            }
            List<String> entries = new ArrayList<>(List.of(classes.toString()));
            entries.addAll(Arrays.asList(Files.readString(written).strip().split(File.pathSeparator, -1)));
            Path jars = Files.createDirectories(classes.resolveSibling("it-jars"));
            entries.replaceAll(entry -> Files.isDirectory(Path.of(entry)) ? jar(Path.of(entry), jars) : entry);
            return String.join(File.pathSeparator, entries);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    /// Classes in a folder need a descriptor each when they are loaded; those in a jar do not, which matters to a process
    /// that has none left.
    private static String jar(Path classes, Path folder) {
        Path module = classes.getName(classes.getNameCount() - 3); // MODULE/target/classes
        Path jar = folder.resolve(module + ".jar");
        int status = ToolProvider.findFirst("jar").orElseThrow().run(System.out, System.err, "--create", "--file",
                jar.toString(), "-C", classes.toString(), ".");
        assert status == 0 : jar;
        return jar.toString();
    }

    /// Copies the class path to a folder that everybody may read, and returns it as it is there.
    static String copyClassPath(Path folder) throws IOException, InterruptedException {
        List<String> copied = new ArrayList<>();
        for (String entry : classPath().split(File.pathSeparator, -1)) {
            Path to = folder.resolve(copied.size() + "-" + Path.of(entry).getFileName());
            Files.copy(Path.of(entry), to);
            copied.add(to.toString());
        }
        Child.run("chmod", "-R", "a+rX", folder.toString());
        return String.join(File.pathSeparator, copied);
    }
}
