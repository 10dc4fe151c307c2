package lb.cli.upgrade;

import java.net.InetSocketAddress;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/// The admin interface's sockets, as far as an upgrade has to do with them.
///
/// Threading: any thread.
public interface AdminDoor {

    /// The path of the unix socket; null if there is none.
    @Nullable
    Path socket();

    /// Where HTTP is served; null if it is not.
    @Nullable
    InetSocketAddress http();

    /// The listening descriptor of HTTP.
    int httpDescriptor();

    /// Puts the unix socket where it was if another process has put its own there.
    void reclaim();

    /// Takes no more connections; those that there are go on.
    void retire();
}
