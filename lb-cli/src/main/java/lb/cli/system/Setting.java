package lb.cli.system;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/// One setting of the system, and what it should be.
///
/// @param name as sysctl has it, such as `net.core.somaxconn`
/// @param expected in words, such as `at least 4096`
/// @param isGood whether a value is as expected
/// @param why what goes wrong otherwise
record Setting(String name, String expected, Predicate<String> isGood, String why) {

    /// A number that must not be smaller.
    static Setting atLeast(String name, long least, String why) {
        return new Setting(name, "at least " + least, value -> number(value) >= least, why);
    }

    /// One of some values.
    static Setting oneOf(String name, String why, String... values) {
        return new Setting(name, String.join(" or ", values), value -> {
            for (String good : values) {
                if (good.equals(value)) {
                    return true;
                }
            }
            return false;
        }, why);
    }

    /// The value, or null if this kernel does not have the setting.
    ///
    /// @param proc where `/proc` is
    @Nullable
    String read(Path proc) {
        // Not Files.readString: it asks for one byte first, and the kernel gives no more after that.
        try (BufferedReader reader = Files.newBufferedReader(proc.resolve("sys").resolve(name.replace('.', '/')))) {
            String line = reader.readLine();
            return line == null ? null : line.strip().replace('\t', ' ');
        } catch (IOException e) {
            return null;
        }
    }

    /// The last number of a value, as tcp_rmem has three; -1 if there is none.
    static long number(String value) {
        String[] numbers = value.split("\\s+", -1);
        try {
            return Long.parseLong(numbers[numbers.length - 1]);
        } catch (NumberFormatException e) {
            return -1;
        }
    }
}
