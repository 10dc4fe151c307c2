package lb.cli.it.process;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

/// Programs from Debian packages that tests want. Where one is missing, the test is skipped with a message; where the
/// environment has `CI=true` it fails.
public enum DebianProgram {
    MARIADBD("mariadb-server"), MARIADB_INSTALL_DB("mariadb-server"), MARIADB("mariadb-client"), NGINX(
            "nginx-light or nginx"), HAPROXY(
                    "haproxy"), CURL("curl"), PSQL("postgresql-client"), PRLIMIT(
                            "util-linux"), SETPRIV("util-linux"), DIG(
                                    "bind9-dnsutils"), DNSMASQ("dnsmasq-base"), SYSTEMD_ANALYZE(
                                            "systemd"), PROMETHEUS(
                                                    "prometheus"), PROMTOOL("prometheus"), PYTHON3("python3");

    private static final List<String> FOLDERS = List.of("/usr/sbin", "/usr/bin", "/sbin", "/bin");

    private final String debianPackage;

    DebianProgram(String debianPackage) {
        this.debianPackage = debianPackage;
    }

    /// Its path.
    public String path() {
        String name = name().toLowerCase(java.util.Locale.ROOT).replace('_', '-');
        for (String folder : FOLDERS) {
            Path path = Path.of(folder, name);
            if (Files.isExecutable(path)) {
                return path.toString();
            }
        }
        String message = name + " is not here: install the Debian package " + debianPackage;
        if ("true".equals(System.getenv("CI"))) {
            throw new AssertionError(message);
        }
        assumeTrue(false, message);
        throw new AssertionError("skipped");
    }
}
