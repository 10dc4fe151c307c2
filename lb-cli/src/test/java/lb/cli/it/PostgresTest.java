package lb.cli.it;

import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import lb.cli.it.process.Child;
import lb.cli.it.process.DebianProgram;
import lb.cli.it.process.LbProcess;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.postgresql.PGConnection;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

class PostgresTest {

    private static final int COPY_BYTES = 50 << 20;
    private static final int LINE_BYTES = 64;

    private static EmbeddedPostgres server;

    @TempDir private Path folder;

    @BeforeAll
    @Timeout(120)
    static void startServer() throws IOException {
        server = EmbeddedPostgres.start();
    }

    @AfterAll
    static void stopServer() throws IOException {
        server.close();
    }

    private static LbProcess run() throws Exception {
        return LbProcess.run("--listen", "127.0.0.1:0", "--backend", address(server));
    }

    private static String address(EmbeddedPostgres backend) {
        return "127.0.0.1:" + backend.getPort();
    }

    private static Connection connect(LbProcess lb) throws SQLException {
        return DriverManager.getConnection("jdbc:postgresql://127.0.0.1:" + lb.port()
                + "/postgres?user=postgres&sslmode=disable&connectTimeout=10&socketTimeout=40");
    }

    private static long number(Connection session, String query) throws SQLException {
        try (Statement statement = session.createStatement(); ResultSet result = statement.executeQuery(query)) {
            result.next();
            return result.getLong(1);
        }
    }

    /// Lines of random letters, for COPY in text format.
    private static byte[] lines() {
        byte[] bytes = new byte[COPY_BYTES];
        Random random = new Random(5);
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) (i % LINE_BYTES == LINE_BYTES - 1 ? '\n' : 'a' + random.nextInt(26));
        }
        return bytes;
    }

    /// The digest of what is written to it.
    private static final class Digest extends OutputStream {
        private final MessageDigest digest;
        private long count;

        Digest() {
            try {
                digest = MessageDigest.getInstance("SHA-256");
            } catch (NoSuchAlgorithmException e) {
                throw new AssertionError(e);
            }
        }

        static String of(byte[] bytes) {
            Digest digest = new Digest();
            digest.write(bytes, 0, bytes.length);
            return digest.hex();
        }

        @Override
        public void write(int b) {
            digest.update((byte) b);
            count++;
        }

        @Override
        public void write(byte[] bytes, int from, int length) {
            digest.update(bytes, from, length);
            count += length;
        }

        String hex() {
            return HexFormat.of().formatHex(digest.digest());
        }
    }

    @Test
    void copiesOf50MegabytesInAndOutArriveByteForByte() throws Exception {
        byte[] lines = lines();
        try (LbProcess lb = run(); Connection session = connect(lb); Statement statement = session.createStatement()) {
            statement.execute("CREATE UNLOGGED TABLE copied (line text)");
            PGConnection postgres = session.unwrap(PGConnection.class);
            long rows = postgres.getCopyAPI().copyIn("COPY copied FROM STDIN", new ByteArrayInputStream(lines));
            assertThat(rows).isEqualTo(COPY_BYTES / LINE_BYTES);

            Digest received = new Digest();
            postgres.getCopyAPI().copyOut("COPY copied TO STDOUT", received);
            assertThat(received.count).isEqualTo(COPY_BYTES);
            assertThat(received.hex()).isEqualTo(Digest.of(lines));
            statement.execute("DROP TABLE copied");
        }
    }

    @Test
    void twentySessionsAtATimeKeepTheirTransactionsApart() throws Exception {
        try (LbProcess lb = run(); ExecutorService clients = Executors.newVirtualThreadPerTaskExecutor()) {
            try (Connection session = connect(lb); Statement statement = session.createStatement()) {
                statement.execute("CREATE TABLE counted (client int, n int)");
            }
            List<Future<Long>> sums = new ArrayList<>();
            for (int client = 0; client < 20; client++) {
                int own = client;
                sums.add(clients.submit(() -> insertAndSum(lb, own)));
            }
            for (Future<Long> sum : sums) {
                assertThat(sum.get()).isEqualTo(5050);
            }
            try (Connection session = connect(lb)) {
                assertThat(number(session, "SELECT count(*) FROM counted")).isEqualTo(2000);
            }
        }
    }

    private static long insertAndSum(LbProcess lb, int client) throws SQLException {
        try (Connection session = connect(lb);
                PreparedStatement insert = session.prepareStatement("INSERT INTO counted VALUES (?, ?)")) {
            session.setAutoCommit(false);
            for (int n = 1; n <= 100; n++) {
                insert.setInt(1, client);
                insert.setInt(2, n);
                insert.executeUpdate();
            }
            long sum = number(session, "SELECT sum(n) FROM counted WHERE client = " + client);
            session.commit();
            return sum;
        }
    }

    @Test
    void cancelReachesTheServerOfTheSession() throws Exception {
        try (LbProcess lb = run();
                Connection session = connect(lb);
                Connection watcher = connect(lb);
                Statement statement = session.createStatement();
                ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            long pid = number(session, "SELECT pg_backend_pid()");
            Future<?> sleeping = threads.submit(() -> statement.execute("SELECT pg_sleep(30)"));
            await().until(() -> number(watcher, "SELECT count(*) FROM pg_stat_activity WHERE pid = " + pid
                    + " AND wait_event = 'PgSleep'") == 1);
            statement.cancel();
            assertThatThrownBy(() -> sleeping.get(10, TimeUnit.SECONDS))
                    .hasMessageContaining("canceling statement due to user request");
            assertThat(number(session, "SELECT 42")).isEqualTo(42);
        }
    }

    @Test
    void newSessionsFailOverWhenAServerStopsAndReturnWhenItIsBack() throws Exception {
        EmbeddedPostgres second = EmbeddedPostgres.start();
        try (LbProcess lb = LbProcess.run("--listen", "127.0.0.1:0", "--health-interval", "300ms", "--backend",
                address(server), "--backend", address(second))) {
            assertThat(serversOf(lb)).containsExactlyInAnyOrder(server.getPort(), second.getPort());
            second.close();
            assertThat(serversOf(lb)).containsExactly(server.getPort());
            lb.err().await("backend default/" + address(second) + " is DOWN");
            try (EmbeddedPostgres again = EmbeddedPostgres.builder().setPort(second.getPort()).start()) {
                lb.err().await("backend default/" + address(again) + " is UP");
                assertThat(serversOf(lb)).containsExactlyInAnyOrder(server.getPort(), second.getPort());
            }
        } finally {
            second.close();
        }
    }

    /// The ports of the servers that ten sessions reach, none of which may fail.
    private static Set<Integer> serversOf(LbProcess lb) throws SQLException {
        Set<Integer> ports = new HashSet<>();
        for (int i = 0; i < 10; i++) {
            try (Connection session = connect(lb)) {
                ports.add((int) number(session, "SELECT inet_server_port()"));
            }
        }
        return ports;
    }

    @Test
    void psqlCopiesAFileInAndOut() throws Exception {
        String psql = DebianProgram.PSQL.path();
        Path in = Files.writeString(folder.resolve("in"), "1\tone\n2\ttwo\n");
        Path out = folder.resolve("out");
        try (LbProcess lb = run()) {
            String answer = Child.run(psql, "-X", "-q", "-t", "-A", "-v", "ON_ERROR_STOP=1",
                    "host=127.0.0.1 user=postgres dbname=postgres sslmode=disable port=" + lb.port(), "-c",
                    "CREATE TABLE psql_copied (n int, word text)", "-c",
                    "\\copy psql_copied from '" + in + "'", "-c", "\\copy psql_copied to '" + out + "'", "-c",
                    "SELECT word FROM psql_copied WHERE n = 2");
            assertThat(answer).isEqualTo("two");
            assertThat(out).hasSameBinaryContentAs(in);
        }
    }
}
