package lb.core.config;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// When the process says that it is ready for clients. The defaults stand in reference.conf.
///
/// @param pools that need backends; null for all that a listener uses
/// @param minBackends that each of them needs, at least 1
/// @param interval between two looks
/// @param rise good looks in a row that make it ready again, at least 1
/// @param fall bad looks in a row after which it is not ready any more, at least 1
/// @param lameDuck how long it still accepts connections after it has been told to end and is not ready any more; zero for
///     not at all
/// @param file that says it, too, or null
public record ReadyConfig(@Nullable List<String> pools, int minBackends, Duration interval, int rise, int fall,
        Duration lameDuck, @Nullable Path file) {

    /// Of a configuration that nobody has written.
    public static final ReadyConfig PLAIN = new ReadyConfig(null, 1, Duration.ofSeconds(1), 1, 1, Duration.ZERO, null);

    public ReadyConfig {
        pools = pools == null ? null : List.copyOf(pools);
        if (minBackends < 1 || rise < 1 || fall < 1) {
            throw new IllegalArgumentException("min-backends " + minBackends + ", rise " + rise + ", fall " + fall
                    + " (expected: each at least 1)");
        }
    }
}
