package lb.cli.system;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// The local ports that the kernel gives out (net.ipv4.ip_local_port_range).
public final class PortRange {

    private static final Path RANGE = Path.of("/proc/sys/net/ipv4/ip_local_port_range");
    private static final Pattern FIRST_LAST = Pattern.compile("(\\d{1,5})\\s+(\\d{1,5})");
    /// The kernel's default.
    private static final int DEFAULT_PORTS = 28_232;

    private PortRange() {}

    /// How many this machine has.
    public static int ofMachine() {
        // Not Files.readString: it asks for one byte first, and the kernel gives no more after that.
        try (BufferedReader reader = Files.newBufferedReader(RANGE)) {
            Matcher range = FIRST_LAST.matcher(String.valueOf(reader.readLine()).strip());
            return range.matches()
                    ? Integer.parseInt(range.group(2)) - Integer.parseInt(range.group(1)) + 1
                    : DEFAULT_PORTS;
        } catch (IOException e) {
            return DEFAULT_PORTS;
        }
    }
}
