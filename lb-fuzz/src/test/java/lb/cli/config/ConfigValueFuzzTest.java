package lb.cli.config;

import com.code_intelligence.jazzer.junit.FuzzTest;
import com.typesafe.config.ConfigObject;
import com.typesafe.config.ConfigUtil;
import com.typesafe.config.ConfigValue;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/// Any value for any key of reference.conf, in a configuration that is otherwise in order.
class ConfigValueFuzzTest {

    private static final int MOST_BYTES = 500;
    private static final ReadCheck CHECK = new ReadCheck();
    private static final Map<String, String> PLACES = Map.of("listener", "listeners.l", "pool", "pools.p", "backend",
            "pools.p.backends");
    private static final List<String> KEYS = keys();

    /// @param input two bytes that choose the key, and its value as somebody would write it
    @FuzzTest(maxDuration = "60s")
    void value(byte[] input) throws IOException {
        if (input.length < 2 || input.length > MOST_BYTES) {
            return;
        }
        String key = KEYS.get((input[0] & 0xFF) % KEYS.size());
        boolean isUdp = (input[1] & 1) != 0;
        boolean isQuoted = (input[1] & 2) != 0;
        String rest = new String(input, 2, input.length - 2, StandardCharsets.UTF_8);
        String value = isQuoted ? ConfigUtil.quoteString(rest) : rest;
        String ofBackend = PLACES.get("backend") + ".";
        String inBackend = key.startsWith(ofBackend) ? ", " + key.substring(ofBackend.length()) + " = " + value : "";
        String text = """
                listeners { l { bind = "127.0.0.1:1", pool = p, protocol = %s } }
                pools { p { backends = [ { address = "127.0.0.1:2"%s } ] } }
                %s
                """.formatted(isUdp ? "udp" : "tcp", inBackend, inBackend.isEmpty() ? key + " = " + value : "");
        CHECK.file(text.getBytes(StandardCharsets.UTF_8));
    }

    /// The keys as somebody would write them at the end of a file, inner ones of blocks too.
    private static List<String> keys() {
        List<String> keys = new ArrayList<>();
        ConfigObject reference = ConfigReader.reference();
        addKeys("", reference.withoutKey("lb"), keys);
        PLACES.forEach((kind, place) -> addKeys(place + ".", reference.toConfig().getObject("lb.defaults." + kind),
                keys));
        return keys.stream().sorted().toList();
    }

    private static void addKeys(String prefix, ConfigObject block, List<String> keys) {
        for (Map.Entry<String, ConfigValue> entry : block.entrySet()) {
            keys.add(prefix + entry.getKey());
            if (entry.getValue() instanceof ConfigObject inner) {
                addKeys(prefix + entry.getKey() + ".", inner, keys);
            }
        }
    }
}
