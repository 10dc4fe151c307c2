package lb.l4.engine;

import java.util.List;
import lb.core.config.ConfigChange;
import lb.core.config.ConfigProblem;

/// What became of a configuration.
public sealed interface ApplyResult {
    /// It is in use.
    ///
    /// @param changes what was added, changed and removed; nothing of the first one
    record Applied(List<ConfigChange> changes) implements ApplyResult {}

    /// Nothing was changed.
    record Refused(List<ConfigProblem> problems) implements ApplyResult {}
}
