package lb.cli.admin;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import lb.cli.json.Json;
import org.jspecify.annotations.Nullable;

/// The document of the admin interface, which says whether an answer is one that it describes.
final class OpenApi {

    private final Map<String, @Nullable Object> document;

    OpenApi() throws Exception {
        try (var in = Objects.requireNonNull(AdminApi.class.getResourceAsStream("openapi.json"))) {
            document = Json.read(new String(in.readAllBytes(), StandardCharsets.UTF_8));
        }
    }

    private static Map<?, ?> map(@Nullable Object of, String key) {
        return of instanceof Map<?, ?> map && map.get(key) instanceof Map<?, ?> inner ? inner : Map.of();
    }

    /// `GET /v1/status` and all the others.
    List<String> operations() {
        List<String> operations = new ArrayList<>();
        map(document, "paths").forEach((path, methods) -> ((Map<?, ?>) methods).keySet()
                .forEach(method -> operations.add(method.toString().toUpperCase(java.util.Locale.ROOT) + " " + path)));
        return operations;
    }

    /// What an answer has that the document does not say, and the other way around.
    List<String> faults(String method, String path, int status, String body) throws Exception {
        Map<?, ?> operation = map(map(map(document, "paths"), path), method.toLowerCase(java.util.Locale.ROOT));
        Map<?, ?> response = map(map(operation, "responses"), Integer.toString(status));
        if (response.isEmpty()) {
            return List.of(method + " " + path + " does not answer with " + status);
        }
        List<String> faults = new ArrayList<>();
        check(map(map(map(response, "content"), "application/json"), "schema"), Json.read(body), "", faults);
        return faults;
    }

    private void check(Map<?, ?> schema, @Nullable Object value, String at, List<String> faults) {
        if (schema.get("$ref") instanceof String reference) {
            check(map(map(map(document, "components"), "schemas"), reference.substring(reference.lastIndexOf('/') + 1)),
                    value, at, faults);
            return;
        }
        List<?> types = schema.get("type") instanceof List<?> several
                ? several
                : List.of(String.valueOf(schema.get("type")));
        if (types.stream().noneMatch(type -> is(type.toString(), value))) {
            faults.add(at + ": " + value + " is no " + types);
        } else if (schema.get("enum") instanceof List<?> words && !words.contains(value)) {
            faults.add(at + ": " + value + " is not in " + words);
        } else if (value instanceof List<?> list) {
            list.forEach(one -> check(map(schema, "items"), one, at + "[]", faults));
        } else if (value instanceof Map<?, ?> object) {
            checkObject(schema, object, at, faults);
        }
    }

    private void checkObject(Map<?, ?> schema, Map<?, ?> object, String at, List<String> faults) {
        if (schema.get("required") instanceof List<?> required) {
            required.stream().filter(name -> !object.containsKey(name))
                    .forEach(name -> faults.add(at + "." + name + " is missing"));
        }
        object.forEach((name, value) -> {
            Map<?, ?> property = map(map(schema, "properties"), name.toString());
            Map<?, ?> others = map(schema, "additionalProperties");
            if (!property.isEmpty() || !others.isEmpty()) {
                check(property.isEmpty() ? others : property, value, at + "." + name, faults);
            } else if (schema.containsKey("properties")) {
                faults.add(at + "." + name + " is not described");
            }
        });
    }

    private static boolean is(String type, @Nullable Object value) {
        return switch (type) {
            case "string" -> value instanceof String;
            case "integer" -> value instanceof Long;
            case "number" -> value instanceof Number;
            case "boolean" -> value instanceof Boolean;
            case "array" -> value instanceof List;
            case "object" -> value instanceof Map;
            case "null" -> value == null;
            default -> throw new AssertionError("type " + type);
        };
    }
}
