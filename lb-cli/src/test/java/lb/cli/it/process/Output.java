package lb.cli.it.process;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import static java.nio.charset.StandardCharsets.UTF_8;

/// The lines that a child process has written to one of its streams so far.
///
/// Threading: any.
public final class Output {

    private static final long AWAIT_NANOS = TimeUnit.SECONDS.toNanos(30);

    private final String what;
    private final List<String> lines = new ArrayList<>();
    private final Thread reader;
    private boolean isComplete;

    Output(String what, InputStream stream) {
        this.what = what;
        this.reader = Thread.ofVirtual().start(() -> readAll(stream));
    }

    private void readAll(InputStream stream) {
        try (BufferedReader text = new BufferedReader(new InputStreamReader(stream, UTF_8))) {
            for (String line = text.readLine(); line != null; line = text.readLine()) {
                add(line);
            }
        } catch (IOException e) {
            // The process was killed: its output ends here.
        }
        complete();
    }

    private synchronized void add(String line) {
        lines.add(line);
        notifyAll();
    }

    private synchronized void complete() {
        isComplete = true;
        notifyAll();
    }

    /// The lines so far.
    public synchronized List<String> lines() {
        return List.copyOf(lines);
    }

    /// The lines so far that contain a text.
    public List<String> linesWith(String text) {
        return lines().stream().filter(line -> line.contains(text)).toList();
    }

    /// Everything, once the process has closed the stream.
    List<String> all() throws InterruptedException {
        reader.join(TimeUnit.NANOSECONDS.toMillis(AWAIT_NANOS));
        return lines();
    }

    /// The first line that contains a match.
    public Matcher await(String regex) throws InterruptedException {
        return await(regex, 0);
    }

    /// The first line from index `from` on that contains a match.
    public synchronized Matcher await(String regex, int from) throws InterruptedException {
        Pattern pattern = Pattern.compile(regex);
        long end = System.nanoTime() + AWAIT_NANOS;
        for (int i = from;; i++) {
            while (i >= lines.size()) {
                long left = end - System.nanoTime();
                if (left <= 0 || isComplete) {
                    throw new AssertionError("no line of " + what + " has /" + regex + "/:\n" + this);
                }
                TimeUnit.NANOSECONDS.timedWait(this, left);
            }
            Matcher matcher = pattern.matcher(lines.get(i));
            if (matcher.find()) {
                return matcher;
            }
        }
    }

    @Override
    public String toString() {
        return String.join("\n", lines());
    }
}
