package lb.cli.json;

import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// An object that was read, by its fields. What is not there is empty, 0 or false.
public record JsonObject(Map<String, @Nullable Object> fields) {

    public static final JsonObject EMPTY = new JsonObject(Map.of());

    /// @throws IOException if the text is none
    public static JsonObject of(String text) throws IOException {
        return new JsonObject(Json.read(text));
    }

    public Set<String> names() {
        return fields.keySet();
    }

    public boolean has(String field) {
        return fields.get(field) != null;
    }

    /// A text, or anything else as text.
    public String text(String field) {
        Object value = fields.get(field);
        return value == null ? "" : value.toString();
    }

    /// The text, or null.
    public @Nullable String textOrNull(String field) {
        return has(field) ? text(field) : null;
    }

    public long number(String field) {
        return fields.get(field) instanceof Number number ? number.longValue() : 0;
    }

    public boolean isTrue(String field) {
        return Boolean.TRUE.equals(fields.get(field));
    }

    /// The object in a field.
    public JsonObject object(String field) {
        return fields.get(field) instanceof Map<?, ?> map ? of(map) : EMPTY;
    }

    /// The objects of a list.
    public List<JsonObject> objects(String field) {
        return fields.get(field) instanceof List<?> list
                ? list.stream().filter(Map.class::isInstance).map(one -> of((Map<?, ?>) one)).toList()
                : List.of();
    }

    /// The texts of a list.
    public List<String> texts(String field) {
        return fields.get(field) instanceof List<?> list
                ? list.stream().map(String::valueOf).toList()
                : List.of();
    }

    private static JsonObject of(Map<?, ?> map) {
        Map<String, @Nullable Object> fields = new LinkedHashMap<>();
        map.forEach((name, value) -> fields.put(String.valueOf(name), value));
        return new JsonObject(fields);
    }
}
