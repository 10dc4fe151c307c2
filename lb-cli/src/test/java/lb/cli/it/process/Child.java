package lb.cli.it.process;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

/// A process that a test has started. It is ended by its PID when the test closes it or when the test's JVM ends.
public final class Child implements AutoCloseable {

    private static final long EXIT_SECONDS = 40;
    private static final Set<Process> RUNNING = ConcurrentHashMap.newKeySet();

    static {
        Runtime.getRuntime().addShutdownHook(new Thread(() -> RUNNING.forEach(Process::destroyForcibly)));
    }

    private final Process process;
    private final Output out;
    private final Output err;

    private Child(Process process, String name) {
        this.process = process;
        this.out = new Output(name + "'s stdout", process.getInputStream());
        this.err = new Output(name + "'s stderr", process.getErrorStream());
    }

    public static Child start(String... command) throws IOException {
        return start(List.of(command));
    }

    public static Child start(List<String> command) throws IOException {
        return start(command, Map.of());
    }

    public static Child start(List<String> command, Map<String, String> environment) throws IOException {
        ProcessBuilder builder = new ProcessBuilder(command);
        builder.environment().putAll(environment);
        Process process = builder.start();
        RUNNING.add(process);
        process.onExit().thenRun(() -> RUNNING.remove(process));
        return new Child(process, Path.of(command.getFirst()).getFileName().toString());
    }

    /// Runs a command to its end and returns what it wrote to stdout. Fails the test if its exit status is not 0.
    public static String run(String... command) throws IOException, InterruptedException {
        try (Child child = start(command)) {
            child.closeInput();
            int status = child.exitStatus();
            if (status != 0) {
                throw new AssertionError(String.join(" ", command) + ": exit status " + status + "\n" + child.err);
            }
            return String.join("\n", child.out.all());
        }
    }

    public long pid() {
        return process.pid();
    }

    public boolean isAlive() {
        return process.isAlive();
    }

    public Output out() {
        return out;
    }

    public Output err() {
        return err;
    }

    /// Sends a signal, such as `TERM`.
    public void signal(String name) throws IOException, InterruptedException {
        run("kill", "-" + name, Long.toString(pid()));
    }

    /// Waits for the end and for the last line of output.
    public int exitStatus() throws InterruptedException {
        if (!process.waitFor(EXIT_SECONDS, TimeUnit.SECONDS)) {
            throw new AssertionError("still running after " + EXIT_SECONDS + " s:\n" + out + "\n" + err);
        }
        out.all();
        err.all();
        return process.exitValue();
    }

    /// Ends its standard input.
    public void closeInput() throws IOException {
        process.getOutputStream().close();
    }

    /// A field of `/proc/PID/smaps_rollup`, in bytes.
    public long memoryBytes(String field) throws IOException {
        for (String line : Files.readAllLines(proc("smaps_rollup"))) {
            if (line.startsWith(field + ":")) {
                return Long.parseLong(line.replaceAll("\\D", "")) << 10;
            }
        }
        throw new AssertionError("no " + field + " of " + pid());
    }

    /// The time that it has used so far, in clock ticks of the kernel.
    public long cpuTicks() throws IOException {
        String stat = Files.readString(proc("stat"));
        String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
        return Long.parseLong(fields[11]) + Long.parseLong(fields[12]);
    }

    /// How many descriptors it has open.
    public int descriptors() throws IOException {
        try (var files = Files.list(proc("fd"))) {
            return (int) files.count();
        }
    }

    private Path proc(String file) {
        return Path.of("/proc", Long.toString(pid()), file);
    }

    /// Kills it if it is still there.
    @Override
    public void close() {
        process.destroyForcibly();
        try {
            if (!process.waitFor(EXIT_SECONDS, TimeUnit.SECONDS)) {
                throw new AssertionError("cannot be killed: " + process.pid());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
