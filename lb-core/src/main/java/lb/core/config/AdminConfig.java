package lb.core.config;

import java.net.InetSocketAddress;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/// How the running process is asked and told. The defaults stand in reference.conf.
///
/// @param socket its unix socket
/// @param http a loopback address on which it also listens, or null
/// @param tokenFile has what clients of `http` have to know; null only without `http`
/// @param stateFile where changes made at run time are kept, if asked to
public record AdminConfig(FilePlace socket, @Nullable InetSocketAddress http, @Nullable Path tokenFile,
        FilePlace stateFile) {

    /// None at all.
    public static final AdminConfig OFF = new AdminConfig(new FilePlace.Off(), null, null, new FilePlace.Off());

    public AdminConfig {
        if (http != null && tokenFile == null) {
            throw new IllegalArgumentException("http: " + http + " (expected: with a token file)");
        }
    }

    /// The same with another socket.
    public AdminConfig with(FilePlace changed) {
        return new AdminConfig(changed, http, tokenFile, stateFile);
    }
}
