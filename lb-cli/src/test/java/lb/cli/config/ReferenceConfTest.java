package lb.cli.config;

import com.typesafe.config.ConfigObject;
import com.typesafe.config.ConfigValue;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/// reference.conf is the documentation: what it has is read, what is read it has.
class ReferenceConfTest {

    @Test
    void everyKeyHasACommentAndIsRead() {
        ConfigReader reader = Readings.reader();
        Readings.valid(Readings.read("""
                listeners { l { bind = 1, pool = p } }
                pools { p { backends = ["127.0.0.1:2"] } }
                """, reader));
        Set<String> documented = new TreeSet<>();
        List<String> silent = new ArrayList<>();
        collect("", ConfigReader.reference(), documented, silent);
        assertThat(silent).as("keys without a comment").isEmpty();
        // Asking for a key that reference.conf does not have throws in Block.
        assertThat(reader.keysRead()).isEqualTo(documented);
    }

    private static void collect(String prefix, ConfigObject block, Set<String> keys, List<String> silent) {
        for (Map.Entry<String, ConfigValue> entry : block.entrySet()) {
            String path = prefix + entry.getKey();
            if (entry.getValue() instanceof ConfigObject inner && !inner.isEmpty()) {
                if (!path.equals("lb") && entry.getValue().origin().comments().isEmpty()) {
                    silent.add(path);
                }
                if (!path.startsWith("lb") || path.chars().filter(c -> c == '.').count() > 2) {
                    keys.add(path); // balance, health and the like are read as keys; lb.defaults.X are not
                }
                collect(path + ".", inner, keys, silent);
            } else {
                keys.add(path);
                if (entry.getValue().origin().comments().isEmpty()) {
                    silent.add(path);
                }
            }
        }
    }
}
