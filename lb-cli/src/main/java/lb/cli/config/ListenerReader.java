package lb.cli.config;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import lb.cli.config.ValueParser.Rejected;
import lb.core.config.AccessLogFormat;
import lb.core.config.Bind;
import lb.core.config.ListenerConfig;
import lb.core.config.SocketConfig;
import org.jspecify.annotations.Nullable;

/// Reads one listener.
final class ListenerReader {

    private static final int MANY = 1_000_000;
    private static final int LONGEST_DEFER = 32_767; // the kernel keeps it as a number of retransmits

    static final ValueParser<AccessLogFormat> ACCESS_LOG = ValueParser.word(words());

    private final AccessLogFormat accessLog;

    /// @param accessLog of listeners that say nothing of it
    ListenerReader(AccessLogFormat accessLog) {
        this.accessLog = accessLog;
    }

    /// The listener, or null with the reasons noted.
    @Nullable
    ListenerConfig read(String name, Block block) {
        block.read("protocol", ListenerReader::protocol);
        Bind bind = block.readRequired("bind", Addresses.bind());
        String pool = block.readRequired("pool", ValueParser.text("the name of a pool", text -> text));
        var allow = block.readList("allow", Addresses.cidr());
        var deny = block.readList("deny", Addresses.cidr());
        int maxConnections = block.read("max-connections", ConfigReader.limit());
        var proxyFrom = block.readList("proxy-protocol-from", Addresses.cidr());
        Duration headerTimeout = block.read("proxy-header-timeout", Values.duration());
        AccessLogFormat log = block.readOptional("access-log", ACCESS_LOG);
        SocketConfig socket = socket(block);
        if (bind == null || pool == null) {
            return null;
        }
        return new ListenerConfig(name, bind, pool, allow, deny, maxConnections, proxyFrom, headerTimeout, socket,
                log == null ? accessLog : log);
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

    private static String protocol(com.typesafe.config.ConfigValue value) throws Rejected {
        for (String word : ValueParser.text("tcp", text -> text).list().parse(value)) {
            switch (word) {
                case "tcp" -> {
                }
                case "udp", "http", "https" ->
                    throw new Rejected("not supported by this version yet; expected tcp");
                case null, default -> throw new Rejected("expected tcp");
            }
        }
        return "tcp";
    }

    private static Map<String, AccessLogFormat> words() {
        Map<String, AccessLogFormat> words = new LinkedHashMap<>();
        words.put("off", AccessLogFormat.OFF);
        words.put("text", AccessLogFormat.TEXT);
        words.put("json", AccessLogFormat.JSON);
        return words;
    }
}
