package lb.cli.upgrade;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// How this process starts the next one: with its own command, as it would be found now.
///
/// Threading: any thread.
public final class SuccessorProcess {

    /// The option that makes a process a successor.
    public static final String OPTION = "--take-over";

    /// What the launcher says of itself: its path as it was called, so that a link that leads to a new version by now is
    /// followed anew.
    private static final String LAUNCHER = "lb.launcher";

    private final List<String> arguments;

    /// @param arguments of this process, the verb included
    public SuccessorProcess(List<String> arguments) {
        this.arguments = arguments.stream().filter(word -> !word.equals(OPTION) && !word.startsWith(OPTION + "="))
                .toList();
    }

    /// Starts it. It has this process's environment, folder and streams, but not what the service manager meant for this
    /// process alone.
    ///
    /// @param adminSocket where it finds this process
    Process start(Path adminSocket) throws IOException {
        List<String> command = new ArrayList<>(program());
        command.addAll(arguments);
        command.add(OPTION + "=" + adminSocket);
        ProcessBuilder builder = new ProcessBuilder(command).inheritIO();
        builder.environment().keySet().removeAll(List.of("LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"));
        return builder.start();
    }

    private List<String> program() throws IOException {
        String launcher = System.getProperty(LAUNCHER);
        if (launcher != null) {
            return List.of(launcher);
        }
        // Started without it: Java with all that came before our arguments.
        ProcessHandle.Info info = ProcessHandle.current().info();
        String java = info.command().orElse(null);
        String[] all = info.arguments().orElse(null);
        if (java == null || all == null) {
            throw new IOException("the command of this process is not known");
        }
        List<String> words = new ArrayList<>(Arrays.asList(all));
        int own = words.indexOf("lb.cli.Main");
        if (own < 0) {
            throw new IOException("the command of this process is not lb's: " + String.join(" ", words));
        }
        List<String> program = new ArrayList<>(List.of(java));
        program.addAll(words.subList(0, own + 1));
        return program;
    }
}
