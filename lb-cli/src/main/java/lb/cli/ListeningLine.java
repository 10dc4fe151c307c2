package lb.cli;

import java.net.InetSocketAddress;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import lb.core.config.BalanceConfig;
import lb.core.config.Bind;
import lb.core.config.IpText;
import lb.core.config.LbConfig;
import lb.core.config.ListenerConfig;
import lb.core.config.PoolConfig;

/// What the program says when it has started.
final class ListeningLine {

    private ListeningLine() {}

    /// `127.0.0.1:5432 (default, 2 backends, least-connections), 127.0.0.1:53 (dns, udp, 2 backends, round-robin)`
    static String of(LbConfig config, Map<String, List<InetSocketAddress>> addresses) {
        return config.listeners().stream()
                .map(listener -> addresses(listener.bind(), addresses.getOrDefault(listener.name(), List.of())) + " ("
                        + describe(listener, config) + ")")
                .collect(Collectors.joining(", "));
    }

    /// As configured, but for a port of the kernel's choice.
    private static String addresses(Bind bind, List<InetSocketAddress> bound) {
        if (bind.firstPort() != 0 || bound.isEmpty()) {
            return bind.toString();
        }
        return bound.stream().map(ListeningLine::address).distinct().collect(Collectors.joining(" and "));
    }

    private static String address(InetSocketAddress address) {
        if (address.getAddress().isAnyLocalAddress()) {
            return "*:" + address.getPort();
        }
        return IpText.of(address);
    }

    private static String describe(ListenerConfig listener, LbConfig config) {
        PoolConfig pool = config.pools().stream().filter(p -> p.name().equals(listener.pool())).findFirst()
                .orElseThrow(() -> new IllegalStateException("pool: " + listener.pool()));
        int backends = pool.backends().size();
        String to = listener.name().equals(pool.name()) || listener.name().startsWith("default")
                ? ""
                : " -> " + pool.name();
        String protocol = listener.udp() == null ? "" : listener.tcp() ? ", tcp and udp" : ", udp";
        return listener.name() + to + protocol + ", " + backends + (backends == 1 ? " backend, " : " backends, ")
                + name(pool.balance());
    }

    private static String name(BalanceConfig balance) {
        return balance instanceof BalanceConfig.Hash hash
                ? "hash of " + word(hash.key())
                : word(balance.algorithm());
    }

    private static String word(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
