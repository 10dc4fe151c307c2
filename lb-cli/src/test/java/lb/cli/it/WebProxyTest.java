package lb.cli.it;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import lb.cli.it.process.Child;
import lb.cli.it.process.DebianProgram;
import lb.cli.it.process.LbProcess;
import lb.l4.peers.ReservedPort;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/// nginx and HAProxy before and behind `lb`. Clients come from 127.0.0.5, so that an address that was passed on differs
/// from that of whoever passed it on.
class WebProxyTest {

    private static final String CLIENT = "127.0.0.5";
    private static final int FILE_BYTES = 20 << 20;

    @TempDir private Path folder;
    private ReservedPort plain;
    private ReservedPort withHeader;

    @BeforeEach
    void reserve() throws IOException {
        plain = new ReservedPort();
        withHeader = new ReservedPort();
    }

    @AfterEach
    void release() throws IOException {
        plain.close();
        withHeader.close();
    }

    private static String curl(int port, String path, String... more) throws Exception {
        String[] command = {DebianProgram.CURL.path(), "--silent", "--show-error", "--fail", "--max-time", "20",
            "--interface", CLIENT, "http://127.0.0.1:" + port + path};
        String[] all = java.util.Arrays.copyOf(command, command.length + more.length);
        System.arraycopy(more, 0, all, command.length, more.length);
        return Child.run(all);
    }

    /// nginx with a plain server and one that expects a PROXY header and answers with what is in it.
    private Child nginx() throws IOException {
        String nginx = DebianProgram.NGINX.path();
        Path config = Files.writeString(folder.resolve("nginx.conf"),
                """
                        user root;
                        daemon off;
                        # One process, which leaves nobody behind when it is killed.
                        master_process off;
                        pid %1$s/nginx.pid;
                        error_log stderr;
                        events {}
                        http {
                            access_log off;
                            client_body_temp_path %1$s/body;
                            proxy_temp_path %1$s/proxy;
                            fastcgi_temp_path %1$s/fastcgi;
                            uwsgi_temp_path %1$s/uwsgi;
                            scgi_temp_path %1$s/scgi;
                            server {
                                listen 127.0.0.1:%2$d;
                                root %1$s/www;
                                location = /peer { return 200 "$remote_addr"; }
                            }
                            server {
                                listen 127.0.0.1:%3$d proxy_protocol;
                                location / { return 200 "$proxy_protocol_addr to $proxy_protocol_server_addr:$proxy_protocol_server_port"; }
                            }
                        }
                        """
                        .formatted(folder, plain.number(), withHeader.number()));
        Child child = Child.start(nginx, "-c", config.toString(), "-e", "stderr");
        await().until(() -> plain.answers() && withHeader.answers());
        return child;
    }

    private Child haproxy(String rules, ReservedPort port) throws IOException {
        String haproxy = DebianProgram.HAPROXY.path();
        Path config = Files.writeString(folder.resolve("haproxy.cfg"), """
                defaults
                    timeout connect 5s
                    timeout client 20s
                    timeout server 20s
                """ + rules);
        Child child = Child.start(haproxy, "-db", "-f", config.toString());
        await().until(port::answers);
        return child;
    }

    @Test
    void aFileOfNginxArrivesUnchanged() throws Exception {
        byte[] bytes = new byte[FILE_BYTES];
        new Random(3).nextBytes(bytes);
        Files.write(Files.createDirectory(folder.resolve("www")).resolve("file"), bytes);
        Path got = folder.resolve("got");
        try (Child nginx = nginx();
                LbProcess lb = LbProcess.run("--listen", "127.0.0.1:0", "--backend", plain.text())) {
            assertThat(nginx.isAlive()).isTrue();
            curl(lb.port(), "/file", "--output", got.toString());
            assertThat(got).hasBinaryContent(bytes);
            assertThat(curl(lb.port(), "/peer")).isEqualTo("127.0.0.1");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"v1", "v2"})
    void nginxBehindLbIsToldTheClientsAddress(String version) throws Exception {
        try (Child nginx = nginx();
                LbProcess lb = LbProcess.run("--listen", "127.0.0.1:0", "--proxy-protocol", version, "--backend",
                        withHeader.text())) {
            assertThat(curl(lb.port(), "/")).isEqualTo(CLIENT + " to 127.0.0.1:" + lb.port());
            // Nothing that a probe sends may look like an error to the server.
            assertThat(nginx.err().linesWith("broken header")).isEmpty();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"version = v1", "version = v2", "version = v2, crc32c = true, unique-id = true"})
    void haproxyBehindLbIsToldTheClientsAddress(String proxyProtocol) throws Exception {
        try (Child haproxy = haproxy("""
                frontend accepts
                    mode http
                    bind 127.0.0.1:%d accept-proxy
                    http-request return status 200 content-type text/plain lf-string "%%[src] to %%[dst]:%%[dst_port]"
                """.formatted(withHeader.number()), withHeader);
                LbProcess lb = LbProcess.runFile(Files.writeString(folder.resolve("lb.conf"), """
                        listeners { in { bind = "127.0.0.1:0", pool = p } }
                        pools { p { backends = ["%s"], proxy-protocol { %s } } }
                        """.formatted(withHeader.text(), proxyProtocol)))) {
            assertThat(haproxy.isAlive()).isTrue();
            assertThat(curl(lb.port(), "/")).isEqualTo(CLIENT + " to 127.0.0.1:" + lb.port());
        }
    }

    @ParameterizedTest
    @CsvSource({"send-proxy, v2", "send-proxy-v2, v1", "send-proxy-v2 proxy-v2-options crc32c, v2"})
    void aHeaderOfHaproxyIsBelievedLoggedAndPassedOn(String haproxySends, String lbSends) throws Exception {
        try (Child nginx = nginx();
                ReservedPort front = new ReservedPort();
                LbProcess lb = LbProcess.run("--listen", "127.0.0.1:0", "--access-log", "--proxy-protocol-from",
                        "127.0.0.1/32", "--proxy-protocol", lbSends, "--backend", withHeader.text());
                Child haproxy = haproxy("""
                        listen front
                            mode tcp
                            bind 127.0.0.1:%d
                            server lb 127.0.0.1:%d %s
                        """.formatted(front.number(), lb.port(), haproxySends), front)) {
            assertThat(nginx.isAlive() && haproxy.isAlive()).isTrue();
            assertThat(curl(front.number(), "/")).isEqualTo(CLIENT + " to 127.0.0.1:" + front.number());
            lb.out().await("^" + CLIENT + ":\\d+ \\[.* \"normal\"$");
            // 127.0.0.5 itself is not among those who send headers, and is served without one.
            assertThat(curl(lb.port(), "/")).isEqualTo(CLIENT + " to 127.0.0.1:" + lb.port());
        }
    }
}
