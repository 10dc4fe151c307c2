package lb.cli;

import java.io.PrintWriter;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import lb.cli.config.ConfigReader;
import lb.cli.config.Flags;
import lb.cli.config.ReadResult;
import lb.cli.config.Resolver;
import lb.cli.demo.Demo;
import lb.cli.demo.DemoBackend;
import lb.cli.log.AccessLog;
import lb.cli.log.LogFormat;
import lb.cli.log.Logs;
import lb.l4.engine.ApplyResult;
import lb.l4.engine.Engine;
import org.apache.logging.log4j.Level;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/// `lb demo`.
final class DemoCommand implements Callable<Integer> {

    private final CommandSpec spec = Main.describe(this, "demo",
            "Shows failover in half a minute: three small backends and a balancer in front of them, in this process, on "
                    + "loopback.");

    /// The command as picocli knows it.
    static CommandSpec spec() {
        CommandSpec demo = new DemoCommand().spec;
        demo.addOption(OptionSpec.builder("--port").paramLabel("PORT").type(String.class)
                .description("The balancer's port on 127.0.0.1; 0 (default) for a free one.").build());
        demo.addOption(OptionSpec.builder("--tempo").paramLabel("DURATION").type(Duration.class)
                .converters(Duration::parse).hidden(true)
                .description("How long a second of the timetable lasts, in ISO 8601, for tests.").build());
        return demo;
    }

    @Override
    public Integer call() throws Exception {
        List<DemoBackend> backends = List.of(new DemoBackend("red"), new DemoBackend("green"), new DemoBackend("blue"));
        try {
            backends.forEach(DemoBackend::start);
            ReadResult result = new ConfigReader(ConfigReader.Machine.current(), Resolver.SYSTEM).read(flags(backends));
            Problems.print(spec.commandLine().getErr(), result);
            return switch (result) {
                case ReadResult.Invalid invalid -> Main.INVALID;
                case ReadResult.Valid valid -> play(backends, valid);
            };
        } finally {
            backends.forEach(DemoBackend::close);
        }
    }

    private Flags flags(List<DemoBackend> backends) {
        return new Flags().listen("--port", "127.0.0.1:" + given("--port", "0")).pool("demo", "backends",
                backends.stream().map(backend -> "127.0.0.1:" + backend.port() + ",name=" + backend.name()).toList());
    }

    private <T> T given(String option, T otherwise) {
        return spec.commandLine().getParseResult().matchedOptionValue(option, otherwise);
    }

    private int play(List<DemoBackend> backends, ReadResult.Valid valid) throws Exception {
        PrintWriter out = spec.commandLine().getOut();
        Logs.start(Level.INFO, LogFormat.TEXT);
        CompletableFuture<String> stop = Signals.takeOver(() -> Runtime.getRuntime().halt(Main.FAILED));
        try (AccessLog accessLog = new AccessLog();
                Engine engine = new Engine(valid.config(), accessLog)) {
            if (engine.apply(valid.config()).get() instanceof ApplyResult.Refused refused) {
                refused.problems().forEach(problem -> spec.commandLine().getErr().println("lb: " + problem));
                return Main.FAILED;
            }
            InetSocketAddress address = engine.addresses().getOrDefault("default", List.of()).getFirst();
            say(out, "demo: lb listens on 127.0.0.1:" + address.getPort() + "; try it from another terminal:");
            say(out, "          nc 127.0.0.1 " + address.getPort());
            new Demo(backends, address, line -> say(out, line), stop, given("--tempo", Duration.ofSeconds(1))).play();
        } finally {
            Logs.stop();
        }
        return Main.OK;
    }

    private static void say(PrintWriter out, String line) {
        out.println(line);
        out.flush();
    }
}
