package lb.cli.live;

import java.util.List;
import lb.core.config.ConfigChange;
import lb.core.config.ConfigProblem;

/// What became of a wish to change the running process.
///
/// @param message a sentence without a full stop
/// @param changes what is different now; of a dry run, what would be
/// @param notes what else has to be known, such as what the configuration has overruled
/// @param problems all that is wrong with it, or what was found on the way (`DONE`)
public record Outcome(Kind kind, String message, List<ConfigChange> changes, List<String> notes,
        List<ConfigProblem> problems) {

    /// How it ended.
    public enum Kind {
        DONE,
        /// What was asked for breaks a rule.
        INVALID,
        /// There is nothing of that name.
        UNKNOWN,
        /// It could not be done.
        FAILED
    }

    public Outcome {
        changes = List.copyOf(changes);
        notes = List.copyOf(notes);
        problems = List.copyOf(problems);
    }

    static Outcome of(Kind kind, String message) {
        return new Outcome(kind, message, List.of(), List.of(), List.of());
    }

    static Outcome of(Kind kind, String message, List<ConfigProblem> problems) {
        return new Outcome(kind, message, List.of(), List.of(), problems);
    }
}
