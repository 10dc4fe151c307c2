package lb.cli;

import java.io.PrintWriter;
import lb.cli.config.ReadResult;

/// Prints what is wrong with a configuration, a line each.
final class Problems {

    private Problems() {}

    static void print(PrintWriter err, ReadResult result) {
        result.warnings().forEach(warning -> err.println("lb: warning: " + warning));
        if (result instanceof ReadResult.Invalid invalid) {
            invalid.problems().forEach(problem -> err.println("lb: " + problem));
        }
        err.flush();
    }
}
