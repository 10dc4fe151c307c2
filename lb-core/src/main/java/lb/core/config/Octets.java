package lb.core.config;

import java.nio.charset.StandardCharsets;
import java.util.HexFormat;

/// Some bytes, as a value.
///
/// @param hex two digits for each byte, in lower case
public record Octets(String hex) {

    /// No bytes.
    public static final Octets NONE = new Octets("");

    public static Octets of(byte[] bytes) {
        return new Octets(HexFormat.of().formatHex(bytes));
    }

    /// The bytes of a text in UTF-8.
    public static Octets ofText(String text) {
        return of(text.getBytes(StandardCharsets.UTF_8));
    }

    public byte[] toBytes() {
        return HexFormat.of().parseHex(hex);
    }

    public boolean isEmpty() {
        return hex.isEmpty();
    }

    @Override
    public String toString() {
        return "0x" + hex;
    }
}
