package lb.core.config;

import java.nio.file.Path;

/// Where a file of the process's own is.
public sealed interface FilePlace {

    /// Where the environment says, such as the runtime folder of a service.
    record Auto() implements FilePlace {}

    /// Nowhere.
    record Off() implements FilePlace {}

    /// @param path absolute
    record At(Path path) implements FilePlace {}
}
