package lb.core.config;

import java.lang.reflect.Field;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

class ConfigDifferenceTest {

    private static final PoolConfig POOL = TestConfigs.pool("p", List.of(backend("a", 1), backend("b", 1)));
    private static final ListenerConfig IN = TestConfigs.listener("in", "p");
    private static final LbConfig BASE = config(1, "z", List.of(IN), List.of(POOL));

    private static BackendConfig backend(String name, int weight) {
        return new BackendConfig(name, new Endpoint.Unix("/" + name), weight, false);
    }

    private static LbConfig config(int workers, String zone, List<ListenerConfig> listeners, List<PoolConfig> pools) {
        return new LbConfig(workers, 0, Duration.ofSeconds(5), Duration.ZERO, CongestionControl.AUTO, zone, listeners,
                pools);
    }

    private static List<String> changes(LbConfig from, LbConfig to) {
        return ConfigDifference.between(from, to, BASE).stream().map(ConfigChange::toString).toList();
    }

    @Test
    void theSameIsNoChange() {
        assertThat(changes(BASE, config(1, "z", List.of(IN), List.of(POOL)))).isEmpty();
    }

    @Test
    void namesWhatIsAddedChangedAndRemovedDownToTheKeys() {
        PoolConfig changed = TestConfigs.PoolBuilder.of(POOL).balance(new BalanceConfig.LeastTime()).build()
                .with(List.of(backend("b", 7), backend("c", 1)));
        LbConfig to = config(1, "y", List.of(TestConfigs.limited(IN, 9), TestConfigs.listener("more", "q")),
                List.of(changed, TestConfigs.pool("q", List.of(backend("d", 1)))));
        assertThat(changes(BASE, to)).containsExactly("zone changed", "pool p changed: balance",
                "backend p/b changed: weight", "backend p/c added", "backend p/a removed", "pool q added",
                "listener in changed: max-connections", "listener more added");
        assertThat(changes(to, BASE)).contains("listener more removed", "pool q removed");
    }

    @Test
    void theOrderOfBackendsIsAChange() {
        PoolConfig turned = POOL.with(List.of(backend("b", 1), backend("a", 1)));
        assertThat(changes(BASE, config(1, "z", List.of(IN), List.of(turned))))
                .containsExactly("pool p changed: order of backends");
    }

    @Test
    void whatOnlyAStartCanChangeIsNamedUntilThen() {
        LbConfig to = config(2, "z", List.of(IN), List.of(POOL));
        String expected = "workers changed, which takes effect with the next start only";
        assertThat(changes(BASE, to)).containsExactly(expected);
        // Also when it is in the configuration that is in use by now.
        assertThat(changes(to, to)).containsExactly(expected);
        assertThat(changes(to, BASE)).isEmpty();
    }

    /// A component that was added to a record and not here would be changed without a word.
    @Test
    void everyComponentHasAKey() throws Exception {
        assertThat(keys("LIVE") + keys("AT_START")).isEqualTo(components(LbConfig.class, "listeners", "pools"));
        assertThat(keys("LISTENER")).isEqualTo(components(ListenerConfig.class, "name", "bind", "tcp"));
        assertThat(keys("POOL")).isEqualTo(components(PoolConfig.class, "name", "backends"));
        assertThat(keys("BACKEND")).isEqualTo(components(BackendConfig.class, "name"));
    }

    private static int keys(String table) throws ReflectiveOperationException {
        Field field = ConfigDifference.class.getDeclaredField(table);
        field.setAccessible(true);
        return ((Map<?, ?>) field.get(null)).size();
    }

    private static int components(Class<?> type, String... without) {
        List<String> names = new ArrayList<>();
        for (var component : type.getRecordComponents()) {
            names.add(component.getName());
        }
        Set<String> counted = new HashSet<>(names);
        counted.removeAll(Set.of(without));
        return counted.size();
    }
}
