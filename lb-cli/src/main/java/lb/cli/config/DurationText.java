package lb.cli.config;

import com.typesafe.config.ConfigValueFactory;
import java.time.Duration;
import lb.cli.config.ValueParser.Rejected;

/// Durations on the command line, written as in a file.
public final class DurationText {

    private DurationText() {}

    /// Reads `500ms`, `30s` or `2m`.
    ///
    /// @throws IllegalArgumentException if it is none, with the rule
    public static Duration parse(String text) {
        try {
            return Values.duration().parse(ConfigValueFactory.fromAnyRef(text));
        } catch (Rejected e) {
            throw new IllegalArgumentException(e.rule(), e);
        }
    }
}
