package lb.l4.chaos;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/// The descriptors of a process. Pipes are counted apart: workers keep those that they have made.
public record OpenFiles(int others, int pipes) {

    /// @param process its number, or `self`
    public static OpenFiles of(String process) throws IOException {
        int others = 0;
        int pipes = 0;
        try (Stream<Path> files = Files.list(Path.of("/proc", process, "fd"))) {
            for (Path file : (Iterable<Path>) files::iterator) {
                if (isPipe(file)) {
                    pipes++;
                } else {
                    others++;
                }
            }
        }
        return new OpenFiles(others, pipes);
    }

    private static boolean isPipe(Path file) {
        try {
            return Files.readSymbolicLink(file).toString().startsWith("pipe:");
        } catch (IOException e) {
            return false; // Closed since it was listed, as the one that lists them.
        }
    }
}
