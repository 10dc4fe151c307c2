package lb.cli.config;

import com.typesafe.config.ConfigObject;
import com.typesafe.config.ConfigValue;
import com.typesafe.config.ConfigValueFactory;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// A configuration given by flags. It says what a file would say, so that one
/// reader judges both: listeners `default`, `default-2`, ... and one pool
/// `default`.
///
/// Threading: confined to its caller.
public final class Flags {

    private static final String NAME = "default";

    private final Map<String, ConfigValue> top = new LinkedHashMap<>();
    private final List<Map<String, ConfigValue>> listeners = new ArrayList<>();
    private final Map<String, ConfigValue> ofListeners = new LinkedHashMap<>();
    private final Map<String, ConfigValue> ofUdpListeners = new LinkedHashMap<>();
    private final Map<String, ConfigValue> pool = new LinkedHashMap<>();

    /// `[tcp://|udp://][HOST:]PORT`.
    public Flags listen(String flag, String address) {
        Map<String, ConfigValue> listener = new LinkedHashMap<>();
        int scheme = address.indexOf("://");
        if (scheme >= 0) {
            listener.put("protocol", value(flag, address.substring(0, scheme)));
        }
        listener.put("bind", value(flag, scheme < 0 ? address : address.substring(scheme + 3)));
        listener.put("pool", value(flag, NAME));
        listeners.add(listener);
        return this;
    }

    /// A key at the top.
    public Flags top(String flag, String key, Object value) {
        top.put(key, value(flag, value));
        return this;
    }

    /// A key of every listener.
    public Flags listener(String flag, String key, Object value) {
        ofListeners.put(key, value(flag, value));
        return this;
    }

    /// A key of every listener that was asked to take datagrams.
    public Flags udpListener(String flag, String key, Object value) {
        ofUdpListeners.put(key, value(flag, value));
        return this;
    }

    /// A key of the pool; `health.interval` for one in a block.
    public Flags pool(String flag, String key, Object value) {
        pool.put(key, value(flag, value));
        return this;
    }

    ConfigObject toObject() {
        Map<String, ConfigValue> named = new LinkedHashMap<>();
        for (int i = 0; i < listeners.size(); i++) {
            Map<String, ConfigValue> listener = new LinkedHashMap<>(listeners.get(i));
            listener.putAll(ofListeners);
            ConfigValue protocol = listener.get("protocol");
            if (protocol != null && "udp".equals(protocol.unwrapped())) {
                listener.putAll(ofUdpListeners);
            }
            named.put(i == 0 ? NAME : NAME + "-" + (i + 1), block("--listen", listener));
        }
        Map<String, ConfigValue> all = new LinkedHashMap<>(top);
        if (!named.isEmpty()) {
            all.put("listeners", block("--listen", named));
        }
        all.put("pools", block("--backend", Map.of(NAME, poolBlock())));
        return block("--listen", all);
    }

    private ConfigObject poolBlock() {
        ConfigObject block = block("--backend", Map.of());
        for (Map.Entry<String, ConfigValue> entry : pool.entrySet()) {
            String key = entry.getKey();
            int dot = key.indexOf('.');
            if (dot < 0) {
                block = block.withValue(key, entry.getValue());
            } else {
                String outer = key.substring(0, dot);
                ConfigObject inner = block.get(outer) instanceof ConfigObject known
                        ? known
                        : block(entry.getValue().origin().description(), Map.of());
                block = block.withValue(outer, inner.withValue(key.substring(dot + 1), entry.getValue()));
            }
        }
        return block;
    }

    private static ConfigObject block(String flag, Map<String, ConfigValue> values) {
        return ConfigValueFactory.fromMap(values, flag);
    }

    private static ConfigValue value(String flag, Object value) {
        return ConfigValueFactory.fromAnyRef(value, flag);
    }
}
