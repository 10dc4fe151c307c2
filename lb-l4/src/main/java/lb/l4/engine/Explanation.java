package lb.l4.engine;

import java.util.List;
import org.jspecify.annotations.Nullable;

/// What would become of a client at one listener, and why.
///
/// @param protocol `tcp` or `udp`
/// @param backend where it would go (`POOL/NAME`); null if it would go nowhere, or that cannot be foretold
/// @param reason a sentence without a full stop
/// @param choices all backends of the pool, in the order of the configuration
public record Explanation(String listener, String protocol, String pool, boolean isLetIn, @Nullable String backend,
        String reason, List<Choice> choices) {

    public Explanation {
        choices = List.copyOf(choices);
    }

    /// A backend.
    ///
    /// @param isCandidate whether a new session may get it at once
    /// @param reason why it may or may not
    public record Choice(String backend, boolean isCandidate, String reason) {}
}
