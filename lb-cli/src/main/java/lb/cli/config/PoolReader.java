package lb.cli.config;

import java.time.Duration;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import lb.core.config.BackendConfig;
import lb.core.config.BalanceConfig;
import lb.core.config.BalanceConfig.Hash;
import lb.core.config.BalanceConfig.HashKey;
import lb.core.config.BalanceConfig.HashTable;
import lb.core.config.HealthConfig;
import lb.core.config.HealthConfig.Question;
import lb.core.config.KeepaliveConfig;
import lb.core.config.PoolConfig;
import lb.core.config.PoolConfig.OnNoneHealthy;
import lb.core.config.ProxyProtocolConfig;
import lb.core.config.ProxyProtocolConfig.Version;
import lb.core.config.QueueConfig;
import lb.core.config.QueueConfig.Scope;
import lb.core.config.UdpProxyHeader;

/// Reads one pool, less its backends.
final class PoolReader {

    private static final int LONGEST_KEEPALIVE = 32_767; // TCP_KEEPIDLE's and TCP_KEEPINTVL's most

    private static final Map<String, HashKey> KEYS = words("source-ip", HashKey.SOURCE_IP, "source-ip-port",
            HashKey.SOURCE_IP_PORT, "five-tuple", HashKey.FIVE_TUPLE, "destination", HashKey.DESTINATION);
    private static final Map<String, HashTable> TABLES = words("maglev", HashTable.MAGLEV, "ring", HashTable.RING,
            "modulo", HashTable.MODULO);
    private static final Map<String, Version> VERSIONS = words("off", Version.OFF, "v1", Version.V1, "v2", Version.V2);
    /// `auto` is decided by who uses the pool, see [CrossChecks].
    private static final Map<String, HealthConfig.Type> PROBES = words("auto", HealthConfig.Type.TCP, "tcp",
            HealthConfig.Type.TCP, "udp", HealthConfig.Type.UDP, "dns", HealthConfig.Type.DNS, "passive",
            HealthConfig.Type.PASSIVE, "off", HealthConfig.Type.OFF);
    private static final Map<String, OnNoneHealthy> ON_NONE = words("fail", OnNoneHealthy.FAIL, "all",
            OnNoneHealthy.ALL);
    private static final Map<String, String> BALANCERS = words("round-robin", "round-robin", "least-connections",
            "least-connections", "random-two", "random-two", "least-time", "least-time", "hash", "hash",
            "five-tuple-hash", "five-tuple-hash", "source-hash", "source-hash");

    private static final Map<String, String> SCOPES = words("auto", "auto", "pool", "pool", "backend", "backend");

    private PoolReader() {}

    /// @param undecided takes the name of a pool that does not say how it is probed
    static PoolConfig read(String name, Block block, List<BackendConfig> backends, Set<String> undecided) {
        Block health = block.block("health", "type");
        if (health.isAuto("type")) {
            undecided.add(name);
        }
        BalanceConfig balance = balance(block.block("balance", "type"));
        return new PoolConfig(name, balance, backends, health(health),
                block.read("on-none-healthy", ValueParser.word(ON_NONE)),
                proxyProtocol(block.block("proxy-protocol", "version")),
                block.read("connect-timeout", Values.duration()), block.read("connect-tries", Values.integer(1, 100)),
                block.read("idle-timeout", durationOrOff()), block.read("fin-timeout", durationOrOff()),
                block.read("max-lifetime", durationOrOff()), block.read("lifetime-jitter", Values.integer(0, 100)),
                keepalive(block.block("keepalive", "idle")), block.read("max-connections", ConfigReader.limit()),
                queue(block, balance), FailureReader.read(block));
    }

    private static QueueConfig queue(Block block, BalanceConfig balance) {
        String scope = block.read("queue-scope", ValueParser.word(SCOPES));
        if (scope.equals("backend") && !(balance instanceof Hash)) {
            block.problem("queue-scope", "applies only to balance = hash, which has one backend for each session");
        }
        boolean isOfBackend = balance instanceof Hash && !scope.equals("pool");
        return new QueueConfig(block.read("queue-length", ConfigReader.limit()),
                block.read("queue-timeout", Values.duration()), isOfBackend ? Scope.BACKEND : Scope.POOL);
    }

    private static BalanceConfig balance(Block block) {
        String type = block.read("type", ValueParser.word(BALANCERS));
        HashKey key = block.read("key", ValueParser.word(KEYS));
        HashTable table = block.read("table", ValueParser.word(TABLES));
        int bound = block.read("bounded-load", Values.integer(101, 10_000).or("off", 0));
        if (!type.endsWith("hash")) {
            for (String option : List.of("key", "table", "bounded-load")) {
                block.forbid(option, "applies only to type = hash, not to " + type);
            }
        } else if (!type.equals("hash")) {
            block.forbid("key", "does not go with " + type + ", which has its key in its name; use type = hash");
        }
        return switch (type) {
            case "least-connections" -> new BalanceConfig.LeastConnections();
            case "random-two" -> new BalanceConfig.RandomTwo();
            case "least-time" -> new BalanceConfig.LeastTime();
            case "hash" -> new Hash(key, table, bound);
            case "five-tuple-hash" -> new Hash(HashKey.FIVE_TUPLE, table, bound);
            case "source-hash" -> new Hash(HashKey.SOURCE_IP, table, bound);
            default -> new BalanceConfig.RoundRobin();
        };
    }

    private static HealthConfig health(Block block) {
        HealthConfig.Type type = block.read("type", ValueParser.word(PROBES));
        Question question = new Question(block.read("send", Values.octets()), block.read("expect", Values.octets()),
                block.read("query", Values.domain()));
        if (type != HealthConfig.Type.UDP) {
            block.forbid("send", "applies only to type = udp");
            block.forbid("expect", "applies only to type = udp");
        } else if (block.written("send") == null || block.isText("send", "")) {
            block.problem("send", "expected what a probe of type udp sends");
        }
        if (type != HealthConfig.Type.DNS) {
            block.forbid("query", "applies only to type = dns");
        }
        return new HealthConfig(type, block.read("interval", Values.duration()),
                block.read("fast-interval", Values.duration()), block.read("down-interval", Values.duration()),
                block.read("timeout", Values.duration()), block.read("rise", Values.integer(1, 1000)),
                block.read("fall", Values.integer(1, 1000)),
                block.read("port", Values.integer(1, 65535).or("auto", 0)), question);
    }

    private static ProxyProtocolConfig proxyProtocol(Block block) {
        Version version = block.read("version", ValueParser.word(VERSIONS));
        boolean crc32c = block.read("crc32c", Values.bool());
        boolean uniqueId = block.read("unique-id", Values.bool());
        Set<Integer> passThrough = new HashSet<>(block.readList("pass-through", Values.tlvType()));
        UdpProxyHeader udp = block.read("udp-proxy-header", ValueParser.word(FlowReader.HEADERS));
        if (version != Version.V2) {
            for (String option : List.of("crc32c", "unique-id", "pass-through", "udp-proxy-header")) {
                block.forbid(option, "applies only to version = v2");
            }
        }
        return new ProxyProtocolConfig(version, crc32c, uniqueId, passThrough, udp);
    }

    private static KeepaliveConfig keepalive(Block block) {
        return new KeepaliveConfig(block.read("idle", Values.wholeSeconds(LONGEST_KEEPALIVE).or("off", Duration.ZERO)),
                block.read("interval", Values.wholeSeconds(LONGEST_KEEPALIVE)),
                block.read("count", Values.integer(1, 127)), block.read("user-timeout", durationOrOff()));
    }

    static ValueParser<Duration> durationOrOff() {
        return Values.duration().or("off", Duration.ZERO);
    }

    @SuppressWarnings("unchecked") // pairs of a word and its meaning
    static <T> Map<String, T> words(Object... pairs) {
        Map<String, T> words = new LinkedHashMap<>();
        for (int i = 0; i < pairs.length; i += 2) {
            words.put((String) pairs[i], (T) pairs[i + 1]);
        }
        return words;
    }
}
