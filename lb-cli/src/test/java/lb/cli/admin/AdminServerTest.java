package lb.cli.admin;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import lb.cli.config.ConfigReader;
import lb.cli.config.Flags;
import lb.cli.config.ReadResult;
import lb.cli.config.Resolver;
import lb.cli.json.JsonObject;
import lb.cli.live.ConfigSource;
import lb.cli.live.LiveConfiguration;
import lb.cli.live.StateFile;
import lb.cli.ready.Readiness;
import lb.cli.systemd.Supervisor;
import lb.cli.upgrade.SuccessorProcess;
import lb.cli.upgrade.Upgrade;
import lb.core.config.AdminConfig;
import lb.core.config.FilePlace;
import lb.core.config.LbConfig;
import lb.l4.engine.Engine;
import lb.l4.peers.EchoServer;
import lb.l4.peers.LoopbackServer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

class AdminServerTest {

    private static final String TOKEN = "0123456789abcdef-secret";

    @TempDir private Path folder;
    private Path socket;
    private Path file;
    private LoopbackServer server;
    private Engine engine;
    private LiveConfiguration live;
    private AdminServer admin;
    private Readiness readiness;
    private final CompletableFuture<String> stopped = new CompletableFuture<>();

    /// @param status of HTTP
    private record Reply(int status, String head, String body) {}

    @BeforeEach
    void start() throws Exception {
        server = new LoopbackServer(new EchoServer());
        socket = folder.resolve("a.sock");
        file = folder.resolve("lb.conf");
        String address = "127.0.0.1:" + server.address().getPort();
        Files.writeString(file,
                """
                        workers = 1
                        listeners { in { bind = "127.0.0.1:0", pool = p }, u { bind = "127.0.0.1:0", protocol = udp, pool = p } }
                        pools { p { balance = source-hash, backends = ["%s,name=a/b", "%s,name=c"] } }
                        """
                        .formatted(address, address));
        ConfigSource source = new ConfigSource(new ConfigReader(ConfigReader.Machine.current(), Resolver.SYSTEM), file,
                new Flags(), null);
        LbConfig config = ((ReadResult.Valid) source.read()).config();
        engine = new Engine(config, (_, _) -> {});
        live = new LiveConfiguration(source, config, engine, StateFile.of(new FilePlace.Off(), Map.of()));
        live.start(null, null);
        readiness = new Readiness(engine::usableBackends, () -> live.inUse().file());
        readiness.start();
        await().until(() -> readiness.verdict().isReady());
        stopped.thenAccept(readiness::leave);
        Files.writeString(folder.resolve("token"), TOKEN + "\n");
        admin = AdminServer.open(config(), Map.of(), api());
    }

    @AfterEach
    void stop() {
        admin.close();
        readiness.close();
        live.close();
        engine.close();
        server.close();
    }

    private AdminConfig config() {
        return new AdminConfig(new FilePlace.At(socket), new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                folder.resolve("token"), new FilePlace.Off());
    }

    private AdminConfig config(FilePlace place) {
        return new AdminConfig(place, null, null, new FilePlace.Off());
    }

    private AdminApi api() {
        return new AdminApi(engine, live, readiness, new AdminApi.Facts() {
            @Override
            public String version() {
                return "test";
            }

            @Override
            public long startedMillis() {
                return System.currentTimeMillis();
            }

            @Override
            public boolean isStopping() {
                return stopped.isDone();
            }

            @Override
            public Map<String, Long> droppedLines() {
                return Map.of("access", 3L);
            }
        }, new Upgrade(engine, live, Supervisor.of(Map.of(), complaint -> {}), new SuccessorProcess(List.of()),
                stopped),
                stopped::complete);
    }

    private Reply ask(String method, String path, String body) throws IOException {
        try (SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
            channel.connect(UnixDomainSocketAddress.of(socket));
            channel.write(ByteBuffer.wrap(request(method, path, body, "Host: lb\r\n").getBytes(UTF_8)));
            return reply(new String(Channels.newInputStream(channel).readAllBytes(), UTF_8));
        }
    }

    private Reply askHttp(String method, String path, String headers) throws IOException {
        InetSocketAddress http = Objects.requireNonNull(admin.httpAddress());
        try (Socket client = new Socket(http.getAddress(), http.getPort())) {
            client.getOutputStream()
                    .write(request(method, path, "", headers.replace("PORT", "" + http.getPort())).getBytes(UTF_8));
            return reply(new String(client.getInputStream().readAllBytes(), UTF_8));
        }
    }

    private static String request(String method, String path, String body, String headers) {
        return method + " " + path + " HTTP/1.1\r\n" + headers + "Connection: close\r\nContent-Length: "
                + body.getBytes(UTF_8).length + "\r\n\r\n" + body;
    }

    private static Reply reply(String text) {
        String[] parts = text.split("\r\n\r\n", 2);
        return new Reply(Integer.parseInt(parts[0].split(" ", 3)[1]), parts[0], parts[1]);
    }

    /// Every operation of the document is asked for, well and badly, and each answer is one that it describes.
    @Test
    void everyAnswerIsAsTheDocumentSays() throws Exception {
        InetSocketAddress in = Objects.requireNonNull(engine.addresses().get("in")).getFirst();
        try (Socket client = new Socket(in.getAddress(), in.getPort())) {
            client.getOutputStream().write('x');
            assertThat(client.getInputStream().read()).isEqualTo('x');
            OpenApi document = new OpenApi();
            List<String> asked = new ArrayList<>();
            String id = JsonObject.of(ask("GET", "/v1/sessions", "").body()).objects("sessions").getFirst().text("id");
            for (String[] one : new String[][]{{"GET", "/live", "/live", "", "200"},
                {"GET", "/ready", "/ready", "", "200"}, {"GET", "/ready", "/ready?pool=p", "", "200"},
                {"GET", "/ready", "/ready?pool=x", "", "404"}, {"GET", "/v1/status", "/v1/status", "", "200"},
                {"GET", "/v1/sessions", "/v1/sessions?listener=in&limit=1", "", "200"},
                {"GET", "/v1/sessions", "/v1/sessions?limit=many", "", "400"},
                {"GET", "/v1/sessions", "/v1/sessions?colour=red", "", "400"},
                {"DELETE", "/v1/sessions/{id}", "/v1/sessions/" + id, "", "200"},
                {"DELETE", "/v1/sessions/{id}", "/v1/sessions/nobody", "", "404"},
                {"GET", "/v1/backends/{pool}/{name}", "/v1/backends/p/a%2Fb", "", "200"},
                {"GET", "/v1/backends/{pool}/{name}", "/v1/backends/p/x", "", "404"},
                {"PATCH", "/v1/backends/{pool}/{name}", "/v1/backends/p/a%2Fb", "{\"state\": \"drain\"}", "200"},
                {"PATCH", "/v1/backends/{pool}/{name}", "/v1/backends/p/c", "{\"weight\": 7}", "200"},
                {"PATCH", "/v1/backends/{pool}/{name}", "/v1/backends/p/c", "{\"weight\": 777}", "400"},
                {"PATCH", "/v1/backends/{pool}/{name}", "/v1/backends/p/c", "{\"wieght\": 7}", "400"},
                {"PATCH", "/v1/backends/{pool}/{name}", "/v1/backends/p/c", "{broken", "400"},
                {"PATCH", "/v1/backends/{pool}/{name}", "/v1/backends/p/x", "{\"state\": \"maint\"}", "404"},
                {"PATCH", "/v1/backends/{pool}/{name}", "/v1/backends/p/c", "{\"state\": \"drain\", \"persist\": true}",
                    "409"},
                {"POST", "/v1/backends/{pool}", "/v1/backends/p", "{\"backend\": \"127.0.0.1:9,name=n\"}", "200"},
                {"POST", "/v1/backends/{pool}", "/v1/backends/p", "{\"backend\": \"127.0.0.1:9,name=n\"}", "400"},
                {"DELETE", "/v1/backends/{pool}/{name}", "/v1/backends/p/n", "", "200"},
                {"DELETE", "/v1/backends/{pool}/{name}", "/v1/backends/p/n", "", "404"},
                {"GET", "/v1/explain", "/v1/explain?address=127.0.0.1:7", "", "200"},
                {"GET", "/v1/explain", "/v1/explain?address=%5B::1%5D:7&listener=in", "", "200"},
                {"GET", "/v1/explain", "/v1/explain?address=name", "", "400"},
                {"GET", "/v1/explain", "/v1/explain?address=::1&listener=x", "", "404"},
                {"GET", "/v1/log-level", "/v1/log-level", "", "200"},
                {"PUT", "/v1/log-level", "/v1/log-level", "{\"level\": \"loud\"}", "400"},
                {"PUT", "/v1/log-level", "/v1/log-level", "{\"level\": \"error\"}", "200"},
                {"POST", "/v1/reload", "/v1/reload", "{\"dry_run\": true}", "200"},
                {"POST", "/v1/reload", "/v1/reload", "", "200"},
                {"POST", "/v1/upgrade", "/v1/upgrade", "{\"timeout_seconds\": \"long\"}", "400"},
                {"POST", "/v1/upgrade", "/v1/upgrade", "", "409"},
                {"POST", "/v1/hand-over", "/v1/hand-over?to=me", "", "400"},
                {"GET", "/v1/openapi.json", "/v1/openapi.json", "", "200"},
                {"POST", "/v1/stop", "/v1/stop", "", "202"}, {"GET", "/ready", "/ready", "", "503"}}) {
                asked.add(one[0] + " " + one[1]);
                Reply reply = ask(one[0], one[2], one[3]);
                assertThat(reply.status()).as(one[0] + " " + one[2] + " " + one[3] + ": " + reply.body())
                        .isEqualTo(Integer.parseInt(one[4]));
                assertThat(reply.head()).contains("application/json", "no-store");
                assertThat(document.faults(one[0], one[1], reply.status(), reply.body())).as(one[0] + " " + one[2])
                        .isEmpty();
            }
            asked.add("GET /metrics"); // is no JSON, and has a test of its own
            assertThat(asked).containsAll(document.operations());
            assertThat(stopped.join()).isEqualTo("lb stop");
        }
        assertThat(ask("GET", "/v2/status", "").status()).isEqualTo(404);
        assertThat(ask("GET", "/", "").status()).isEqualTo(404);
        assertThat(ask("POST", "/v1/status", "").status()).isEqualTo(405);
        assertThat(ask("GET", "/v1/explain?address=%zz", "").status()).isEqualTo(400);
    }

    @Test
    void metricsAreTextAndWantATokenOverHttp() throws Exception {
        Reply reply = ask("GET", "/metrics", "");
        assertThat(reply.status()).isEqualTo(200);
        assertThat(reply.head()).contains("text/plain; version=0.0.4; charset=utf-8");
        assertThat(reply.body()).contains("# TYPE lb_ready gauge\nlb_ready 1.0\n",
                "lb_config_last_reload_successful 1.0", "lb_log_dropped_lines_total{log=\"access\"} 3.0",
                "lb_backend_up{backend=\"a/b\",pool=\"p\"} 1.0").endsWith("\n").doesNotContain("\n\n");
        Files.writeString(file, Files.readString(file) + "nonsense = 1\n");
        ask("POST", "/v1/reload", "{}");
        assertThat(ask("GET", "/metrics", "").body()).contains("lb_config_last_reload_successful 0.0");
        assertThat(ask("POST", "/metrics", "").status()).isEqualTo(405);
        assertThat(ask("GET", "/metrics?pool=p", "").status()).isEqualTo(400);
        String host = "Host: 127.0.0.1:PORT\r\n";
        assertThat(askHttp("GET", "/metrics", host).status()).isEqualTo(401);
        assertThat(askHttp("GET", "/metrics", host + "Authorization: Bearer " + TOKEN + "\r\n").status())
                .isEqualTo(200);
        assertThat(askHttp("GET", "/ready?pool=p", host).status()).isEqualTo(200);
    }

    @Test
    void anInvalidFileIsToldWithItsLine() throws Exception {
        Files.writeString(file, Files.readString(file) + "nonsense = 1\n");
        Reply reply = ask("POST", "/v1/reload", "{}");
        assertThat(reply.status()).isEqualTo(400);
        assertThat(JsonObject.of(reply.body()).texts("problems"))
                .containsExactly(file + ":4: nonsense = 1: unknown key");
    }

    @Test
    void severalRequestsOfAConnectionAreAnsweredInTheirOrder() throws Exception {
        try (SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
            channel.connect(UnixDomainSocketAddress.of(socket));
            String two = "GET /v1/status HTTP/1.1\r\nHost: lb\r\n\r\n" + "GET /live HTTP/1.1\r\nHost: lb\r\n\r\n"
                    + request("GET", "/ready", "", "Host: lb\r\n");
            channel.write(ByteBuffer.wrap(two.getBytes(UTF_8)));
            String all = new String(Channels.newInputStream(channel).readAllBytes(), UTF_8);
            assertThat(all.indexOf("\"pools\"")).isPositive().isLessThan(all.indexOf("\"live\""));
            assertThat(all.indexOf("\"live\"")).isLessThan(all.indexOf("{\"ready\""));
        }
    }

    @Test
    void overHttpOnlyWhoKnowsTheTokenMayAsk() throws Exception {
        String host = "Host: 127.0.0.1:PORT\r\n";
        assertThat(askHttp("GET", "/live", host).status()).isEqualTo(200);
        assertThat(askHttp("GET", "/ready", host).status()).isEqualTo(200);
        Reply without = askHttp("GET", "/v1/status", host);
        assertThat(without.status()).isEqualTo(401);
        assertThat(without.head().toLowerCase(java.util.Locale.ROOT)).contains("www-authenticate: bearer");
        String bearer = host + "Authorization: Bearer " + TOKEN + "\r\n";
        assertThat(askHttp("GET", "/v1/status", bearer).status()).isEqualTo(200);
        assertThat(askHttp("GET", "/v1/status", host + "Authorization: Bearer " + TOKEN + "x\r\n").status())
                .isEqualTo(401);
        assertThat(askHttp("GET", "/v1/status?token=" + TOKEN, host).status()).isEqualTo(401);
        assertThat(askHttp("GET", "/v1/status", bearer + "Origin: http://localhost:PORT\r\n").status()).isEqualTo(200);
        for (String foreign : List.of("Host: evil.example:PORT\r\n", "Host: 127.0.0.1:1\r\n", "")) {
            assertThat(askHttp("GET", "/live", foreign).status()).as(foreign).isEqualTo(403);
        }
        assertThat(askHttp("GET", "/live", host + "Origin: http://evil.example\r\n").status()).isEqualTo(403);
        assertThat(askHttp("GET", "/live", host + "Origin: null\r\n").status()).isEqualTo(403);
    }

    @Test
    void onlyItsOwnerMayUseTheSocketWhichIsGoneAfterwards() throws Exception {
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(socket))).isEqualTo("rw-------");
        try (var files = Files.list(folder)) {
            assertThat(files.map(path -> path.getFileName().toString())).containsExactlyInAnyOrder("a.sock", "lb.conf",
                    "token");
        }
        admin.close();
        assertThat(socket).doesNotExist();
    }

    @Test
    void aPathThatAnotherProcessHasIsAnErrorIfSomebodyWroteItAndAWarningIfNot() throws Exception {
        assertThatThrownBy(() -> AdminServer.open(config(new FilePlace.At(socket)), Map.of(), api()).close())
                .hasMessage("admin.socket = " + socket + ": another process listens there");
        Path run = Files.createDirectory(folder.resolve("run"));
        Path usual = run.resolve("admin.sock");
        try (AdminServer first = AdminServer.open(config(new FilePlace.Auto()),
                Map.of("RUNTIME_DIRECTORY", run.toString()), api());
                AdminServer second = AdminServer.open(config(new FilePlace.Auto()),
                        Map.of("RUNTIME_DIRECTORY", run.toString()), api())) {
            assertThat(first.socketPath()).isEqualTo(usual);
            assertThat(second.socketPath()).isNull();
        }
        assertThat(usual).doesNotExist();
    }

    @Test
    void aFileThatNobodyAnswersAtIsReplacedButNoOtherFile() throws Exception {
        Path stale = folder.resolve("stale.sock");
        try (ServerSocketChannel dead = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            dead.bind(UnixDomainSocketAddress.of(stale));
        }
        assertThat(stale).exists();
        try (AdminServer next = AdminServer.open(config(new FilePlace.At(stale)), Map.of(), api())) {
            assertThat(next.socketPath()).isEqualTo(stale);
        }
        assertThatThrownBy(() -> AdminServer.open(config(new FilePlace.At(file)), Map.of(), api()).close())
                .hasMessageContaining("it is a file of another kind");
        assertThat(file).exists();
        assertThatThrownBy(
                () -> AdminServer.open(config(new FilePlace.At(folder.resolve("no/a.sock"))), Map.of(), api()).close())
                .hasMessageContaining("cannot be made");
    }

    @Test
    void theUsualPlaceIsAFolderOfTheServiceOrOfTheUser() {
        assertThat(AdminSocket.usual(Map.of("RUNTIME_DIRECTORY", "/r/lb:/r/other", "XDG_RUNTIME_DIR", "/x")))
                .isEqualTo(Path.of("/r/lb/admin.sock"));
        assertThat(AdminSocket.usual(Map.of("XDG_RUNTIME_DIR", "/x"))).isEqualTo(Path.of("/x/lb/admin.sock"));
        assertThat(AdminSocket.usual(Map.of())).isEqualTo(Path.of("/run/lb/admin.sock"));
    }
}
