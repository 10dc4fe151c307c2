package lb.cli.config;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import lb.core.config.ConnectionIdConfig;
import lb.core.config.FlowConfig;
import lb.core.config.FlowConfig.Shed;
import lb.core.config.FlowConfig.Unanswered;
import lb.core.config.UdpProxyHeader;
import org.jspecify.annotations.Nullable;

/// Reads what a listener says of UDP.
final class FlowReader {

    private static final int MANY = 1_000_000;
    private static final List<String> KEYS = List.of("idle-timeout", "requests", "responses", "unanswered", "max-flows",
            "max-flows-per-source", "shed", "flow-key", "udp-proxy-header");
    private static final Map<String, Shed> SHED = PoolReader.words("new", Shed.NEW, "oldest-idle", Shed.OLDEST_IDLE);
    private static final Map<String, Boolean> FLOW_KEYS = PoolReader.words("address", false, "quic-connection-id",
            true);

    static final Map<String, UdpProxyHeader> HEADERS = PoolReader.words("every", UdpProxyHeader.EVERY, "first",
            UdpProxyHeader.FIRST);

    private final Block block;

    /// @param block of the listener
    FlowReader(Block block) {
        this.block = block;
    }

    /// @param asked whether the listener takes datagrams
    /// @return null if it does not
    @Nullable
    FlowConfig read(boolean asked) {
        Duration idle = block.read("idle-timeout", Values.duration());
        int requests = block.read("requests", Values.integer(1, MANY).or("off", 0));
        int responses = block.read("responses", Values.integer(0, MANY).or("off", -1));
        Unanswered unanswered = unanswered(block.block("unanswered", "count"));
        int maxFlows = block.read("max-flows", Values.integer(1, ConfigReader.MOST_CONNECTIONS).or("auto",
                FlowConfig.DEFAULT_MAX_FLOWS));
        int perSource = block.read("max-flows-per-source", ConfigReader.limit());
        Shed shed = block.read("shed", ValueParser.word(SHED));
        ConnectionIdConfig connectionId = connectionId(block.block("flow-key", "type"));
        UdpProxyHeader header = block.read("udp-proxy-header", ValueParser.word(HEADERS));
        if (!asked) {
            for (String key : KEYS) {
                block.forbid(key, "applies only to a listener with protocol = udp");
            }
            return null;
        }
        return new FlowConfig(idle, maxFlows, perSource, shed, requests, responses, unanswered, header, connectionId);
    }

    private static Unanswered unanswered(Block block) {
        return new Unanswered(block.read("count", Values.integer(1, MANY).or("off", 0)),
                block.read("within", Values.duration()));
    }

    private static @Nullable ConnectionIdConfig connectionId(Block block) {
        boolean asked = block.read("type", ValueParser.word(FLOW_KEYS));
        int length = block.read("length", Values.integer(1, ConnectionIdConfig.MAX_LENGTH));
        int offset = block.read("offset", Values.integer(0, ConnectionIdConfig.MAX_BYTES - 1));
        if (!asked) {
            for (String key : List.of("length", "offset")) {
                block.forbid(key, "applies only to type = quic-connection-id");
            }
            return null;
        }
        if (length + offset > ConnectionIdConfig.MAX_BYTES) {
            block.problem("offset", "expected offset and length together to be at most "
                    + ConnectionIdConfig.MAX_BYTES + " bytes, the longest connection id");
            return null;
        }
        return new ConnectionIdConfig(length, offset);
    }
}
