package lb.cli.admin;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// The file of the unix socket: where it is, who has it, and how it gets there for nobody but its owner.
///
/// Threading: any thread.
public final class AdminSocket {

    private static final String NAME = "admin.sock";
    private static final String FOLDER = "lb";

    private final Path path;
    private final boolean isChosen;

    /// @param isChosen whether somebody wrote the path: its folder has to be there
    AdminSocket(Path path, boolean isChosen) {
        this.path = path;
        this.isChosen = isChosen;
    }

    /// Binds a socket to a path.
    interface Binding {
        void to(Path path) throws IOException;
    }

    /// Where the socket is when nobody says where.
    public static Path usual(Map<String, String> environment) {
        String service = environment.getOrDefault("RUNTIME_DIRECTORY", "");
        if (!service.isEmpty()) {
            return Path.of(service.split(":", 2)[0], NAME);
        }
        String user = environment.getOrDefault("XDG_RUNTIME_DIR", "");
        return user.isEmpty() ? Path.of("/run", FOLDER, NAME) : Path.of(user, FOLDER, NAME);
    }

    Path path() {
        return path;
    }

    /// Whether a process answers there.
    boolean isTaken() {
        try (SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
            channel.connect(UnixDomainSocketAddress.of(path));
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    /// Puts a socket there, in place of a file that nobody answers at.
    ///
    /// It is bound in a folder that only its owner may enter and moved from there, so that at no moment others can connect.
    ///
    /// @return what tells the file from a later one of the same name
    @Nullable
    Object put(Binding binding) throws IOException {
        Path folder = Objects.requireNonNull(path.toAbsolutePath().getParent(), "the root is no socket");
        var own = PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"));
        if (!isChosen && !Files.exists(folder)) {
            Files.createDirectory(folder, own);
        }
        if (Files.exists(path) && !isSocket()) {
            throw new IOException("it is a file of another kind");
        }
        Path closed = Files.createDirectory(folder.resolve(".lb-" + ProcessHandle.current().pid()), own);
        try {
            Path bound = closed.resolve("s");
            binding.to(bound);
            Files.setPosixFilePermissions(bound, PosixFilePermissions.fromString("rw-------"));
            Object key = key(bound);
            Files.move(bound, path, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            return key;
        } finally {
            Files.deleteIfExists(closed.resolve("s"));
            Files.delete(closed);
        }
    }

    private boolean isSocket() throws IOException {
        return Files.readAttributes(path, BasicFileAttributes.class).isOther();
    }

    private static @Nullable Object key(Path file) throws IOException {
        return Files.readAttributes(file, BasicFileAttributes.class).fileKey();
    }

    /// Whether the file there is that one.
    boolean isOf(@Nullable Object key) {
        try {
            return key != null && key.equals(key(path));
        } catch (IOException e) {
            return false;
        }
    }

    /// Removes the socket, unless another process has put its own there.
    void remove(@Nullable Object key) {
        try {
            if (isOf(key)) {
                Files.delete(path);
            }
        } catch (IOException e) {
            // It is gone already.
        }
    }
}
