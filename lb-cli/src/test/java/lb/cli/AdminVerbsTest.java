package lb.cli;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import lb.cli.it.process.LbProcess;
import lb.cli.json.JsonObject;
import lb.l4.peers.EchoServer;
import lb.l4.peers.Heard;
import lb.l4.peers.LoopbackServer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/// The verbs that ask and tell a running process.
class AdminVerbsTest {

    @TempDir private Path folder;
    private Path file;
    private Path socket;
    private LoopbackServer server;
    private LbProcess lb;
    private String out = "";
    private String err = "";

    @BeforeEach
    void start() throws Exception {
        server = new LoopbackServer(new EchoServer());
        file = folder.resolve("lb.conf");
        socket = folder.resolve("a.sock");
        write("", "a,1", "b,1");
        lb = LbProcess.run("-f", file.toString(), "--admin", socket.toString());
    }

    @AfterEach
    void stop() {
        lb.close();
        server.close();
    }

    /// @param keys of the pool, besides
    /// @param backends `NAME,WEIGHT`, all of them the same server
    private void write(String keys, String... backends) throws Exception {
        List<String> written = new ArrayList<>();
        for (String backend : backends) {
            String[] parts = backend.split(",", 2);
            written.add("\"" + address() + ",name=" + parts[0] + ",weight=" + parts[1] + "\"");
        }
        Files.writeString(file, """
                max-connections = 1000
                state-file = "state.json"
                listeners { in { bind = "127.0.0.1:0", pool = p } }
                pools { p {
                  backends = [%s]
                  %s
                } }
                """.formatted(String.join(", ", written), keys));
    }

    private String address() {
        return "127.0.0.1:" + server.address().getPort();
    }

    private int lb(String... args) {
        List<String> all = new ArrayList<>(List.of(args));
        all.addAll(List.of("--admin", socket.toString()));
        StringWriter outText = new StringWriter();
        StringWriter errText = new StringWriter();
        int status = Main.commandLine(all.toArray(String[]::new)).setOut(new PrintWriter(outText))
                .setErr(new PrintWriter(errText)).execute(all.toArray(String[]::new));
        out = outText.toString();
        err = errText.toString();
        return status;
    }

    private JsonObject json(String... args) throws Exception {
        List<String> all = new ArrayList<>(List.of(args));
        all.add("--json");
        assertThat(lb(all.toArray(String[]::new))).as(err).isZero();
        return JsonObject.of(out);
    }

    private JsonObject backend(String id) throws Exception {
        return json("status").objects("pools").getFirst().objects("backends").stream()
                .filter(backend -> backend.text("id").equals(id)).findFirst().orElse(JsonObject.EMPTY);
    }

    private Socket session() throws Exception {
        Socket client = lb.connect();
        echo(client);
        return client;
    }

    private static void echo(Socket client) throws Exception {
        client.getOutputStream().write('x');
        assertThat(client.getInputStream().read()).isEqualTo('x');
    }

    @Test
    void statusShowsListenersPoolsAndBackends() throws Exception {
        try (Socket client = session()) {
            assertThat(lb("status")).isZero();
            assertThat(out).contains("running for", "configuration: " + file, "in", "127.0.0.1:" + lb.port(), "p/a",
                    "p/b", "round-robin, 1 sessions", "ready", "up");
            echo(client);
        }
    }

    @Test
    void statusChecksWhetherItIsReady() throws Exception {
        assertThat(lb("status", "--check")).isZero();
        assertThat(out).isEqualTo("ready\n");
        assertThat(lb("status", "--check", "--pool", "p")).isZero();
        assertThat(lb("status", "--check", "--pool", "q")).isEqualTo(1);
        assertThat(err).isEqualTo("lb: no pool q\n");
        assertThat(lb("status", "--pool", "p")).isEqualTo(2);
        assertThat(lb("drain", "p/a")).isZero();
        assertThat(lb("drain", "p/b")).isZero();
        await().until(() -> lb("status", "--check") == 1);
        assertThat(out).isEqualTo("not ready: pool p has no backend that can be counted on\n");
        assertThat(lb("status", "--check", "--json")).isEqualTo(1);
        assertThat(JsonObject.of(out).isTrue("ready")).isFalse();
        assertThat(lb("status")).isZero();
        assertThat(out).contains("not ready: pool p has no backend that can be counted on");
        lb.close();
        assertThat(lb("status", "--check")).isEqualTo(1);
        assertThat(err).startsWith("lb: no running lb found: tried " + socket);
    }

    @Test
    void sessionsAreListedAndEndedOneByOne() throws Exception {
        try (Socket one = session(); Socket other = session()) {
            JsonObject session = json("sessions", "--client", "127.0.0.0/8").objects("sessions").stream()
                    .filter(it -> it.text("client").equals("127.0.0.1:" + one.getLocalPort())).findFirst()
                    .orElseThrow();
            assertThat(lb("sessions", "--backend", session.text("backend"))).isZero();
            assertThat(out).contains(session.text("id"), "127.0.0.1:" + one.getLocalPort());
            assertThat(lb("sessions", "--kill", session.text("id"))).isZero();
            assertThat(Heard.by(one).end()).isEqualTo(Heard.End.RST);
            echo(other);
            assertThat(lb("sessions", "--kill", session.text("id"))).isEqualTo(1);
            assertThat(err).isEqualTo("lb: no session " + session.text("id") + "\n");
            assertThat(lb("sessions", "--client", "nobody")).isEqualTo(2);
        }
    }

    @Test
    void aBackendIsDrainedAndComesBack() throws Exception {
        try (Socket client = session()) {
            String used = json("sessions").objects("sessions").getFirst().text("backend");
            assertThat(lb("drain", used)).isZero();
            assertThat(backend(used).text("state")).isEqualTo("drain");
            assertThat(backend(used).texts("runtime")).containsExactly("state");
            assertThat(lb("drain", used, "--wait", "--timeout", "300ms")).isEqualTo(1);
            assertThat(err).contains("backend " + used + " still has 1 sessions");
            assertThat(lb("drain", used, "--deadline", "200ms", "--wait")).isZero();
            assertThat(Heard.by(client).end()).isEqualTo(Heard.End.RST);
            assertThat(lb("ready", used, "--wait")).isZero();
            assertThat(backend(used).text("state")).isEqualTo("ready");
        }
    }

    @Test
    void whatIsNotThereIsAnError() {
        assertThat(lb("maint", "p/c")).isEqualTo(1);
        assertThat(err).isEqualTo("lb: no backend p/c (did you mean p/a?)\n");
        assertThat(lb("maint", "a")).isEqualTo(2);
        assertThat(lb("weight", "p/a", "many")).isEqualTo(2);
        assertThat(lb("weight", "p/a", "999")).isEqualTo(2);
        assertThat(lb("add", "q", address())).isEqualTo(2);
        assertThat(err).contains("no such pool");
        assertThat(lb("add", "p", address() + ",wieght=1")).isEqualTo(2);
        assertThat(err).contains("wieght", "unknown key (did you mean weight?)");
        assertThat(lb("explain", "nobody")).isEqualTo(2);
        assertThat(lb("log-level", "loud")).isEqualTo(2);
    }

    @Test
    void changesAtRunTimeLieOverTheFile() throws Exception {
        assertThat(lb("weight", "p/a", "0")).isZero();
        assertThat(lb("add", "p", address() + ",name=c,weight=2")).isZero();
        assertThat(lb("remove", "p/b")).isZero();
        assertThat(lb("drain", "p/a")).isZero();

        // They survive a reload of a file that says nothing else of them.
        write("idle-timeout = 7s", "a,1", "b,1");
        JsonObject reloaded = json("reload");
        assertThat(reloaded.objects("changes")).extracting(change -> change.text("text"))
                .containsExactly("pool p changed: idle-timeout");
        assertThat(backend("p/a").number("weight")).isZero();
        assertThat(backend("p/a").texts("runtime")).containsExactly("state", "weight");
        assertThat(backend("p/c").texts("runtime")).containsExactly("added");
        assertThat(json("status").objects("pools").getFirst().texts("removed_at_runtime")).containsExactly("p/b");

        // A file that changes the same key wins, and says so.
        write("idle-timeout = 7s", "a,5", "b,1");
        assertThat(lb("reload")).isZero();
        assertThat(out).contains("note: backend p/a: weight 5 of the configuration replaces 0, set at run time");
        assertThat(backend("p/a").number("weight")).isEqualTo(5);
        assertThat(backend("p/a").text("state")).isEqualTo("drain");

        assertThat(lb("reload", "--discard-runtime")).isZero();
        assertThat(backend("p/a").text("state")).isEqualTo("ready");
        assertThat(backend("p/b").fields()).isNotEmpty();
        assertThat(backend("p/c").fields()).isEmpty();
    }

    @Test
    void whatIsKeptIsThereAfterARestart() throws Exception {
        assertThat(lb("drain", "p/a", "--persist")).isZero();
        assertThat(lb("add", "p", address() + ",name=c", "--persist")).isZero();
        assertThat(lb("stop", "--wait", "--timeout", "20s")).as(err).isZero();
        assertThat(lb.exitStatus()).isZero();
        assertThat(socket).doesNotExist();
        lb = LbProcess.run("-f", file.toString(), "--admin", socket.toString());
        assertThat(backend("p/a").text("state")).isEqualTo("drain");
        assertThat(backend("p/c").texts("runtime")).containsExactly("added");
        assertThat(Files.readString(file)).doesNotContain("drain");
        assertThat(lb("reload", "--discard-runtime")).isZero();
        assertThat(folder.resolve("state.json")).doesNotExist();
    }

    @Test
    void anInvalidFileChangesNothingAndSaysWhy() throws Exception {
        write("balance = fastest", "a,1");
        assertThat(lb("reload")).isEqualTo(2);
        assertThat(err).contains("lb: the configuration is invalid, nothing was changed",
                "lb: " + file + ":6: pools.p.balance = \"fastest\": expected one of");
        assertThat(json("status").objects("pools").getFirst().objects("backends")).hasSize(2);
        lb.signal("HUP");
        lb.err().await("ERROR .*SIGHUP: the configuration is invalid, nothing was changed");
        session().close();
    }

    @Test
    void aDryRunOnlySaysWhatWouldChange() throws Exception {
        Files.writeString(file, Files.readString(file).replace("state-file", "busy-poll = 1ms\nstate-file").replace(
                "listeners {", "listeners { more { bind = \"127.0.0.1:0\", pool = p }\n"));
        assertThat(lb("reload", "--dry-run")).isZero();
        assertThat(out).isEqualTo("""
                dry run: nothing was changed; 2 changes to be made
                  busy-poll changed, which takes effect with the next start only
                  listener more added
                """);
        assertThat(json("status").objects("listeners")).hasSize(1);
        lb.signal("HUP");
        lb.err().await("INFO .*reload: listener more added");
        lb.err().await("INFO .*reload of .*: 2 changes made");
        assertThat(json("status").objects("listeners")).hasSize(2);
    }

    @Test
    void explainsAndChangesTheLogLevelAndStops() throws Exception {
        write("balance = source-hash", "a,1", "b,1");
        assertThat(lb("reload")).isZero();
        assertThat(lb("explain", "127.0.0.1")).isZero();
        String expected = json("explain", "127.0.0.1").objects("explanations").getFirst().text("backend");
        assertThat(out).contains(expected);
        try (Socket client = session()) {
            assertThat(json("sessions").objects("sessions").getFirst().text("backend")).isEqualTo(expected);
            echo(client);
        }
        assertThat(lb("log-level")).isZero();
        assertThat(out).isEqualTo("info\n");
        assertThat(lb("log-level", "debug")).isZero();
        assertThat(json("status").text("log_level")).isEqualTo("debug");
        InetSocketAddress address = lb.address();
        assertThat(address.getPort()).isPositive();
        assertThat(lb("stop")).isZero();
        assertThat(lb.exitStatus()).isZero();
        assertThat(lb.err().linesWith("lb stop: accepting no more")).hasSize(1);
        assertThat(lb("status")).isEqualTo(1);
        assertThat(err).isEqualTo("lb: no running lb found: tried " + socket + " (no such file)\n");
    }
}
