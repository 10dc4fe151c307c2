package lb.cli;

import lb.cli.config.ConfigReader;
import lb.cli.config.Resolver;

/// `lb run -f FILE` as the rehearsal starts it (see [lb.cli.demo.Rehearsal]): a configuration is read from flags before,
/// so that the JVM has seen both ways to start.
final class Rehearsed {

    private Rehearsed() {}

    public static void main(String[] arguments) {
        Main.tellLibraries();
        String[] flags = {"run", "--listen", "127.0.0.1:0", "--backend", "127.0.0.1:9"};
        RunFlags given = new RunFlags(Main.commandLine(flags).parseArgs(flags).subcommand());
        new ConfigReader(ConfigReader.Machine.current(), Resolver.SYSTEM).read(given.toFlags());
        Main.main(arguments);
    }
}
