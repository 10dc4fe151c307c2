package lb.cli.config;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/// How values that nobody wrote were found, each as a phrase for people; null
/// for a value that somebody wrote.
///
/// @param maxFlows by the listener's name
/// @param tableSizes likewise
public record Derivations(@Nullable String workers, @Nullable String maxConnections, Map<String, String> maxFlows,
        Map<String, String> tableSizes) {

    public Derivations {
        maxFlows = Map.copyOf(maxFlows);
        tableSizes = Map.copyOf(tableSizes);
    }
}
