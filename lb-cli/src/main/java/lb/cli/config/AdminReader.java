package lb.cli.config;

import com.typesafe.config.ConfigValue;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import lb.cli.config.ValueParser.Rejected;
import lb.core.config.AdminConfig;
import lb.core.config.Bind;
import lb.core.config.FilePlace;
import org.jspecify.annotations.Nullable;

/// Reads how the running process is asked and told.
final class AdminReader {

    /// sun_path less its zero byte, and less what the name has before it is in place.
    private static final int LONGEST_SOCKET_PATH = 90;
    private static final int LEAST_TOKEN = 16;

    private static final InetSocketAddress NOWHERE = InetSocketAddress.createUnresolved("off", 0);
    private static final ValueParser<InetSocketAddress> HTTP = value -> {
        Bind bind = Addresses.bind().parse(value);
        if (bind.host() == null || !bind.host().isLoopbackAddress() || bind.firstPort() != bind.lastPort()) {
            throw new Rejected("expected a loopback address and one port, such as 127.0.0.1:9000");
        }
        return new InetSocketAddress(bind.host(), bind.firstPort());
    };

    private final Block top;

    AdminReader(Block top) {
        this.top = top;
    }

    AdminConfig read() {
        Block admin = top.block("admin", "socket");
        FilePlace socket = admin.read("socket", place(LONGEST_SOCKET_PATH));
        InetSocketAddress written = admin.read("http", HTTP.or("off", NOWHERE));
        @Nullable
        InetSocketAddress http = written == NOWHERE ? null : written;
        @Nullable
        Path token = admin.readOptional("token-file", AdminReader::token);
        FilePlace state = top.read("state-file", place(Integer.MAX_VALUE));
        if (http != null && token == null) {
            admin.problem("http", "needs a token-file, so that not every user of this machine may tell lb what to do");
            return AdminConfig.OFF;
        }
        return new AdminConfig(socket, http, token, state);
    }

    private static ValueParser<FilePlace> place(int longest) {
        return value -> {
            String text = ValueParser.text("auto, off or the path of a file", path -> path).parse(value);
            return switch (text) {
                case "auto" -> new FilePlace.Auto();
                case "off" -> new FilePlace.Off();
                default -> {
                    Path path = AdmissionReader.path(value);
                    if (path.toString().getBytes(StandardCharsets.UTF_8).length > longest) {
                        throw new Rejected("expected a path of at most " + longest + " bytes");
                    }
                    yield new FilePlace.At(path);
                }
            };
        };
    }

    private static Path token(ConfigValue value) throws Rejected {
        Path file = AdmissionReader.path(value);
        try {
            if (Files.readString(file).strip().length() < LEAST_TOKEN) {
                throw new Rejected("expected a token of at least " + LEAST_TOKEN + " characters in the file");
            }
        } catch (IOException e) {
            throw new Rejected(
                    "cannot be read: " + (Files.exists(file) ? "no permission, or not text" : "no such file"));
        }
        return file;
    }
}
