package lb.cli.config;

import com.typesafe.config.ConfigValue;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import lb.cli.config.ValueParser.Rejected;
import lb.core.config.AccessLogConfig;
import lb.core.config.AdmissionConfig;
import lb.core.config.BandwidthConfig;
import lb.core.config.Bind;
import lb.core.config.FlowConfig;
import lb.core.config.ListenerConfig;
import lb.core.config.SocketConfig;
import org.jspecify.annotations.Nullable;

/// Reads one listener.
final class ListenerReader {

    private static final int MANY = 1_000_000;
    private static final int LONGEST_DEFER = 32_767; // the kernel keeps it as a number of retransmits

    private static final String PROTOCOLS = "tcp, udp or [tcp, udp]";
    private static final List<String> OF_TCP = List.of("max-connections", "backlog", "defer-accept", "fastopen",
            "proxy-header-timeout", "on-full", "dry-run", "reject", "per-source", "bandwidth");

    private static final Map<String, String> OF_UDP = Map.of("max-connections", ", which has max-flows", "per-source",
            ", which has max-flows-per-source");

    private final AccessLogConfig accessLog;

    /// @param accessLog of listeners that say nothing of it
    ListenerReader(AccessLogConfig accessLog) {
        this.accessLog = accessLog;
    }

    /// The listener, or null with the reasons noted.
    @Nullable
    ListenerConfig read(String name, Block block) {
        Set<String> protocols = block.read("protocol", ListenerReader::protocols);
        Bind bind = block.readRequired("bind", Addresses.bind());
        String pool = block.readRequired("pool", ValueParser.text("the name of a pool", text -> text));
        var allow = block.readList("allow", Addresses.cidr());
        var deny = block.readList("deny", Addresses.cidr());
        int maxConnections = block.read("max-connections", ConfigReader.limit());
        var proxyFrom = block.readList("proxy-protocol-from", Addresses.cidr());
        Duration headerTimeout = block.read("proxy-header-timeout", Values.duration());
        AccessLogConfig log = AccessLogReader.read(block, accessLog);
        SocketConfig socket = socket(block);
        AdmissionReader admissions = new AdmissionReader(block);
        AdmissionConfig admission = admissions.read();
        BandwidthConfig bandwidth = admissions.bandwidth();
        FlowConfig flows = new FlowReader(block).read(protocols.contains("udp"));
        if (!protocols.contains("tcp")) {
            for (String key : OF_TCP) {
                block.forbid(key, "does not apply to protocol = udp" + OF_UDP.getOrDefault(key, ""));
            }
        }
        if (bind == null || pool == null) {
            return null;
        }
        return new ListenerConfig(name, bind, pool, allow, deny, maxConnections, proxyFrom, headerTimeout, socket,
                log, protocols.contains("tcp"), flows, admission, bandwidth);
    }

    private static SocketConfig socket(Block block) {
        return new SocketConfig(block.read("backlog", Values.integer(1, MANY)),
                block.read("defer-accept", Values.wholeSeconds(LONGEST_DEFER).or("off", Duration.ZERO)),
                block.read("fastopen", Values.integer(1, MANY).or("off", 0)),
                block.readOptional("interface", Values.interfaceName()),
                block.read("tos", Values.integer(0, 255).or("off", -1)),
                block.read("receive-buffer", Values.size().or("auto", 0)),
                block.read("send-buffer", Values.size().or("auto", 0)));
    }

    private static Set<String> protocols(ConfigValue value) throws Rejected {
        Set<String> protocols = new LinkedHashSet<>();
        for (String word : ValueParser.text(PROTOCOLS, text -> text).list().parse(value)) {
            switch (word) {
                case "tcp", "udp" -> {
                    if (!protocols.add(word)) {
                        throw new Rejected("is written twice; expected " + PROTOCOLS);
                    }
                }
                case "http", "https" ->
                    throw new Rejected("not supported by this version yet; expected " + PROTOCOLS);
                default -> throw new Rejected("expected " + PROTOCOLS);
            }
        }
        if (protocols.isEmpty()) {
            throw new Rejected("expected " + PROTOCOLS);
        }
        return protocols;
    }
}
