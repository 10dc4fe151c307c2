package lb.cli.it;

import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import lb.cli.it.process.Child;
import lb.cli.it.process.DebianProgram;
import lb.cli.it.process.LbProcess;
import lb.cli.json.JsonObject;
import lb.l4.peers.EchoServer;
import lb.l4.peers.LoopbackServer;
import lb.l4.peers.ReservedPort;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/// A real Prometheus reads the metrics of a running `lb`, with a scrape configuration like the one in config/.
class PrometheusTest {

    private static final String TOKEN = "0123456789abcdef-secret";
    private static final Duration TIMEOUT = Duration.ofSeconds(30);

    @TempDir private Path folder;
    private final HttpClient http = HttpClient.newHttpClient();

    private LbProcess lb(LoopbackServer server, int adminPort) throws Exception {
        Files.writeString(folder.resolve("token"), TOKEN + "\n");
        return LbProcess.runFile(Files.writeString(folder.resolve("lb.conf"), """
                listeners { in { bind = "127.0.0.1:0", pool = p } }
                pools { p { backends = ["127.0.0.1:%d,name=a"] } }
                admin { socket = off, http = "127.0.0.1:%d", token-file = token }
                """.formatted(server.address().getPort(), adminPort)));
    }

    private Child prometheus(int port, int adminPort) throws Exception {
        String example = Files.readString(Path.of("..", "config", "prometheus", "prometheus.yml"));
        assertThat(example).contains("scrape_interval: 15s", "/etc/lb/token", "127.0.0.1:9000");
        Path config = Files.writeString(folder.resolve("prometheus.yml"),
                example.replace("15s", "200ms").replace("/etc/lb/token", folder.resolve("token").toString())
                        .replace("127.0.0.1:9000\"]", "127.0.0.1:" + adminPort + "\"]"));
        return Child.start(DebianProgram.PROMETHEUS.path(), "--config.file=" + config,
                "--storage.tsdb.path=" + folder.resolve("data"), "--web.listen-address=127.0.0.1:" + port,
                "--log.level=warn");
    }

    private String get(int port, String path, String... headers) throws Exception {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
                .timeout(TIMEOUT);
        if (headers.length > 0) {
            request.headers(headers);
        }
        return http.send(request.build(), BodyHandlers.ofString(UTF_8)).body();
    }

    /// The value of an expression that has one; NaN if it has none yet.
    private double query(int port, String expression) throws Exception {
        String path = "/api/v1/query?query=" + java.net.URLEncoder.encode(expression, UTF_8);
        String answer = get(port, path);
        assertThat(answer).contains("\"status\":\"success\"");
        String value = answer.replaceFirst(".*\"value\":\\[[^,]+,\"([^\"]+)\".*", "$1");
        return value.equals(answer) ? Double.NaN : Double.parseDouble(value);
    }

    @Test
    void readsWhatPromtoolFindsNothingWrongWith() throws Exception {
        String promtool = DebianProgram.PROMTOOL.path();
        try (LoopbackServer server = new LoopbackServer(new EchoServer());
                ReservedPort admin = new ReservedPort();
                ReservedPort web = new ReservedPort();
                LbProcess lb = lb(server, admin.number());
                Child prometheus = prometheus(web.number(), admin.number())) {
            for (int i = 0; i < 5; i++) {
                try (Socket client = lb.connect()) {
                    client.getOutputStream().write('x');
                    assertThat(client.getInputStream().read()).isEqualTo('x');
                }
            }
            await().atMost(TIMEOUT).until(web::answers);
            await().atMost(TIMEOUT).untilAsserted(() -> {
                assertThat(prometheus.isAlive()).as(prometheus.err().toString()).isTrue();
                assertThat(JsonObject.of(get(web.number(), "/api/v1/targets")).object("data").objects("activeTargets"))
                        .singleElement().satisfies(target -> assertThat(target.text("health"))
                                .as(target.text("lastError")).isEqualTo("up"));
            });
            await().atMost(TIMEOUT).until(
                    () -> query(web.number(), "lb_sessions_total{listener=\"in\",protocol=\"tcp\",end=\"normal\"}"),
                    value -> value == 5);
            assertThat(query(web.number(), "lb_ready")).isEqualTo(1);
            assertThat(query(web.number(), "lb_backend_up{pool=\"p\",backend=\"a\"}")).isEqualTo(1);
            assertThat(query(web.number(), "sum(lb_session_duration_seconds_count)")).isEqualTo(5);
            assertThat(query(web.number(),
                    "histogram_quantile(0.5, sum by (le) (lb_pool_connect_duration_seconds_bucket))"))
                    .isBetween(0.0, 1.0);
            assertThat(query(web.number(), "lb_backend_ports_left")).isBetween(1.0, 65_535.0);

            Path text = Files.writeString(folder.resolve("metrics"),
                    get(admin.number(), "/metrics", "Authorization", "Bearer " + TOKEN));
            Child.run("/bin/sh", "-c", "exec \"$0\" check metrics <\"$1\"", promtool, text.toString());
        }
    }
}
