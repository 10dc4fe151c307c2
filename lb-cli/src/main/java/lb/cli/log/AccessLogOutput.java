package lb.cli.log;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/// Where the lines of the access log go: stdout, or a file that is opened again when it was moved away.
///
/// Threading: the writer's, once it has begun.
final class AccessLogOutput implements AccessLog.Output {

    private final @Nullable Path file;
    private FileOutputStream stream;

    private AccessLogOutput(@Nullable Path file, FileOutputStream stream) {
        this.file = file;
        this.stream = stream;
    }

    /// Not System.out, which hides that it fails.
    static AccessLogOutput stdout() {
        return new AccessLogOutput(null, new FileOutputStream(FileDescriptor.out));
    }

    /// @param file to which lines are added
    static AccessLogOutput of(Path file) throws IOException {
        return new AccessLogOutput(file, open(file));
    }

    private static FileOutputStream open(Path file) throws IOException {
        return new FileOutputStream(file.toFile(), true);
    }

    @Override
    public String name() {
        return file == null ? "stdout" : file.toString();
    }

    /// Not by the stream's write, which does not tell how much it wrote before it failed.
    @Override
    public void write(ByteBuffer lines) throws IOException {
        FileChannel channel = stream.getChannel();
        while (lines.hasRemaining()) {
            if (channel.write(lines) == 0) {
                throw new IOException("it takes nothing now"); // somebody made it non-blocking
            }
        }
    }

    @Override
    public void reopen() throws IOException {
        if (file != null) {
            FileOutputStream before = stream;
            stream = open(file); // if that fails, the old one stays
            before.close();
        }
    }

    @Override
    public void close() throws IOException {
        if (file != null) {
            stream.close();
        }
    }
}
