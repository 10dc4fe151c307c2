package lb.core;

import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static org.assertj.core.api.Assertions.assertThat;

class StableHashTest {

    /// If this fails, every hash table of every deployment changes: that is a
    /// breaking change. The values were computed by another implementation of
    /// the definition, in Python.
    @ParameterizedTest
    @CsvSource({
        "'', e220a8397b1dcdaf",
        "pg/a, 4fb2d08254d773e1",
        "pool/127.0.0.1:5432, 1fc5119e47db0b38",
        "pool/12, 3c530564a7143abd",
        "pg/näme, 5a17ce4a99e87bf6",
        "a-pool-with-a-long-name/a-backend-with-a-long-name@2001:db8::1, 3d15f4e322c4af9"
    })
    void neverChanges(String text, String expected) {
        assertThat(Long.toHexString(StableHash.of(text))).isEqualTo(expected);
    }

    @Test
    void tellsTextsOfEveryLengthApart() {
        Set<Long> hashes = new HashSet<>();
        for (int length = 0; length < 1000; length++) {
            hashes.add(StableHash.of("\0".repeat(length)));
            hashes.add(StableHash.of("a".repeat(length)));
        }

        assertThat(hashes).as("the empty one is counted twice").hasSize(1999);
    }
}
