package lb.cli.config;

import com.typesafe.config.ConfigUtil;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import lb.core.config.AccessLogConfig;
import lb.core.config.AddressFile;
import lb.core.config.AdminConfig;
import lb.core.config.AdmissionConfig;
import lb.core.config.BackendConfig;
import lb.core.config.BalanceConfig;
import lb.core.config.ConnectionIdConfig;
import lb.core.config.FailureConfig;
import lb.core.config.FilePlace;
import lb.core.config.FlowConfig;
import lb.core.config.HealthConfig;
import lb.core.config.IpText;
import lb.core.config.KeepaliveConfig;
import lb.core.config.LbConfig;
import lb.core.config.ListenerConfig;
import lb.core.config.LossConfig;
import lb.core.config.LossPolicy;
import lb.core.config.Octets;
import lb.core.config.OutlierConfig;
import lb.core.config.PoolConfig;
import lb.core.config.ProxyProtocolConfig;
import lb.core.config.ReadyConfig;
import lb.core.config.RetryBudgetConfig;
import lb.core.config.SocketConfig;
import lb.core.limit.Rate;
import lb.core.limit.SourceLimits;
import org.jspecify.annotations.Nullable;

/// Writes a configuration out in full, as HOCON that reads back to the
/// same records.
public final class EffectiveText {

    private final StringBuilder out = new StringBuilder();
    private String indent = "";

    private EffectiveText() {}

    public static String of(ReadResult.Valid valid) {
        EffectiveText text = new EffectiveText();
        LbConfig config = valid.config();
        text.line("workers", config.workers(), valid.derivations().workers());
        text.line("max-connections", config.maxConnections(), valid.derivations().maxConnections());
        text.line("drain-timeout", orOff(config.drainTimeout()));
        text.line("busy-poll", config.busyPoll().isZero() ? "off" : micros(config.busyPoll()));
        text.line("congestion-control", word(config.congestionControl()));
        text.line("zone", orNull(config.zone()));
        Path accessLogFile = config.accessLogFile();
        text.line("access-log-file", accessLogFile == null ? "null" : quoted(accessLogFile.toString()));
        text.admin(config.admin());
        text.ready(config.ready());
        text.open("listeners");
        config.listeners().forEach(listener -> text.listener(listener, valid.derivations()));
        text.close();
        text.open("pools");
        config.pools().forEach(text::pool);
        text.close();
        return text.out.toString();
    }

    private void admin(AdminConfig admin) {
        open("admin");
        line("socket", place(admin.socket()));
        line("http", admin.http() == null ? "off" : quoted(IpText.of(admin.http())));
        line("token-file", orNull(admin.tokenFile() == null ? null : admin.tokenFile().toString()));
        close();
        line("state-file", place(admin.stateFile()));
    }

    private void ready(ReadyConfig ready) {
        open("ready");
        line("pools", ready.pools() == null ? "all" : list(ready.pools()));
        line("min-backends", ready.minBackends());
        line("interval", duration(ready.interval()));
        line("rise", ready.rise());
        line("fall", ready.fall());
        line("lame-duck", orOff(ready.lameDuck()));
        line("file", ready.file() == null ? "off" : quoted(ready.file().toString()));
        close();
    }

    private static String place(FilePlace place) {
        return switch (place) {
            case FilePlace.Auto() -> "auto";
            case FilePlace.Off() -> "off";
            case FilePlace.At(Path path) -> quoted(path.toString());
        };
    }

    private void listener(ListenerConfig listener, Derivations derivations) {
        open(ConfigUtil.joinPath(listener.name()));
        line("bind", quoted(listener.bind().toString()));
        line("protocol", listener.udp() == null ? "tcp" : listener.tcp() ? "[tcp, udp]" : "udp");
        line("pool", quoted(listener.pool()));
        line("allow", list(listener.allow()));
        line("deny", list(listener.deny()));
        line("allow-file", list(listener.admission().allowFiles().stream().map(AddressFile::path).toList()));
        line("deny-file", list(listener.admission().denyFiles().stream().map(AddressFile::path).toList()));
        SocketConfig socket = listener.socket();
        if (listener.tcp()) {
            line("max-connections", orOff(listener.maxConnections()));
            line("proxy-header-timeout", duration(listener.proxyHeaderTimeout()));
            line("backlog", socket.backlog());
            line("defer-accept", orOff(socket.deferAccept()));
            line("fastopen", orOff(socket.fastOpen()));
            admission(listener.admission(), derivations.tableSizes().get(listener.name()));
            line("bandwidth", "{ up = " + orOff(listener.bandwidth().up()) + ", down = "
                    + orOff(listener.bandwidth().down()) + " }");
        }
        if (listener.udp() != null) {
            flows(listener.udp(), derivations.maxFlows().get(listener.name()));
        }
        line("proxy-protocol-from", list(listener.proxyProtocolFrom()));
        AccessLogConfig log = listener.accessLog();
        line("access-log", "{ format = " + word(log.format()) + ", one-in = " + log.oneIn() + ", events = "
                + (log.startRecords() ? "start-and-end" : "end") + ", tcp-info = " + log.tcpInfo() + " }");
        line("interface", socket.networkInterface() == null ? "null" : quoted(socket.networkInterface()));
        line("tos", socket.tos() < 0 ? "off" : socket.tos());
        line("receive-buffer", orAuto(socket.receiveBufferBytes()));
        line("send-buffer", orAuto(socket.sendBufferBytes()));
        close();
    }

    private void admission(AdmissionConfig admission, @Nullable String derivedTableSize) {
        SourceLimits sources = admission.sources();
        Rate rate = sources.connectionRate();
        line("on-full", word(admission.onFull()));
        line("dry-run", admission.dryRun());
        line("reject", "{ action = " + word(admission.reject().action()) + ", tarpit = "
                + duration(admission.reject().tarpit()) + " }");
        open("per-source");
        line("max-connections", orOff(sources.maxConnections()));
        line("connection-rate", quoted(RateText.of(rate)));
        line("burst", rate == null ? "auto" : rate.burst());
        line("bandwidth-up", orOff(sources.bandwidthUp()));
        line("bandwidth-down", orOff(sources.bandwidthDown()));
        line("ipv4-prefix", sources.ipv4Prefix());
        line("ipv6-prefix", sources.ipv6Prefix());
        line("table-size", sources.isActive() ? sources.tableSize() : "auto", derivedTableSize);
        close();
    }

    private void flows(FlowConfig flows, @Nullable String derivedMaxFlows) {
        line("idle-timeout", duration(flows.idleTimeout()));
        line("requests", orOff(flows.requests()));
        line("responses", flows.responses() < 0 ? "off" : flows.responses());
        line("unanswered", "{ count = " + orOff(flows.unanswered().count()) + ", within = "
                + duration(flows.unanswered().within()) + " }");
        line("max-flows", flows.maxFlows(), derivedMaxFlows);
        line("max-flows-per-source", orOff(flows.maxFlowsPerSource()));
        line("shed", word(flows.shed()));
        ConnectionIdConfig ids = flows.connectionId();
        line("flow-key", ids == null
                ? "address"
                : "{ type = quic-connection-id, length = " + ids.length() + ", offset = " + ids.offset() + " }");
        line("udp-proxy-header", word(flows.proxyHeader()));
    }

    private void pool(PoolConfig pool) {
        open(ConfigUtil.joinPath(pool.name()));
        out.append(indent).append("backends = [\n");
        for (BackendConfig backend : pool.backends()) {
            out.append(indent).append("  { address = ").append(quoted(backend.endpoint().toString()))
                    .append(", name = ")
                    .append(quoted(backend.name())).append(", weight = ").append(backend.weight())
                    .append(", backup = ").append(backend.backup()).append(", max-connections = ")
                    .append(orOff(backend.maxConnections())).append(", priority = ")
                    .append(backend.place().priority()).append(", zone = ").append(orNull(backend.place().zone()))
                    .append(serverId(backend)).append(" }\n");
        }
        out.append(indent).append("]\n");
        balance(pool.balance());
        proxyProtocol(pool.proxyProtocol());
        health(pool.health());
        line("on-none-healthy", word(pool.onNoneHealthy()));
        line("connect-timeout", duration(pool.connectTimeout()));
        line("connect-tries", pool.connectTries());
        line("idle-timeout", orOff(pool.idleTimeout()));
        line("fin-timeout", orOff(pool.finTimeout()));
        line("max-lifetime", orOff(pool.maxLifetime()));
        line("lifetime-jitter", pool.lifetimeJitterPercent());
        keepalive(pool.keepalive());
        line("max-connections", orOff(pool.maxConnections()));
        line("queue-length", orOff(pool.queue().length()));
        line("queue-timeout", duration(pool.queue().timeout()));
        line("queue-scope", word(pool.queue().scope()));
        failure(pool.failure());
        close();
    }

    private void failure(FailureConfig failure) {
        LossConfig losses = failure.losses();
        open("lost-backend");
        line("check-failed", policy(losses.checkFailed()));
        line("connect-failed", policy(losses.connectFailed()));
        line("role-changed", policy(losses.roleChanged()));
        line("removed", policy(losses.removed()));
        line("drain", policy(losses.drained()));
        line("maintenance", policy(losses.maintenance()));
        line("keep-if-down", orOff(losses.keepIfDownPercent()));
        line("close-rate", orOff(losses.closesPerSecond()));
        close();
        line("slow-start", orOff(failure.slowStart()));
        RetryBudgetConfig retries = failure.retries();
        line("retry-budget", retries.isUnlimited()
                ? "off"
                : "{ percent = " + retries.percent() + ", per-second = " + retries.perSecond() + " }");
        OutlierConfig outliers = failure.outliers();
        line("outlier", "{ consecutive-failures = " + orOff(outliers.failures()) + ", base-ejection = "
                + duration(outliers.baseEjection()) + ", max-ejection = " + duration(outliers.maxEjection())
                + ", max-ejected = " + outliers.maxEjectedPercent() + " }");
        line("panic-threshold", failure.panicPercent());
        line("overprovisioning", failure.overprovisioningPercent());
    }

    private static String policy(LossPolicy policy) {
        return switch (policy) {
            case LossPolicy.Keep() -> "keep";
            case LossPolicy.CloseNow() -> "close-now";
            case LossPolicy.CloseAfter(Duration delay) -> "close-after " + duration(delay);
        };
    }

    private static String serverId(BackendConfig backend) {
        if (backend.serverId() == BackendConfig.NO_SERVER_ID) {
            return "";
        }
        String digits = Long.toHexString(backend.serverId());
        return ", server-id = \"0x" + (digits.length() % 2 == 0 ? "" : "0") + digits + "\"";
    }

    private void balance(BalanceConfig balance) {
        String type = switch (balance) {
            case BalanceConfig.RoundRobin any -> "round-robin";
            case BalanceConfig.LeastConnections any -> "least-connections";
            case BalanceConfig.RandomTwo any -> "random-two";
            case BalanceConfig.LeastTime any -> "least-time";
            case BalanceConfig.Hash hash -> "hash, key = " + word(hash.key()) + ", table = "
                    + word(hash.table()) + ", bounded-load = " + orOff(hash.boundedLoadPercent());
        };
        line("balance", "{ type = " + type + " }");
    }

    private void proxyProtocol(ProxyProtocolConfig proxy) {
        String types = proxy.passThrough().stream().sorted().map(type -> String.format(Locale.ROOT, "\"0x%02X\"", type))
                .collect(Collectors.joining(", ", "[", "]"));
        line("proxy-protocol", "{ version = " + word(proxy.version()) + ", crc32c = " + proxy.crc32c()
                + ", unique-id = " + proxy.uniqueId() + ", pass-through = " + types + ", udp-proxy-header = "
                + word(proxy.udp()) + " }");
    }

    private void health(HealthConfig health) {
        open("health");
        line("type", word(health.type()));
        line("interval", duration(health.interval()));
        line("fast-interval", duration(health.fastInterval()));
        line("down-interval", duration(health.downInterval()));
        line("timeout", duration(health.timeout()));
        line("rise", health.rise());
        line("fall", health.fall());
        line("port", orAuto(health.port()));
        line("send", quoted(text(health.question().send())));
        line("expect", quoted(text(health.question().expect())));
        line("query", quoted(health.question().query() + "."));
        close();
    }

    private static String text(Octets octets) {
        return octets.isEmpty() ? "" : octets.toString();
    }

    private void keepalive(KeepaliveConfig keepalive) {
        open("keepalive");
        line("idle", orOff(keepalive.idle()));
        line("interval", duration(keepalive.interval()));
        line("count", keepalive.count());
        line("user-timeout", orOff(keepalive.userTimeout()));
        close();
    }

    private void open(String block) {
        out.append(indent).append(block).append(" {\n");
        indent += "  ";
    }

    private void close() {
        indent = indent.substring(2);
        out.append(indent).append("}\n");
    }

    private void line(String key, Object value) {
        line(key, value, null);
    }

    private void line(String key, Object value, @Nullable String comment) {
        out.append(indent).append(key).append(" = ").append(value);
        if (comment != null) {
            out.append(" # ").append(comment);
        }
        out.append('\n');
    }

    private static String list(Collection<?> values) {
        return values.stream().map(value -> quoted(value.toString())).collect(Collectors.joining(", ", "[", "]"));
    }

    private static String quoted(String text) {
        return ConfigUtil.quoteString(text);
    }

    private static String orNull(@Nullable String text) {
        return text == null ? "null" : quoted(text);
    }

    private static String word(Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    private static Object orOff(long number) {
        return number == 0 ? "off" : number;
    }

    private static Object orAuto(int number) {
        return number == 0 ? "auto" : number;
    }

    private static String orOff(Duration duration) {
        return duration.isZero() ? "off" : duration(duration);
    }

    private static String micros(Duration duration) {
        return java.math.BigDecimal.valueOf(duration.toNanos(), 3).stripTrailingZeros().toPlainString() + "us";
    }

    /// In the largest unit that leaves no fraction; milliseconds may have one.
    private static String duration(Duration duration) {
        if (duration.toNanosPart() != 0) {
            String millis = java.math.BigDecimal.valueOf(duration.toNanos(), 6).stripTrailingZeros().toPlainString();
            return millis + "ms";
        }
        long seconds = duration.toSeconds();
        for (var unit : List.of(Map.entry(86_400, "d"), Map.entry(3600, "h"),
                Map.entry(60, "m"))) {
            if (seconds % unit.getKey() == 0) {
                return seconds / unit.getKey() + unit.getValue();
            }
        }
        return seconds + "s";
    }
}
