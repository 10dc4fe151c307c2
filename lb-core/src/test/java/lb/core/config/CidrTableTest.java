package lb.core.config;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import lb.core.config.CidrTable.Verdict;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

class CidrTableTest {

    @Test
    void theLongestPrefixDecides() {
        CidrTable table = table(List.of("10.0.0.0/8", "10.1.2.0/24"), List.of("10.1.0.0/16", "10.1.2.3"));

        assertThat(of(table, 10, 0, 0, 1)).isEqualTo(Verdict.ALLOW);
        assertThat(of(table, 10, 1, 0, 0)).isEqualTo(Verdict.DENY);
        assertThat(of(table, 10, 1, 2, 2)).isEqualTo(Verdict.ALLOW);
        assertThat(of(table, 10, 1, 2, 3)).isEqualTo(Verdict.DENY);
        assertThat(of(table, 10, 1, 2, 4)).isEqualTo(Verdict.ALLOW);
        assertThat(of(table, 10, 1, 255, 255)).isEqualTo(Verdict.DENY);
        assertThat(of(table, 10, 2, 0, 0)).isEqualTo(Verdict.ALLOW);
        assertThat(of(table, 11, 0, 0, 0)).isEqualTo(Verdict.NONE);
    }

    @Test
    void ofTwoEqualPrefixesTheDenialCounts() {
        CidrTable table = table(List.of("10.0.0.0/8"), List.of("10.0.0.0/8"));

        assertThat(of(table, 10, 0, 0, 1)).isEqualTo(Verdict.DENY);
    }

    @Test
    void networksAtTheEndOfAFamilyHaveNothingBehindThem() {
        CidrTable table = table(List.of("0.0.0.0/0", "::/0"), List.of("255.255.255.255", "ffff::/16"));

        assertThat(of(table, 255, 255, 255, 254)).isEqualTo(Verdict.ALLOW);
        assertThat(of(table, 255, 255, 255, 255)).isEqualTo(Verdict.DENY);
        assertThat(table.of(InetAddress.ofLiteral("ffff::1").getAddress())).isEqualTo(Verdict.DENY);
        assertThat(table.of(InetAddress.ofLiteral("fffe::1").getAddress())).isEqualTo(Verdict.ALLOW);
    }

    /// Against a look at every network.
    @Test
    void saysWhatASearchOfAllNetworksSays() throws UnknownHostException {
        SplittableRandom random = new SplittableRandom(61);
        for (int round = 0; round < 300; round++) {
            int addressBytes = random.nextBoolean() ? 4 : 16;
            List<Cidr> allow = networks(random, addressBytes);
            List<Cidr> deny = networks(random, addressBytes);
            CidrTable table = new CidrTable(allow, deny);
            for (int i = 0; i < 300; i++) {
                byte[] address = address(random, addressBytes);
                int allowed = longest(allow, address);
                int denied = longest(deny, address);
                Verdict expected = allowed < 0 && denied < 0
                        ? Verdict.NONE
                        : allowed > denied ? Verdict.ALLOW : Verdict.DENY;
                assertThat(table.of(address)).as("%s in %s but %s", InetAddress.getByAddress(address), allow, deny)
                        .isEqualTo(expected);
                assertThat(table.of(addressBytes == 4, CidrTable.high(address), CidrTable.low(address)))
                        .isEqualTo(expected);
            }
        }
    }

    private static List<Cidr> networks(SplittableRandom random, int addressBytes) {
        List<Cidr> networks = new ArrayList<>();
        for (int i = random.nextInt(20); i > 0; i--) {
            byte[] first = address(random, addressBytes);
            int length = random.nextInt(addressBytes * 8 + 1);
            for (int bit = length; bit < addressBytes * 8; bit++) {
                first[bit / 8] &= (byte) ~(0x80 >> bit % 8);
            }
            networks.add(new Cidr(TestConfigs.address(ints(first)), length));
        }
        return networks;
    }

    /// The longest prefix that contains the address, compared bit by bit; -1 if none does.
    private static int longest(List<Cidr> networks, byte[] address) {
        int longest = -1;
        for (Cidr network : networks) {
            byte[] first = network.network().getAddress();
            boolean contains = true;
            for (int bit = 0; contains && bit < network.prefixLength(); bit++) {
                contains = ((first[bit / 8] ^ address[bit / 8]) >> (7 - bit % 8) & 1) == 0;
            }
            longest = contains ? Math.max(longest, network.prefixLength()) : longest;
        }
        return longest;
    }

    private static byte[] address(SplittableRandom random, int length) {
        byte[] address = new byte[length];
        for (int i = 0; i < length; i++) {
            address[i] = (byte) (random.nextInt(3) * 0x7F + random.nextInt(2));
        }
        return address;
    }

    private static int[] ints(byte[] bytes) {
        int[] ints = new int[bytes.length];
        for (int i = 0; i < bytes.length; i++) {
            ints[i] = bytes[i];
        }
        return ints;
    }

    private static CidrTable table(List<String> allow, List<String> deny) {
        return new CidrTable(allow.stream().map(Cidr::parse).toList(), deny.stream().map(Cidr::parse).toList());
    }

    private static Verdict of(CidrTable table, int... address) {
        return table.of(TestConfigs.address(address).getAddress());
    }
}
