package lb.cli.config;

import com.code_intelligence.jazzer.junit.FuzzTest;
import com.typesafe.config.ConfigValueFactory;
import java.nio.charset.StandardCharsets;
import java.util.List;
import lb.core.config.Cidr;
import lb.core.config.CidrSet;
import org.jspecify.annotations.Nullable;

import static org.assertj.core.api.Assertions.assertThat;

/// A network, in a list of the configuration and in a line of an address file: both take the same.
class CidrFuzzTest {

    @FuzzTest(maxDuration = "60s")
    void network(byte[] input) {
        String text = new String(input, StandardCharsets.UTF_8);
        Cidr ofFile = ofFile(text);

        assertThat(ofList(text)).isEqualTo(ofFile);
        if (ofFile != null) {
            assertThat(Cidr.parse(ofFile.toString())).isEqualTo(ofFile);
            assertContains(ofFile);
        }
    }

    /// Its addresses, from the first to the last, and not the one that a bit of the prefix parts from it.
    private static void assertContains(Cidr network) {
        CidrSet set = new CidrSet(List.of(network));
        byte[] first = network.network().getAddress();
        byte[] last = first.clone();
        for (int bit = network.prefixLength(); bit < last.length * 8; bit++) {
            last[bit / 8] |= (byte) (0x80 >> bit % 8);
        }
        assertThat(set.contains(first)).isTrue();
        assertThat(set.contains(last)).isTrue();
        if (network.prefixLength() > 0) {
            int bit = network.prefixLength() - 1;
            last[bit / 8] ^= (byte) (0x80 >> bit % 8);
            assertThat(set.contains(last)).isFalse();
        }
    }

    private static @Nullable Cidr ofFile(String text) {
        try {
            return Cidr.parse(text);
        } catch (IllegalArgumentException e) {
            assertThat(e.getMessage()).startsWith("network: ").contains(" (expected: ");
            return null;
        }
    }

    private static @Nullable Cidr ofList(String text) {
        try {
            return Addresses.cidr().parse(ConfigValueFactory.fromAnyRef(text));
        } catch (ValueParser.Rejected e) {
            assertThat(e.rule()).isNotBlank();
            return null;
        }
    }
}
