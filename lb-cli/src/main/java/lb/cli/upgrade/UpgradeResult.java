package lb.cli.upgrade;

import java.util.List;

/// How an attempt to hand over has ended.
///
/// @param message for people
/// @param problems of the successor's configuration
/// @param pid of the successor; 0 if there is none
/// @param sockets listening ones, that were handed over
/// @param flows likewise
/// @param sessions that go on in this process until they end
public record UpgradeResult(boolean isDone, String message, List<String> problems, long pid, int sockets, int flows,
        int sessions) {

    public UpgradeResult {
        problems = List.copyOf(problems);
    }

    static UpgradeResult failed(String message, List<String> problems) {
        return new UpgradeResult(false, message, problems, 0, 0, 0, 0);
    }
}
