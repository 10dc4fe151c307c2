package lb.cli.upgrade;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.lang.reflect.Constructor;
import java.lang.reflect.RecordComponent;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Arrays;
import java.util.List;
import lb.cli.json.JsonObject;
import lb.core.config.Octets;

/// Records of the engine as JSON, a field for each component. They are read and written by what the record itself says: what
/// one version has added is 0, false or empty where the other does not know it, and nobody has to think of it.
///
/// Threading: any thread.
final class Records {

    private static final ClassValue<Shape> SHAPES = new ClassValue<>() {
        @Override
        protected Shape computeValue(Class<?> type) {
            RecordComponent[] components = type.getRecordComponents();
            Class<?>[] types = Arrays.stream(components).map(RecordComponent::getType).toArray(Class<?>[]::new);
            try {
                return new Shape(List.of(components), type.getDeclaredConstructor(types));
            } catch (NoSuchMethodException e) {
                throw new AssertionError(e);
            }
        }
    };

    private record Shape(List<RecordComponent> components, Constructor<?> constructor) {}

    private Records() {}

    /// Writes records as a field.
    static void write(JsonGenerator out, String field, List<? extends Record> records) throws IOException {
        out.writeArrayFieldStart(field);
        for (Record one : records) {
            out.writeStartObject();
            for (RecordComponent component : SHAPES.get(one.getClass()).components()) {
                out.writeFieldName(component.getName());
                write(out, valueOf(component, one));
            }
            out.writeEndObject();
        }
        out.writeEndArray();
    }

    private static Object valueOf(RecordComponent component, Record of) {
        try {
            return component.getAccessor().invoke(of);
        } catch (ReflectiveOperationException e) {
            throw new LinkageError(component.getName(), e);
        }
    }

    private static void write(JsonGenerator out, Object value) throws IOException {
        switch (value) {
            case Boolean truth -> out.writeBoolean(truth);
            case Integer number -> out.writeNumber(number);
            case Long number -> out.writeNumber(number);
            case Enum<?> constant -> out.writeString(constant.name());
            case InetSocketAddress address -> out.writeString(text(address));
            case Octets octets -> out.writeString(octets.hex());
            default -> out.writeString(value.toString());
        }
    }

    /// Reads a record.
    ///
    /// @throws IOException if it cannot be one
    static <R extends Record> R read(Class<R> type, JsonObject from) throws IOException {
        Shape shape = SHAPES.get(type);
        Object[] arguments = new Object[shape.components().size()];
        for (int i = 0; i < arguments.length; i++) {
            RecordComponent component = shape.components().get(i);
            arguments[i] = value(component.getType(), component.getName(), from);
        }
        try {
            return type.cast(shape.constructor().newInstance(arguments));
        } catch (ReflectiveOperationException e) {
            throw new IOException(type.getSimpleName() + ": " + e.getCause(), e);
        }
    }

    private static Object value(Class<?> type, String name, JsonObject from) throws IOException {
        if (type == boolean.class) {
            return from.isTrue(name);
        }
        if (type == int.class) {
            return (int) from.number(name);
        }
        if (type == long.class) {
            return from.number(name);
        }
        String text = from.text(name);
        try {
            if (type == InetSocketAddress.class) {
                return address(text);
            }
            if (type == Octets.class) {
                return new Octets(text);
            }
            return type.isEnum() ? constant(type, text) : text;
        } catch (IllegalArgumentException e) {
            throw new IOException(name + " = \"" + text + "\"", e);
        }
    }

    private static Object constant(Class<?> type, String name) {
        for (Object one : type.getEnumConstants()) {
            if (((Enum<?>) one).name().equals(name)) {
                return one;
            }
        }
        throw new IllegalArgumentException(name);
    }

    /// With the interface of a link-local address, by its number or name.
    static String text(InetSocketAddress address) {
        return address.getAddress().getHostAddress() + ":" + address.getPort();
    }

    static InetSocketAddress address(String text) {
        int colon = text.lastIndexOf(':');
        if (colon < 0) {
            throw new IllegalArgumentException(text);
        }
        return new InetSocketAddress(InetAddress.ofLiteral(text.substring(0, colon)),
                Integer.parseInt(text.substring(colon + 1)));
    }
}
