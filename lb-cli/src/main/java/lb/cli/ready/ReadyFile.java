package lb.cli.ready;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The file that says whether the process is ready. It is replaced as a whole, so that nobody reads half of it, and its
/// time is that of the last look.
///
/// Threading: one thread at a time.
final class ReadyFile {

    private static final Logger LOG = LoggerFactory.getLogger(ReadyFile.class);

    private @Nullable Path path;
    private String written = "";
    private boolean isBroken;

    /// @param at where it is to be from now on; null for nowhere
    void say(@Nullable Path at, String text) {
        if (!Objects.equals(path, at)) {
            remove();
            path = at;
        }
        if (at == null) {
            return;
        }
        try {
            if (!text.equals(written) || !touch(at)) {
                write(at, text);
            }
            isBroken = false;
        } catch (IOException e) {
            if (!isBroken) {
                isBroken = true;
                LOG.error("ready.file cannot be written: {}", e.toString());
            }
        }
    }

    /// Returns false if it is not there any more.
    private static boolean touch(Path at) throws IOException {
        try {
            Files.setLastModifiedTime(at, FileTime.fromMillis(System.currentTimeMillis()));
            return true;
        } catch (NoSuchFileException e) {
            return false;
        }
    }

    private void write(Path at, String text) throws IOException {
        Path temporary = at.resolveSibling(at.getFileName() + "." + ProcessHandle.current().pid());
        Files.writeString(temporary, text + "\n");
        // Others may read it, whatever the umask: they are who it is for.
        Files.setPosixFilePermissions(temporary, PosixFilePermissions.fromString("rw-r--r--"));
        Files.move(temporary, at, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        written = text;
    }

    /// It is another process's now.
    void leave() {
        path = null;
    }

    void remove() {
        Path known = path;
        path = null;
        written = "";
        if (known != null) {
            try {
                Files.deleteIfExists(known);
            } catch (IOException e) {
                LOG.error("ready.file cannot be removed: {}", e.toString());
            }
        }
    }
}
