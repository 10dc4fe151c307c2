package lb.cli.config;

import java.util.List;
import lb.core.config.ConfigProblem;
import lb.core.config.LbConfig;

/// What became of a configuration text.
public sealed interface ReadResult {

    /// What a user should know although the configuration can be used, such as a
    /// renamed key.
    List<ConfigProblem> warnings();

    /// It can be used.
    ///
    /// @param derivations how values that nobody wrote were found, for people
    record Valid(LbConfig config, List<ConfigProblem> warnings, Derivations derivations) implements ReadResult {
        public Valid {
            warnings = List.copyOf(warnings);
        }
    }

    /// It cannot; these are all the reasons.
    record Invalid(List<ConfigProblem> problems, List<ConfigProblem> warnings) implements ReadResult {
        public Invalid {
            problems = List.copyOf(problems);
            warnings = List.copyOf(warnings);
        }
    }
}
