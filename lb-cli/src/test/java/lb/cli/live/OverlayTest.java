package lb.cli.live;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import lb.core.config.BackendConfig;
import lb.core.config.Endpoint;
import lb.core.config.FilePlace;
import lb.core.config.LbConfig;
import lb.core.config.TestConfigs;
import lb.core.pool.AdminState;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

class OverlayTest {

    private static final LbConfig FILE = file(backend("a", 1), backend("b", 1));

    private final List<String> notes = new ArrayList<>();

    private static BackendConfig backend(String name, int weight) {
        return new BackendConfig(name, new Endpoint.Unix("/" + name), weight, false);
    }

    private static LbConfig file(BackendConfig... backends) {
        return TestConfigs.lb(TestConfigs.pool("p", List.of(backends)));
    }

    private static Overlay.Added added(String name) {
        return new Overlay.Added("p", "unix:/" + name, backend(name, 2));
    }

    private static List<String> backends(LbConfig config) {
        return config.pools().getFirst().backends().stream()
                .map(backend -> backend.name() + "=" + backend.weight()).toList();
    }

    @Test
    void saysSomethingElseThanTheConfiguration() {
        Overlay overlay = Overlay.NONE.withWeight("p/a", 5, 1).withAdded(added("c")).withWeight("p/c", 9, 2)
                .without("p/b", backend("b", 1)).withState("p/a", AdminState.DRAIN);
        assertThat(backends(overlay.applyTo(FILE))).containsExactly("a=5", "c=9");
        assertThat(overlay.marks("p/a")).containsExactly("state", "weight");
        assertThat(overlay.marks("p/c")).containsExactly("added", "weight");
        assertThat(overlay.over(FILE, notes)).isEqualTo(overlay);
        assertThat(notes).isEmpty();
    }

    @Test
    void takenBackItIsNothing() {
        assertThat(Overlay.NONE.withWeight("p/a", 5, 1).withWeight("p/a", 1, 1)
                .withState("p/a", AdminState.MAINT).withState("p/a", AdminState.READY).withAdded(added("c"))
                .without("p/c", null)).isEqualTo(Overlay.NONE);
    }

    @Test
    void aConfigurationThatChangesTheSameKeyWinsAndSaysSo() {
        Overlay overlay = Overlay.NONE.withWeight("p/a", 5, 1).withAdded(added("c")).without("p/b", backend("b", 1));
        Overlay left = overlay.over(file(backend("a", 3), backend("b", 7), backend("c", 1)), notes);
        assertThat(left).isEqualTo(Overlay.NONE);
        assertThat(notes).containsExactly(
                "backend p/c is in the configuration now, which replaces the one added at run time",
                "backend p/b, removed at run time, is back: the configuration says something else of it now",
                "backend p/a: weight 3 of the configuration replaces 5, set at run time");
    }

    @Test
    void whatWasSaidOfABackendThatIsGoneIsDropped() {
        Overlay overlay = Overlay.NONE.withState("p/a", AdminState.DRAIN).withWeight("p/a", 5, 1)
                .without("p/b", backend("b", 1));
        assertThat(overlay.over(file(backend("c", 1)), notes)).isEqualTo(Overlay.NONE);
        assertThat(notes).containsExactly("what was said of backend p/a at run time is dropped: it is gone");
    }

    @Test
    void isKeptInAFileForTheNextProcess(@TempDir Path folder) throws Exception {
        Path path = folder.resolve("state.json");
        Overlay overlay = Overlay.NONE.withWeight("p/a", 5, 1).withAdded(added("c")).without("p/b", backend("b", 1))
                .withState("p/c", AdminState.MAINT);
        StateFile file = StateFile.of(new FilePlace.At(path), Map.of());
        assertThat(file.read((_, _) -> null)).isEqualTo(Overlay.NONE);
        file.write(overlay);
        assertThat(file.read((pool, written) -> {
            assertThat(pool + " " + written).isEqualTo("p unix:/c");
            return backend("c", 2);
        })).isEqualTo(overlay);
        file.write(Overlay.NONE);
        assertThat(path).doesNotExist();
        Files.writeString(path, "{ broken");
        assertThat(file.read((_, _) -> null)).isEqualTo(Overlay.NONE);
    }

    @Test
    void withoutAStateFileNothingCanBeKept(@TempDir Path folder) throws Exception {
        StateFile none = StateFile.of(new FilePlace.Auto(), Map.of());
        none.write(Overlay.NONE);
        assertThatThrownBy(() -> none.write(Overlay.NONE.withState("p/a", AdminState.DRAIN)))
                .hasMessageContaining("there is no state-file");
        StateFile ofUnit = StateFile.of(new FilePlace.Auto(), Map.of("STATE_DIRECTORY", folder + ":/other"));
        ofUnit.write(Overlay.NONE.withState("p/a", AdminState.DRAIN));
        assertThat(folder.resolve("runtime.json")).exists();
    }
}
