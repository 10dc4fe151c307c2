package lb.core.config;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

class AddressRulesTest {

    private static final byte[] INSIDE = TestConfigs.address(10, 1, 2, 3).getAddress();
    private static final byte[] OUTSIDE = TestConfigs.address(192, 0, 2, 1).getAddress();

    private static final List<Cidr> NONE = List.of();
    private static final List<Cidr> TEN = List.of(Cidr.parse("10.0.0.0/8"));

    @Test
    void withoutRulesEverybodyIsPermitted() {
        AddressRules rules = new AddressRules(NONE, NONE);

        assertThat(rules.permits(INSIDE)).isTrue();
        assertThat(rules.permits(new byte[16])).isTrue();
    }

    @Test
    void allowPermitsOnlyItsNetworks() {
        AddressRules rules = new AddressRules(TEN, NONE);

        assertThat(rules.permits(INSIDE)).isTrue();
        assertThat(rules.permits(OUTSIDE)).isFalse();
        assertThat(rules.permits(new byte[16])).as("IPv6 where only IPv4 is allowed").isFalse();
        assertThat(rules.permits(new byte[0])).as("the peer of a unix socket").isFalse();
    }

    @Test
    void denyRefusesItsNetworks() {
        AddressRules rules = new AddressRules(NONE, TEN);

        assertThat(rules.permits(INSIDE)).isFalse();
        assertThat(rules.permits(OUTSIDE)).isTrue();
    }

    @Test
    void denyWinsOverAllow() {
        AddressRules rules = new AddressRules(TEN, List.of(Cidr.parse("10.1.0.0/16")));

        assertThat(rules.permits(INSIDE)).isFalse();
        assertThat(rules.permits(TestConfigs.address(10, 2, 0, 0).getAddress())).isTrue();
    }

    @Test
    void aSetContainsWhatAnyOfItsNetworksContains() throws UnknownHostException {
        SplittableRandom random = new SplittableRandom(6);
        for (int round = 0; round < 200; round++) {
            int addressBytes = random.nextBoolean() ? 4 : 16;
            List<Cidr> networks = new ArrayList<>();
            for (int i = random.nextInt(30); i > 0; i--) {
                networks.add(network(random, random.nextInt(5) == 0 ? 20 - addressBytes : addressBytes));
            }
            CidrSet set = new CidrSet(networks);

            assertThat(set.isEmpty()).isEqualTo(networks.isEmpty());
            for (int i = 0; i < 500; i++) {
                byte[] address = address(random, addressBytes);
                assertThat(set.contains(address)).as("%s in %s", InetAddress.getByAddress(address), networks)
                        .isEqualTo(networks.stream().anyMatch(network -> contains(network, address)));
            }
        }
    }

    @Test
    void aNetworkContainsItsFirstAndLastAddressAndNeitherNeighbour() {
        CidrSet network = new CidrSet(List.of(Cidr.parse("10.0.4.0/22")));

        assertThat(network.contains(TestConfigs.address(10, 0, 3, 255).getAddress())).isFalse();
        assertThat(network.contains(TestConfigs.address(10, 0, 4, 0).getAddress())).isTrue();
        assertThat(network.contains(TestConfigs.address(10, 0, 7, 255).getAddress())).isTrue();
        assertThat(network.contains(TestConfigs.address(10, 0, 8, 0).getAddress())).isFalse();
        assertThat(network.contains(new byte[16])).isFalse();
    }

    @Test
    void theWholeOfAFamilyIsANetwork() {
        CidrSet ipv4 = new CidrSet(List.of(Cidr.parse("0.0.0.0/0"), Cidr.parse("255.255.255.255")));
        CidrSet ipv6 = new CidrSet(List.of(Cidr.parse("::/0"), Cidr.parse("8000::/1")));

        assertThat(ipv4.contains(OUTSIDE)).isTrue();
        assertThat(ipv4.contains(new byte[16])).isFalse();
        assertThat(ipv6.contains(OUTSIDE)).isFalse();
        assertThat(ipv6.contains(new byte[16])).isTrue();
    }

    @Test
    void aQuestionAllocatesNothing() {
        SplittableRandom random = new SplittableRandom(6);
        List<Cidr> networks = new ArrayList<>();
        for (int i = 0; i < 5000; i++) {
            networks.add(network(random, i % 2 == 0 ? 4 : 16));
        }
        AddressRules rules = new AddressRules(networks, TEN);
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        byte[][] addresses = {INSIDE, OUTSIDE, new byte[16]};
        askMany(rules, addresses);
        threads.getCurrentThreadAllocatedBytes();

        long before = threads.getCurrentThreadAllocatedBytes();
        askMany(rules, addresses);

        assertThat(threads.getCurrentThreadAllocatedBytes() - before).isZero();
    }

    /// Bit by bit.
    private static boolean contains(Cidr network, byte[] address) {
        byte[] first = network.network().getAddress();
        boolean contains = first.length == address.length;
        for (int bit = 0; contains && bit < network.prefixLength(); bit++) {
            contains = ((first[bit / 8] ^ address[bit / 8]) >> (7 - bit % 8) & 1) == 0;
        }
        return contains;
    }

    private static int askMany(AddressRules rules, byte[][] addresses) {
        int permitted = 0;
        for (int i = 0; i < 20_000; i++) {
            permitted += rules.permits(addresses[i % addresses.length]) ? 1 : 0;
        }
        return permitted;
    }

    /// Few different bytes, so that networks and addresses meet often.
    private static byte[] address(SplittableRandom random, int length) {
        byte[] address = new byte[length];
        for (int i = 0; i < length; i++) {
            address[i] = (byte) (random.nextInt(3) * 0x7F + random.nextInt(2));
        }
        return address;
    }

    private static Cidr network(SplittableRandom random, int addressBytes) {
        byte[] first = address(random, addressBytes);
        int prefixLength = random.nextInt(addressBytes * 8 + 1);
        for (int bit = prefixLength; bit < addressBytes * 8; bit++) {
            first[bit / 8] &= (byte) ~(0x80 >> bit % 8);
        }
        try {
            return new Cidr(InetAddress.getByAddress(first), prefixLength);
        } catch (UnknownHostException e) {
            throw new IllegalStateException(e);
        }
    }
}
