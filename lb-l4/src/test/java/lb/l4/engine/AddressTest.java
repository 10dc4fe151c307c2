package lb.l4.engine;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import lb.core.config.BackendConfig;
import lb.core.config.Bind;
import lb.core.config.Endpoint;
import lb.core.config.ListenerConfig;
import lb.core.config.PoolConfig;
import lb.core.config.TestConfigs;
import lb.core.config.TestConfigs.PoolBuilder;
import lb.core.session.EndCause;
import lb.core.session.SessionRecord;
import lb.l4.peers.EchoServer;
import lb.l4.peers.LoopbackServer;
import lb.l4.peers.NamingServer;
import lb.l4.peers.TestStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;

@SuppressWarnings("try") // a client that leaves early is part of the tests
class AddressTest {

    private static final long BYTES = 20 << 20;

    @Test
    void bothSidesMayBeIpv6() throws Exception {
        InetAddress loopback = InetAddress.ofLiteral("::1");
        try (LoopbackServer server = new LoopbackServer(new EchoServer(), new InetSocketAddress(loopback, 0), 0);
                Balancer lb = new Balancer(TestConfigs.lb(PoolBuilder.out(server.address()).build(),
                        in -> bound(in, new Bind(loopback, 0, 0))));
                Socket client = lb.connect()) {
            ping(client);
            client.close();
            SessionRecord record = lb.nextRecord();
            assertThat(record.peer().getAddress()).isEqualTo(loopback);
            assertThat(record.local()).isEqualTo(lb.address());
            assertThat(record.reason().cause()).isEqualTo(EndCause.NORMAL);
        }
    }

    @Test
    void aListenerWithoutHostTakesBothFamiliesOnOnePort() throws Exception {
        try (LoopbackServer server = new LoopbackServer(new EchoServer());
                Balancer lb = new Balancer(TestConfigs.lb(PoolBuilder.out(server.address()).build(),
                        in -> bound(in, new Bind(null, 0, 0))))) {
            int port = lb.address().getPort();
            for (String loopback : List.of("127.0.0.1", "::1", "127.0.0.2")) {
                try (Socket client = lb.connect(loopback, port)) {
                    ping(client);
                }
                SessionRecord record = lb.nextRecord();
                assertThat(record.local()).isEqualTo(new InetSocketAddress(loopback, port));
            }
        }
    }

    @Test
    void aBackendMayBeAUnixSocketByPath(@TempDir Path folder) throws Exception {
        UnixDomainSocketAddress address = UnixDomainSocketAddress.of(folder.resolve("backend"));
        try (ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            server.bind(address);
            try (Balancer lb = new Balancer(TestConfigs.lb(unix(address.getPath().toString())));
                    Socket client = lb.connect();
                    SocketChannel backend = server.accept()) {
                streamBothWays(client, backend);
                assertThat(lb.nextRecord().reason().cause()).isEqualTo(EndCause.NORMAL);
                lb.awaitIdle();
            }
        }
    }

    @Test
    void aBackendMayBeAUnixSocketByAbstractName() throws Exception {
        String name = "lb-test-" + UUID.randomUUID();
        try (AbstractEcho server = new AbstractEcho(name);
                Balancer lb = new Balancer(TestConfigs.lb(unix("@" + name)));
                Socket client = lb.connect()) {
            ping(client);
            client.close();
            assertThat(lb.nextRecord().reason().cause()).isEqualTo(EndCause.NORMAL);
            assertThat(server.isServing()).isTrue();
        }
    }

    @Test
    void aUnixSocketThatNobodyMadeRefuses(@TempDir Path folder) throws Exception {
        try (Balancer lb = new Balancer(TestConfigs.lb(unix(folder.resolve("nobody").toString())))) {
            lb.heardOnConnecting();
            assertThat(lb.nextRecord().reason().code()).isEqualTo("SC");
            lb.awaitIdle();
        }
    }

    @Test
    void aBackendWithoutAPortIsReachedOnTheOneThatTheClientUsed() throws Exception {
        int first = firstOfFreePorts();
        InetAddress backends = InetAddress.ofLiteral("127.0.0.2");
        List<LoopbackServer> servers = new ArrayList<>();
        for (int port = first; port < first + 3; port++) {
            servers.add(new LoopbackServer(new NamingServer("port " + port), new InetSocketAddress(backends, port), 0));
        }
        PoolConfig pool = TestConfigs.pool("out",
                List.of(new BackendConfig("any", new Endpoint.Inet(backends, 0), 1, false)));
        try (Balancer lb = new Balancer(TestConfigs.lb(pool,
                in -> bound(in, new Bind(InetAddress.getLoopbackAddress(), first, first + 2))))) {
            for (int port = first; port < first + 3; port++) {
                try (Socket client = lb.connect("127.0.0.1", port)) {
                    client.shutdownOutput();
                    assertThat(client.getInputStream().readAllBytes()).asString().isEqualTo("port " + port + "\n");
                }
                assertThat(lb.nextRecord().local().getPort()).isEqualTo(port);
            }
        } finally {
            servers.forEach(LoopbackServer::close);
        }
    }

    private static void streamBothWays(Socket client, SocketChannel backend) throws IOException {
        CompletableFuture<Long> atBackend = CompletableFuture
                .supplyAsync(() -> uncheck(() -> readToEnd(backend)), task -> Thread.ofVirtual().start(task));
        TestStream.write(client.getOutputStream(), BYTES);
        client.shutdownOutput();
        assertThat(atBackend.join()).isEqualTo(BYTES);
        CompletableFuture<Long> atClient = CompletableFuture.supplyAsync(
                () -> uncheck(() -> TestStream.readToEnd(client.getInputStream())),
                task -> Thread.ofVirtual().start(task));
        TestStream.write(Channels.newOutputStream(backend), BYTES);
        backend.shutdownOutput();
        assertThat(atClient.join()).isEqualTo(BYTES);
    }

    private static long readToEnd(SocketChannel from) throws IOException {
        ByteBuffer buffer = ByteBuffer.allocate(64 << 10);
        long position = 0;
        for (int count = from.read(buffer); count >= 0; count = from.read(buffer)) {
            TestStream.check(buffer.array(), count, position);
            position += count;
            buffer.clear();
        }
        return position;
    }

    private interface Reading {
        long run() throws IOException;
    }

    private static long uncheck(Reading reading) {
        try {
            return reading.run();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static PoolConfig unix(String path) {
        return TestConfigs.pool("out", List.of(new BackendConfig("unix", new Endpoint.Unix(path), 1, false)));
    }

    private static ListenerConfig bound(ListenerConfig from, Bind bind) {
        return new ListenerConfig(from.name(), bind, from.pool(), from.allow(), from.deny(), from.maxConnections(),
                from.proxyProtocolFrom(), from.proxyHeaderTimeout(), from.socket(), from.accessLog());
    }

    private static int firstOfFreePorts() throws IOException {
        for (int port = 20_001; port < 32_000; port += 3) {
            try (ServerSocket a = new ServerSocket(port);
                    ServerSocket b = new ServerSocket(port + 1);
                    ServerSocket c = new ServerSocket(port + 2)) {
                assertThat(b.isBound() && c.isBound()).isTrue();
                return a.getLocalPort();
            } catch (IOException e) {
                // Taken: the next three.
            }
        }
        throw new IOException("no free ports");
    }

    private static void ping(Socket client) throws IOException {
        client.getOutputStream().write('x');
        assertThat(client.getInputStream().read()).isEqualTo('x');
    }
}
