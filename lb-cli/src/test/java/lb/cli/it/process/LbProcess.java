package lb.cli.it.process;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// `lb run` in a process of its own, as a user has it: class path, flags of the JVM, signals, stdout and stderr.
public final class LbProcess implements AutoCloseable {

    private static final int READ_TIMEOUT_MILLIS = 20_000;
    private static final Pattern HISTOGRAM_TOTAL = Pattern.compile("Total\\s+\\d+\\s+(\\d+)");

    private final Child child;

    private LbProcess(Child child) {
        this.child = child;
    }

    /// Runs `lb run` with these arguments and waits until it listens.
    public static LbProcess run(String... args) throws IOException, InterruptedException {
        return runUnder(List.of(), args);
    }

    /// The same with listeners and pools from a file.
    public static LbProcess runFile(Path file) throws IOException, InterruptedException {
        return run("-f", file.toString());
    }

    /// The same under a command that executes what follows it, such as `prlimit --nofile=200`.
    public static LbProcess runUnder(List<String> command, String... args) throws IOException, InterruptedException {
        return started(startUnder(command, Java.classPath(), args));
    }

    /// The same as an ordinary user: nobody, from a copy of the program in `folder`, if this is root.
    public static LbProcess runAsOrdinaryUser(Path folder, String... args) throws IOException, InterruptedException {
        if (!System.getProperty("user.name").equals("root")) {
            return run(args);
        }
        List<String> command = List.of(DebianProgram.SETPRIV.path(), "--reuid=65534", "--regid=65534",
                "--clear-groups");
        return started(startUnder(command, Java.copyClassPath(folder), args));
    }

    /// The jars of the program, as users have them.
    public static String classPath() {
        return Java.classPath();
    }

    /// Starts it without waiting for anything.
    public static Child start(String... args) throws IOException {
        return startUnder(List.of(), args);
    }

    public static Child startUnder(List<String> command, String... args) throws IOException {
        return startUnder(command, Java.classPath(), args);
    }

    private static Child startUnder(List<String> command, String classPath, String... args) throws IOException {
        List<String> all = new ArrayList<>(command);
        all.addAll(Java.lb(classPath));
        all.add("run");
        all.addAll(Arrays.asList(args));
        // A folder of its own for its admin socket, not the machine's.
        return Child.start(all, Map.of("RUNTIME_DIRECTORY", Files.createTempDirectory("lb-it").toString()));
    }

    private static LbProcess started(Child child) throws InterruptedException {
        try {
            child.err().await("INFO .*listening on ");
            return new LbProcess(child);
        } catch (AssertionError | InterruptedException e) {
            child.close();
            throw e;
        }
    }

    /// The address of the only listener.
    public InetSocketAddress address() {
        return addressOf("\\S+");
    }

    /// The address of a listener by its name.
    public InetSocketAddress address(String listener) {
        return addressOf(Pattern.quote(listener));
    }

    private InetSocketAddress addressOf(String listener) {
        String line = child.err().linesWith("listening on ").getFirst();
        Matcher matcher = Pattern.compile("(127\\.[\\d.]+):(\\d+) \\(" + listener + "[ ,]").matcher(line);
        if (!matcher.find()) {
            throw new AssertionError("no address in: " + line);
        }
        return new InetSocketAddress(InetAddress.ofLiteral(matcher.group(1)), Integer.parseInt(matcher.group(2)));
    }

    public int port() {
        return address().getPort();
    }

    public Socket connect() throws IOException {
        return connect(address());
    }

    public static Socket connect(InetSocketAddress address) throws IOException {
        Socket socket = new Socket();
        socket.setSoTimeout(READ_TIMEOUT_MILLIS);
        socket.setTcpNoDelay(true);
        socket.connect(address, READ_TIMEOUT_MILLIS);
        return socket;
    }

    public Child child() {
        return child;
    }

    /// The access log.
    public Output out() {
        return child.out();
    }

    /// The operational log.
    public Output err() {
        return child.err();
    }

    public void signal(String name) throws IOException, InterruptedException {
        child.signal(name);
    }

    public int exitStatus() throws InterruptedException {
        return child.exitStatus();
    }

    /// Bytes of live objects on the heap, after a full collection.
    public long liveHeapBytes() throws IOException, InterruptedException {
        Matcher total = HISTOGRAM_TOTAL
                .matcher(Child.run(Java.jcmd(), Long.toString(child.pid()), "GC.class_histogram"));
        if (!total.find()) {
            throw new AssertionError("no total in the histogram");
        }
        return Long.parseLong(total.group(1));
    }

    @Override
    public void close() {
        child.close();
    }
}
