package lb.cli.upgrade;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What this process hands over beside what the engine has.
///
/// @param overlay what was said at run time
/// @param readyFile which says whether this process is ready; null for none
/// @param admin null for none
record OwnState(int generation, String overlay, @Nullable Path readyFile, @Nullable AdminDoor admin) {

    void write(JsonGenerator out) throws IOException {
        out.writeNumberField("pid", ProcessHandle.current().pid());
        out.writeNumberField("generation", generation);
        out.writeStringField("overlay", overlay);
        Path socket = admin == null ? null : admin.socket();
        InetSocketAddress http = admin == null ? null : admin.http();
        if (readyFile != null) {
            out.writeStringField("ready_file", readyFile.toAbsolutePath().toString());
        }
        if (socket != null) {
            out.writeStringField("admin_socket", socket.toAbsolutePath().toString());
        }
        if (http != null) {
            out.writeStringField("admin_http", Records.text(http));
        }
    }

    /// Those that belong to it.
    List<Integer> descriptors() {
        return admin == null || admin.http() == null ? List.of() : List.of(admin.httpDescriptor());
    }
}
