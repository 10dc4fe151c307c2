package lb.cli.it;

import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import lb.cli.it.process.LbProcess;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.testcontainers.DockerClientFactory;
import org.testcontainers.containers.GenericContainer;
import org.testcontainers.containers.wait.strategy.Wait;
import org.testcontainers.utility.DockerImageName;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

/// The servers of [PostgresTest] and [MariaDbTest] as their makers ship them, where there is a Docker engine.
@Timeout(300)
class ContainerTest {

    private static final Duration START = Duration.ofMinutes(4);

    @BeforeAll
    static void needsDocker() {
        assumeTrue(DockerClientFactory.instance().isDockerAvailable(),
                "no Docker engine here: PostgreSQL and MySQL in containers are not tested");
    }

    @Test
    void postgresInAContainer() throws Exception {
        try (GenericContainer<?> server = new GenericContainer<>(DockerImageName.parse("postgres:18"))) {
            server.withExposedPorts(5432).withEnv("POSTGRES_PASSWORD", "secret")
                    .waitingFor(Wait.forLogMessage(".*ready to accept connections.*\\n", 2)).withStartupTimeout(START)
                    .start();
            try (LbProcess lb = LbProcess.run("--listen", "127.0.0.1:0", "--backend", address(server, 5432))) {
                assertThatTheServerStoresAndCounts("jdbc:postgresql://127.0.0.1:" + lb.port()
                        + "/postgres?user=postgres&password=secret&socketTimeout=30");
            }
        }
    }

    @Test
    void mysqlInAContainer() throws Exception {
        try (GenericContainer<?> server = new GenericContainer<>(DockerImageName.parse("mysql:8.4"))) {
            server.withExposedPorts(3306).withEnv("MYSQL_ROOT_PASSWORD", "secret").withEnv("MYSQL_DATABASE", "app")
                    .waitingFor(Wait.forLogMessage(".*ready for connections.*port: 3306.*\\n", 1))
                    .withStartupTimeout(START).start();
            try (LbProcess lb = LbProcess.run("--listen", "127.0.0.1:0", "--backend", address(server, 3306))) {
                assertThatTheServerStoresAndCounts("jdbc:mariadb://127.0.0.1:" + lb.port()
                        + "/app?user=root&password=secret&allowPublicKeyRetrieval=true&socketTimeout=30000");
            }
        }
    }

    private static String address(GenericContainer<?> server, int port) {
        return server.getHost() + ":" + server.getMappedPort(port);
    }

    private static void assertThatTheServerStoresAndCounts(String url) throws SQLException {
        try (Connection session = DriverManager.getConnection(url);
                Statement statement = session.createStatement()) {
            statement.execute("CREATE TABLE counted (n INT)");
            for (int n = 1; n <= 100; n++) {
                statement.executeUpdate("INSERT INTO counted VALUES (" + n + ")");
            }
            try (ResultSet sum = statement.executeQuery("SELECT SUM(n) FROM counted")) {
                sum.next();
                assertThat(sum.getLong(1)).isEqualTo(5050);
            }
        }
    }
}
