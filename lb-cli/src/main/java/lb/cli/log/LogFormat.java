package lb.cli.log;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/// How the lines of the operational log are written.
public enum LogFormat {
    /// Time, level, message: for people.
    TEXT,
    /// Priority and message: the journal has the time itself.
    JOURNAL,
    /// One object a line.
    JSON;

    private static final Path STDERR = Path.of("/proc/self/fd/2");

    /// What suits stderr.
    ///
    /// @param environment of this process; JOURNAL_STREAM names the journal's stream, which stderr need not be any more
    public static LogFormat suiting(Map<String, String> environment) {
        String journal = environment.get("JOURNAL_STREAM");
        if (journal == null) {
            return TEXT;
        }
        try {
            Map<String, Object> stderr = Files.readAttributes(STDERR, "unix:dev,ino");
            return journal.equals(stderr.get("dev") + ":" + stderr.get("ino")) ? JOURNAL : TEXT;
        } catch (IOException e) {
            return TEXT; // Without /proc nobody can tell.
        }
    }
}
