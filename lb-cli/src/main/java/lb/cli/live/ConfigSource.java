package lb.cli.live;

import java.nio.file.Path;
import lb.cli.config.ConfigReader;
import lb.cli.config.Flags;
import lb.cli.config.ReadResult;
import lb.core.config.AdminConfig;
import lb.core.config.FilePlace;
import lb.core.config.LbConfig;
import org.jspecify.annotations.Nullable;

/// Where a process has its configuration from, and where it gets the next one.
///
/// Threading: used by one thread at a time.
public final class ConfigSource {

    private static final Path STDIN = Path.of("-");

    private final ConfigReader reader;
    private final @Nullable Path file;
    private final Flags flags;
    private final @Nullable Path adminSocket;

    /// @param file null if all is in flags
    /// @param adminSocket what the command line has said of it, whatever the configuration says; null for nothing
    public ConfigSource(ConfigReader reader, @Nullable Path file, Flags flags, @Nullable Path adminSocket) {
        this.reader = reader;
        this.file = file;
        this.flags = flags;
        this.adminSocket = adminSocket == null ? null : adminSocket.toAbsolutePath().normalize();
    }

    /// What people call it.
    public String name() {
        return file == null ? "the command line" : ConfigReader.nameOf(file);
    }

    /// Whether it may say something else the next time. Flags cannot; the host names in them can.
    public boolean canBeReadAgain() {
        return file == null || !file.equals(STDIN);
    }

    public ConfigReader reader() {
        return reader;
    }

    /// Reads it, names included, which may take a while.
    public ReadResult read() {
        ReadResult result = file == null ? reader.read(flags) : reader.read(file);
        if (adminSocket == null || !(result instanceof ReadResult.Valid valid)) {
            return result;
        }
        LbConfig config = valid.config();
        AdminConfig admin = config.admin().with(new FilePlace.At(adminSocket));
        return new ReadResult.Valid(config.with(admin), valid.warnings(), valid.derivations());
    }
}
