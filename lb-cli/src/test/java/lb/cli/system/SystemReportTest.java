package lb.cli.system;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;

class SystemReportTest {

    private static final Map<String, String> GOOD = Map.ofEntries(Map.entry("net/core/somaxconn", "4096"),
            Map.entry("net/ipv4/tcp_max_syn_backlog", "4096"), Map.entry("net/ipv4/tcp_syncookies", "1"),
            Map.entry("net/ipv4/ip_local_port_range", "1024\t65535"), Map.entry("net/ipv4/tcp_tw_reuse", "2"),
            Map.entry("net/ipv4/tcp_migrate_req", "1"), Map.entry("net/core/netdev_max_backlog", "1000"),
            Map.entry("net/ipv4/tcp_rmem", "4096\t131072\t6291456"),
            Map.entry("net/ipv4/tcp_wmem", "4096\t16384\t4194304"), Map.entry("net/core/rmem_max", "4194304"),
            Map.entry("net/core/wmem_max", "4194304"), Map.entry("net/ipv4/tcp_abort_on_overflow", "0"),
            Map.entry("net/ipv4/tcp_slow_start_after_idle", "0"), Map.entry("fs/nr_open", "1048576"),
            Map.entry("fs/file-max", "9223372036854775807"));

    @TempDir Path proc;

    @Test
    void aGoodSystemIsSaidToBeOne() throws IOException {
        String report = report(Map.of());

        assertThat(report).endsWith("all as it should be\n").doesNotContain("LOOK");
        assertThat(report).containsPattern("ok +net.core.somaxconn +4096\n");
        assertThat(report).as("a kernel without a module").containsPattern("- +net.netfilter.nf_conntrack_max +not on");
    }

    @Test
    void whatIsWrongIsSaidWithWhatItShouldBeAndWhy() throws IOException {
        String report = report(Map.of("net/core/somaxconn", "128", "net/ipv4/tcp_syncookies", "0",
                "net/ipv4/ip_local_port_range", "32768\t60999", "net/netfilter/nf_conntrack_max", "39999",
                "net/ipv4/tcp_migrate_req", "0", "net/ipv4/tcp_rmem", "4096\t131072\t4194303"));

        assertThat(report)
                .containsPattern("LOOK +net.core.somaxconn +128, should be at least 4096\n +cuts the listeners")
                .containsPattern("LOOK +net.ipv4.tcp_syncookies +0, should be 1 or 2\n")
                .containsPattern("LOOK +net.ipv4.ip_local_port_range +32768 60999, should be at least 50000 ports")
                .containsPattern("LOOK +net.netfilter.nf_conntrack_max +39999, should be at least 40000\n")
                .containsPattern("LOOK +net.ipv4.tcp_migrate_req +0, should be 1\n")
                .containsPattern("LOOK +net.ipv4.tcp_rmem +4096 131072 4194303, should be at least 4194304\n")
                .contains("\n6 to look at;");
    }

    /// The kernel's own files, which are not like others: a second read of one gives nothing.
    @Test
    void readsWhatThisMachineHas() throws IOException, InterruptedException {
        Process cat = new ProcessBuilder("cat", "/proc/sys/fs/nr_open").start();
        String written = new String(cat.getInputStream().readAllBytes(), StandardCharsets.US_ASCII).strip();
        assertThat(cat.waitFor()).isZero();

        assertThat(SystemReport.of(null)).containsPattern(" fs.nr_open +" + written + "[,\n]");
    }

    private String report(Map<String, String> changed) throws IOException {
        write("self/limits", "Limit  Soft Limit  Hard Limit  Units\nMax open files  1024  20000  files\n");
        for (Map.Entry<String, String> setting : GOOD.entrySet()) {
            write("sys/" + setting.getKey(), setting.getValue() + "\n");
        }
        for (Map.Entry<String, String> setting : changed.entrySet()) {
            write("sys/" + setting.getKey(), setting.getValue() + "\n");
        }
        return SystemReport.of(proc, null);
    }

    private void write(String name, String text) throws IOException {
        Path file = proc.resolve(name);
        Files.createDirectories(file.getParent());
        Files.writeString(file, text);
    }
}
