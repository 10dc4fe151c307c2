package lb.cli.live;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.function.BiFunction;
import lb.cli.json.Json;
import lb.cli.json.JsonObject;
import lb.core.config.BackendConfig;
import lb.core.config.ConfigChange;
import lb.core.config.FilePlace;
import lb.core.pool.AdminState;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The file that keeps what was said at run time, for the next process. It is replaced as a whole.
///
/// Threading: one thread at a time.
public final class StateFile {

    private static final Logger LOG = LoggerFactory.getLogger(StateFile.class);
    private static final String NAME = "runtime.json";

    private final @Nullable Path path;

    private StateFile(@Nullable Path path) {
        this.path = path;
    }

    /// @param environment of the process
    public static StateFile of(FilePlace place, Map<String, String> environment) {
        return new StateFile(switch (place) {
            case FilePlace.Off() -> null;
            case FilePlace.At(Path at) -> at;
            case FilePlace.Auto() -> {
                String folders = environment.getOrDefault("STATE_DIRECTORY", "");
                // systemd gives all folders of the unit, the first is the unit's first.
                yield folders.isEmpty() ? null : Path.of(folders.split(":", 2)[0]).resolve(NAME);
            }
        });
    }

    /// What people call it.
    public String name() {
        return path == null ? "state-file" : path.toString();
    }

    /// What was kept; nothing if there is no file. One that cannot be read is told of, and left as it is.
    ///
    /// @param backends reads a backend of a pool as it was written
    Overlay read(BiFunction<String, String, @Nullable BackendConfig> backends) {
        if (path == null) {
            return Overlay.NONE;
        }
        try {
            return overlay(JsonObject.of(Files.readString(path)), path.toString(), backends);
        } catch (NoSuchFileException e) {
            return Overlay.NONE;
        } catch (IOException | IllegalArgumentException e) {
            LOG.error("{} cannot be read, what it keeps is not in force: {}", path, e.toString());
            return Overlay.NONE;
        }
    }

    /// What a file would keep.
    static String text(Overlay overlay) {
        return Json.object(out -> write(overlay, out));
    }

    /// What such a text keeps; nothing if it cannot be read, which is told.
    ///
    /// @param origin what people call it
    static Overlay parse(String text, String origin, BiFunction<String, String, @Nullable BackendConfig> backends) {
        try {
            return overlay(JsonObject.of(text), origin, backends);
        } catch (IOException | IllegalArgumentException e) {
            LOG.error("{}: what was said at run time cannot be read, and is not in force: {}", origin, e.toString());
            return Overlay.NONE;
        }
    }

    private static Overlay overlay(JsonObject kept, String origin,
            BiFunction<String, String, @Nullable BackendConfig> backends) {
        Map<String, AdminState> states = new LinkedHashMap<>();
        JsonObject ofStates = kept.object("states");
        ofStates.names()
                .forEach(id -> states.put(id, AdminState.valueOf(ofStates.text(id).toUpperCase(Locale.ROOT))));
        Map<String, Overlay.Weight> weights = new LinkedHashMap<>();
        JsonObject ofWeights = kept.object("weights");
        ofWeights.names().forEach(id -> weights.put(id, new Overlay.Weight((int) ofWeights.object(id).number("weight"),
                (int) ofWeights.object(id).number("base"))));
        Map<String, String> removed = new LinkedHashMap<>();
        JsonObject ofRemoved = kept.object("removed");
        ofRemoved.names().forEach(id -> removed.put(id, ofRemoved.text(id)));
        Map<String, Overlay.Added> added = new LinkedHashMap<>();
        for (JsonObject one : kept.objects("added")) {
            BackendConfig backend = backends.apply(one.text("pool"), one.text("backend"));
            if (backend == null) {
                LOG.error("{}: backend {} of pool {} cannot be added", origin, one.text("backend"), one.text("pool"));
            } else {
                added.put(one.text("pool") + "/" + backend.name(),
                        new Overlay.Added(one.text("pool"), one.text("backend"), backend));
            }
        }
        return new Overlay(states, weights, added, removed);
    }

    /// Keeps an overlay in place of what was kept; an empty one leaves no file.
    ///
    /// @throws IOException with a reason for people
    void write(Overlay overlay) throws IOException {
        Path target = path;
        if (target == null) {
            if (overlay.isEmpty()) {
                return;
            }
            throw new IOException("there is no state-file (name one in the configuration, or set StateDirectory= in "
                    + "the systemd unit)");
        }
        try {
            if (overlay.isEmpty()) {
                Files.deleteIfExists(target);
                return;
            }
            Path temporary = target.resolveSibling(target.getFileName() + ".new");
            Files.writeString(temporary, text(overlay) + "\n");
            Files.move(temporary, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            throw new IOException(target + " cannot be written: " + e.getMessage(), e);
        }
    }

    private static void write(Overlay overlay, JsonGenerator out) throws IOException {
        out.writeNumberField("version", 1);
        out.writeObjectFieldStart("states");
        for (Map.Entry<String, AdminState> state : overlay.states().entrySet()) {
            out.writeStringField(state.getKey(), ConfigChange.word(state.getValue()));
        }
        out.writeEndObject();
        out.writeObjectFieldStart("weights");
        for (Map.Entry<String, Overlay.Weight> weight : overlay.weights().entrySet()) {
            out.writeObjectFieldStart(weight.getKey());
            out.writeNumberField("weight", weight.getValue().weight());
            out.writeNumberField("base", weight.getValue().base());
            out.writeEndObject();
        }
        out.writeEndObject();
        out.writeObjectFieldStart("removed");
        for (Map.Entry<String, String> gone : overlay.removed().entrySet()) {
            out.writeStringField(gone.getKey(), gone.getValue());
        }
        out.writeEndObject();
        out.writeArrayFieldStart("added");
        for (Overlay.Added one : overlay.added().values()) {
            out.writeStartObject();
            out.writeStringField("pool", one.pool());
            out.writeStringField("backend", one.written());
            out.writeEndObject();
        }
        out.writeEndArray();
    }
}
