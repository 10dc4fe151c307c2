package lb.cli.it.process;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import lb.cli.json.JsonObject;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/// `lb run` and the processes that take over from it, with a configuration, an admin socket and a log in one folder. What
/// is left of them is ended when the test closes this.
public final class Generations implements AutoCloseable {

    private static final Duration PATIENCE = Duration.ofSeconds(40);
    private static final Pattern STARTED = Pattern.compile("upgrade: (?:started process|lb \\S+, process) (\\d+)");

    private final Path folder;
    private final List<String> program;
    private final List<Process> processes = new ArrayList<>();

    /// What a verb said.
    public record Said(int status, String out, String err) {}

    /// @param folder with lb.conf in it
    public Generations(Path folder) {
        this(folder, Java.lb(Java.classPath()));
    }

    /// @param program the command that the verb and its options come behind
    public Generations(Path folder, List<String> program) {
        this.folder = folder;
        this.program = program;
    }

    /// Starts a process and waits until it listens.
    public Process start(Map<String, String> environment, String... options) throws IOException {
        int before = log("listening on ").size();
        Process process = launch(List.of(), environment, options);
        await().atMost(PATIENCE).until(() -> log("listening on ").size() > before || !process.isAlive());
        assertThat(process.isAlive()).as(log()).isTrue();
        return process;
    }

    /// Starts a process and waits for nothing.
    ///
    /// @param prefix a command that executes what follows it
    public Process launch(List<String> prefix, Map<String, String> environment, String... options)
            throws IOException {
        List<String> command = new ArrayList<>(prefix);
        command.addAll(program);
        command.addAll(List.of("run", "-f", folder.resolve("lb.conf").toString(), "--admin", admin().toString()));
        command.addAll(List.of(options));
        ProcessBuilder builder = new ProcessBuilder(command)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(folder.resolve("out").toFile()))
                .redirectError(ProcessBuilder.Redirect.appendTo(folder.resolve("log").toFile()));
        builder.environment().putAll(environment);
        Process process = builder.start();
        processes.add(process);
        return process;
    }

    public Path admin() {
        return folder.resolve("a.sock");
    }

    /// Runs a verb for the process that serves.
    public Said verb(String... words) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(program);
        command.addAll(List.of(words));
        command.addAll(List.of("--admin", admin().toString()));
        try (Child child = Child.start(command)) {
            int status = child.exitStatus();
            return new Said(status, child.out().toString(), child.err().toString());
        }
    }

    /// Upgrades, which has to succeed; returns what is said.
    public JsonObject upgrade() throws IOException, InterruptedException {
        Said said = verb("upgrade", "--json");
        assertThat(said.status()).as(said + "\n" + log()).isZero();
        return JsonObject.of(said.out());
    }

    public JsonObject status() throws IOException, InterruptedException {
        Said said = verb("status", "--json");
        assertThat(said.status()).as(said + "\n" + log()).isZero();
        return JsonObject.of(said.out());
    }

    /// The log of all of them so far.
    public String log() throws IOException {
        Path file = folder.resolve("log");
        return Files.exists(file) ? Files.readString(file) : "";
    }

    /// Lines of it with that text.
    public List<String> log(String text) throws IOException {
        return log().lines().filter(line -> line.contains(text)).toList();
    }

    public Matcher awaitLog(String regex) {
        Pattern pattern = Pattern.compile(regex);
        Matcher[] found = new Matcher[1];
        await().atMost(PATIENCE).until(() -> {
            found[0] = pattern.matcher(log());
            return found[0].find();
        });
        return found[0];
    }

    /// Where a listener is, as the first process has said.
    public InetSocketAddress address(String listener) throws IOException {
        String line = log("listening on ").getFirst();
        Matcher matcher = Pattern.compile("(127\\.[\\d.]+):(\\d+) \\(" + listener + "[ ,]").matcher(line);
        assertThat(matcher.find()).as(line).isTrue();
        return new InetSocketAddress(InetAddress.ofLiteral(matcher.group(1)), Integer.parseInt(matcher.group(2)));
    }

    /// Waits until a process has ended.
    public static void awaitEnd(long pid) {
        await().atMost(PATIENCE).until(() -> !isAlive(pid));
    }

    /// Whether it runs: one whose parent does not look counts as ended.
    public static boolean isAlive(long pid) {
        try {
            String stat = Files.readString(Path.of("/proc", Long.toString(pid), "stat"));
            return !stat.substring(stat.lastIndexOf(')')).startsWith(") Z");
        } catch (IOException e) {
            return false;
        }
    }

    @Override
    public void close() throws IOException {
        Map<Long, ProcessHandle> left = new HashMap<>();
        processes.forEach(process -> left.put(process.pid(), process.toHandle()));
        Matcher started = STARTED.matcher(log());
        while (started.find()) {
            ProcessHandle.of(Long.parseLong(started.group(1))).ifPresent(handle -> left.put(handle.pid(), handle));
        }
        left.values().forEach(ProcessHandle::destroyForcibly);
        for (Process process : processes) {
            try {
                assertThat(process.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
