package lb.cli.it;

import java.io.File;
import java.io.IOException;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import lb.cli.it.process.Generations;
import lb.cli.it.process.Generations.Said;
import lb.cli.it.process.Java;
import lb.cli.it.process.LbProcess;
import lb.l4.peers.EchoServer;
import lb.l4.peers.LoopbackServer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;

/// A package update removes the files of a process that runs. It does all that it could do before, but start a successor.
class DeletedJarsTest {

    @TempDir private Path folder;

    @Test
    void aProcessOutlivesItsJars() throws Exception {
        Path jars = Files.createDirectory(folder.resolve("jars"));
        try (LoopbackServer server = new LoopbackServer(new EchoServer());
                Generations lb = new Generations(folder, Java.lb(copy(jars)));
                Generations verbs = new Generations(folder)) {
            write(server, "");
            Process process = lb.start(Map.of(), "--log-level", "debug");
            lb.awaitLog("all jars are open");
            try (Stream<Path> files = Files.list(jars)) {
                for (Path jar : files.toList()) {
                    Files.delete(jar);
                }
            }
            try (Socket client = LbProcess.connect(lb.address("t"))) {
                client.getOutputStream().write('x');
                assertThat(client.getInputStream().read()).isEqualTo('x');
                assertThat(verbs.status().number("pid")).isEqualTo(process.pid());
                assertThat(verbs.verb("sessions").out()).contains("127.0.0.1");
                write(server, ", \"127.0.0.1:" + server.address().getPort() + ",name=more\"");
                assertThat(verbs.verb("reload").out()).contains("backend t/more added");
                assertThat(verbs.verb("explain", "127.0.0.1:5000").status()).isZero();
                assertThat(verbs.verb("drain", "t/more").status()).isZero();
                Said upgrade = verbs.verb("upgrade");
                assertThat(upgrade.status()).isEqualTo(1);
                assertThat(upgrade.err()).contains("lb: the new process has ended with exit status 1, see the log");
                client.getOutputStream().write('y');
                assertThat(client.getInputStream().read()).isEqualTo('y');
            }
            process.destroy();
            assertThat(process.waitFor()).isZero();
            assertThat(lb.log()).doesNotContain("NoClassDefFoundError")
                    .contains("all sessions have ended");
        }
    }

    private void write(LoopbackServer server, String more) throws IOException {
        Files.writeString(folder.resolve("lb.conf"), """
                access-log = text
                listeners { t { bind = "127.0.0.1:0", pool = t } }
                pools { t { backends = ["127.0.0.1:%d"%s] } }
                """.formatted(server.address().getPort(), more));
    }

    private static String copy(Path to) throws IOException {
        List<String> copied = new ArrayList<>();
        for (String entry : Java.classPath().split(File.pathSeparator, -1)) {
            Path target = to.resolve(copied.size() + "-" + Path.of(entry).getFileName());
            Files.copy(Path.of(entry), target);
            copied.add(target.toString());
        }
        return String.join(File.pathSeparator, copied);
    }
}
