package lb.cli.system;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import lb.core.config.LbConfig;
import lb.core.config.ListenerConfig;
import org.jspecify.annotations.Nullable;

/// The settings of this system that matter under load and attack: what they are, what they should be, and why. Where a
/// configuration is known, what it needs.
public final class SystemReport {

    /// What a proxy of many sessions should have that nobody has measured: one on a small server of today.
    private static final int MANY_SESSIONS = 10_000;
    private static final int BACKLOG = 4096;
    private static final int UDP_BUFFER_BYTES = 4 << 20;
    private static final int TCP_BUFFER_BYTES = 4 << 20;
    private static final int WELL_USED_PORTS = 50_000;
    private static final Pattern LIMIT = Pattern.compile("Max open files\\s+(\\S+)\\s+(\\S+)");

    private final Path proc;
    private final StringBuilder out = new StringBuilder();
    private int advised;

    private SystemReport(Path proc) {
        this.proc = proc;
    }

    /// The report for this machine.
    ///
    /// @param config what is to run here, or null if that is not known
    public static String of(@Nullable LbConfig config) {
        return of(Path.of("/proc"), config);
    }

    static String of(Path proc, @Nullable LbConfig config) {
        SystemReport report = new SystemReport(proc);
        report.descriptors(config);
        settings(config).forEach(report::setting);
        report.out.append(report.advised == 0
                ? "all as it should be\n"
                : report.advised + " to look at; set with `sysctl -w NAME=VALUE`, for good in /etc/sysctl.d/\n");
        return report.out.toString();
    }

    private static List<Setting> settings(@Nullable LbConfig config) {
        long sessions = config == null ? MANY_SESSIONS : config.maxConnections();
        long backlog = config == null
                ? BACKLOG
                : config.listeners().stream().filter(ListenerConfig::tcp).mapToInt(l -> l.socket().backlog()).max()
                        .orElse(0);
        List<Setting> all = new ArrayList<>();
        all.add(Setting.atLeast("net.core.somaxconn", backlog,
                "cuts the listeners' backlog: connections of a burst that do not fit are dropped, and tried again after "
                        + "1 s"));
        all.add(Setting.atLeast("net.ipv4.tcp_max_syn_backlog", backlog,
                "handshakes under way; more are only kept by SYN cookies"));
        all.add(Setting.oneOf("net.ipv4.tcp_syncookies",
                "a flood of SYNs fills the backlog otherwise, and nobody else gets in", "1", "2"));
        all.add(new Setting("net.ipv4.ip_local_port_range",
                "at least " + WELL_USED_PORTS + " ports, such as 1024 65535",
                value -> ports(value) >= WELL_USED_PORTS,
                "connections to one backend (address and port) need a local port each: no more fit"));
        all.add(Setting.oneOf("net.ipv4.tcp_tw_reuse",
                "ports of ended connections to backends can be used again after 1 s rather than 60 s", "1", "2"));
        all.add(Setting.oneOf("net.ipv4.tcp_migrate_req",
                "connections that wait to be accepted are reset when one of several listening sockets is closed, as on "
                        + "a change of `bind` or at the end",
                "1"));
        all.add(Setting.atLeast("net.core.netdev_max_backlog", 1000,
                "packets of a burst that the cores have not taken yet are dropped beyond it"));
        all.add(Setting.atLeast("net.ipv4.tcp_rmem", TCP_BUFFER_BYTES,
                "the largest receive buffer bounds the speed over long distances (its last number counts)"));
        all.add(Setting.atLeast("net.ipv4.tcp_wmem", TCP_BUFFER_BYTES,
                "the same of the send buffer (its last number counts)"));
        if (config == null || config.listeners().stream().anyMatch(listener -> listener.udp() != null)) {
            all.add(Setting.atLeast("net.core.rmem_max", UDP_BUFFER_BYTES,
                    "UDP listeners ask for 4m; datagrams of a burst that do not fit are dropped"));
            all.add(Setting.atLeast("net.core.wmem_max", UDP_BUFFER_BYTES, "the same for answers"));
        }
        all.add(Setting.atLeast("net.netfilter.nf_conntrack_max", 2 * 2 * sessions,
                "where connections are tracked, each session takes two entries; when none is left, packets are dropped "
                        + "whoever sent them. Twice that, as ended ones stay for minutes; or exclude lb's ports (notrack)"));
        all.add(Setting.oneOf("net.ipv4.tcp_abort_on_overflow",
                "1 resets clients in a burst that would get in with their next attempt", "0"));
        all.add(Setting.oneOf("net.ipv4.tcp_slow_start_after_idle",
                "1 makes each answer after a pause begin slowly: for databases and long sessions", "0"));
        return all;
    }

    /// The limits of the process and of the system on open files.
    private void descriptors(@Nullable LbConfig config) {
        long needed = 2L * (config == null ? MANY_SESSIONS : config.maxConnections());
        String why = "a TCP session takes two descriptors, a UDP flow one; max-connections is derived from it (ulimit -Hn, "
                + "LimitNOFILE=)";
        line("open files (hard limit)", hardLimit(),
                new Setting("", "at least " + needed, value -> Setting.number(value) >= needed, why));
        setting(Setting.atLeast("fs.nr_open", needed, "no process can have a higher limit"));
        setting(Setting.atLeast("fs.file-max", 2 * needed, "the same of all processes together"));
    }

    private @Nullable String hardLimit() {
        try {
            Matcher limit = LIMIT.matcher(Files.readString(proc.resolve("self/limits")));
            if (limit.find()) {
                return limit.group(2).equals("unlimited") ? Long.toString(Long.MAX_VALUE) : limit.group(2);
            }
        } catch (IOException e) {
            // Not a Linux with /proc; the line says so.
        }
        return null;
    }

    private void setting(Setting setting) {
        line(setting.name(), setting.read(proc), setting);
    }

    private void line(String name, @Nullable String value, Setting setting) {
        boolean isGood = value == null || setting.isGood().test(value);
        advised += isGood ? 0 : 1;
        String verdict = value == null ? "-" : isGood ? "ok" : "LOOK";
        out.append(String.format(Locale.ROOT, "%-5s %-34s %s%n", verdict, name, value == null
                ? "not on this system"
                : value + (isGood ? "" : ", should be " + setting.expected())));
        if (!isGood) {
            out.append("      ").append(setting.why()).append('\n');
        }
    }

    private static long ports(String range) {
        String[] ends = range.split("\\s+", -1);
        return ends.length == 2 ? Setting.number(ends[1]) - Setting.number(ends[0]) + 1 : 0;
    }
}
