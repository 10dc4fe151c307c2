package lb.core.config;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

class CidrTest {

    @ParameterizedTest
    @CsvSource({"10.0.0.0/8, 10.0.0.0/8", "0.0.0.0/0, 0.0.0.0/0", "192.0.2.1, 192.0.2.1/32",
        "192.0.2.1/32, 192.0.2.1/32", "255.255.255.255, 255.255.255.255/32",
        "2001:db8::/32, 2001:db8::/32", "::/0, ::/0", "::1, ::1/128",
        "FE80::/10, fe80::/10"})
    void readsNetworksAndPlainAddresses(String text, String expected) {
        assertThat(Cidr.parse(text)).hasToString(expected);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", " ", "localhost", "example.com/8", "10", "10.1", "10.0.0", "10.0.0.0.0", "10.0.0.256",
        "010.0.0.0/8", "0x0a.0.0.0", "1e1.0.0.0", "[::1]", "::1%lo", "1::2::3", "12345::", ":", "/8", "10.0.0.0 /8",
        "10.0.0.0,10.0.0.1", "10.0.0.-1"})
    void refusesWhatIsNoLiteralAddress(String text) {
        assertThatThrownBy(() -> Cidr.parse(text)).isInstanceOf(IllegalArgumentException.class).hasMessage("network: "
                + text + " (expected: an IPv4 or IPv6 address, or one with a prefix length, as in 10.0.0.0/8)");
    }

    @ParameterizedTest
    @CsvSource({"10.0.0.0/33, 32", "10.0.0.0/-1, 32", "10.0.0.0/, 32", "10.0.0.0/08, 32", "10.0.0.0/+8, 32",
        "10.0.0.0/8/8, 32", "10.0.0.0/255.0.0.0, 32", "10.0.0.0/99999999999, 32", "::/129, 128", "::/x, 128"})
    void refusesAPrefixLengthOutOfRange(String text, String largest) {
        assertThatThrownBy(() -> Cidr.parse(text)).isInstanceOf(IllegalArgumentException.class)
                .hasMessage("network: " + text + " (expected: a prefix length of 0 to " + largest + ")");
    }

    @Test
    void refusesBitsAfterThePrefixAndNamesTheNetwork() {
        assertThatThrownBy(() -> Cidr.parse("10.1.2.3/8"))
                .hasMessage("network: 10.1.2.3/8 (expected: no bits set after the prefix, as in 10.0.0.0/8)");
    }

    @Test
    void refusesAnAddressMappedIntoIpv6() {
        assertThatThrownBy(() -> Cidr.parse("::ffff:10.0.0.1"))
                .hasMessage(
                        "network: ::ffff:10.0.0.1 (expected: the IPv4 address 10.0.0.1 itself, not mapped into IPv6)");
    }
}
