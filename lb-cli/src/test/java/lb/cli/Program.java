package lb.cli;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;

/// lb as a process of its own, from the classes under test.
final class Program implements AutoCloseable {

    private static final int LONGEST_MINUTES = 5;

    private final Process process;
    private final BufferedReader err;
    private final Path folder;
    private final List<String> seen = new ArrayList<>();

    private Program(Process process, Path folder) {
        this.process = process;
        this.folder = folder;
        this.err = process.errorReader();
        // What is awaited and never comes is a failure, not a suite that stands still.
        CompletableFuture.delayedExecutor(LONGEST_MINUTES, TimeUnit.MINUTES).execute(process::destroyForcibly);
    }

    static Program start(String... args) throws IOException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED", "--sun-misc-unsafe-memory-access=allow", "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1", "-Xmx128m", "-cp", System.getProperty("java.class.path"), "lb.cli.Main"));
        command.addAll(List.of(args));
        ProcessBuilder builder = new ProcessBuilder(command)
                .redirectInput(ProcessBuilder.Redirect.from(new java.io.File("/dev/null")));
        // A folder of its own for its admin socket, not the machine's.
        Path folder = Files.createTempDirectory("lb-test");
        builder.environment().put("RUNTIME_DIRECTORY", folder.toString());
        return new Program(builder.start(), folder);
    }

    /// Waits for a line on stderr; fails with what there was if the process ends
    /// without one.
    String awaitLine(Predicate<String> wanted) throws IOException {
        String line = err.readLine();
        while (line != null) {
            seen.add(line);
            if (wanted.test(line)) {
                return line;
            }
            line = err.readLine();
        }
        throw new AssertionError("the process ended; stderr: " + seen);
    }

    void signal(String name) throws IOException, InterruptedException {
        new ProcessBuilder("kill", "-" + name, Long.toString(process.pid())).inheritIO().start().waitFor();
    }

    /// The exit status; reads the rest of both streams first.
    int await() throws InterruptedException {
        try {
            err.lines().forEach(seen::add);
        } catch (UncheckedIOException e) {
            // Closed by the process's end.
        }
        if (!process.waitFor(30, TimeUnit.SECONDS)) {
            throw new AssertionError("still running; stderr: " + seen);
        }
        return process.exitValue();
    }

    List<String> stderr() {
        return seen;
    }

    /// What finds its admin socket.
    String[] admin() {
        return new String[]{"--admin", folder.resolve("admin.sock").toString()};
    }

    Process process() {
        return process;
    }

    @Override
    public void close() {
        process.destroyForcibly();
    }
}
