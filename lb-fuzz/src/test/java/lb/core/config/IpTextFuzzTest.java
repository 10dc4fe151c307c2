package lb.core.config;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;

import static org.assertj.core.api.Assertions.assertThat;

/// Addresses as text, as a PROXY header of version 1 has them: the JDK's own reader is the judge, which takes more.
class IpTextFuzzTest {

    @FuzzTest(maxDuration = "60s")
    void address(byte[] input) {
        String text = new String(input, StandardCharsets.UTF_8);
        byte[] ipv4 = IpText.parseIpv4(text);
        byte[] ipv6 = IpText.parseIpv6(text);
        assertThat(ipv4 != null && ipv6 != null).isFalse();
        byte[] found = ipv4 == null ? ipv6 : ipv4;
        if (found != null) {
            InetAddress address = IpText.addressOf(found);
            assertThat(InetAddress.ofLiteral(text)).isEqualTo(address);
            assertThat(InetAddress.ofLiteral(IpText.of(address))).isEqualTo(address);
        }
        if (ipv4 != null) {
            assertThat(IpText.of(IpText.addressOf(ipv4))).as("there is one way to write it").isEqualTo(text);
        } else if (ipv6 == null) {
            assertRefused(text);
        }
    }

    /// All that the JDK takes and this does not: short and long forms of IPv4, groups of more than four digits, brackets
    /// and zones.
    private static void assertRefused(String text) {
        InetAddress address;
        try {
            address = InetAddress.ofLiteral(text);
        } catch (IllegalArgumentException e) {
            return;
        }
        boolean isLoose = text.indexOf(':') < 0 || text.indexOf('[') >= 0 || text.indexOf('%') >= 0
                || text.indexOf('.') >= 0 || text.matches(".*[0-9a-fA-F]{5}.*");
        assertThat(isLoose).as("%s is %s", text, address).isTrue();
    }
}
