package lb.core.balance;

import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntToLongFunction;
import lb.core.config.BalanceConfig.HashKey;
import lb.core.config.BalanceConfig.HashTable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import static org.assertj.core.api.Assertions.assertThat;

class FlowHashTest {

    private static final byte[] CLIENT = {(byte) 192, 0, 2, 10};
    private static final byte[] LOCAL = {(byte) 198, 51, 100, 1};
    private static final byte[] CLIENT6 = {0x20, 1, 0xd, (byte) 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
    private static final byte[] LOCAL6 = {0x20, 1, 0xd, (byte) 0xb8, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2};

    /// If this fails, processes of different versions choose differently: that is a
    /// breaking change. The values were computed by another implementation, in Python.
    @Test
    void neverChanges() {
        assertThat(of(HashKey.FIVE_TUPLE, CLIENT, 40000, LOCAL)).isEqualTo(0xd42732ff468b4d9L);
        assertThat(of(HashKey.SOURCE_IP, CLIENT, 40000, LOCAL)).isEqualTo(0x2ad27ade9f6fb112L);
        assertThat(of(HashKey.SOURCE_IP_PORT, CLIENT, 40000, LOCAL)).isEqualTo(0xe4d102a9d951cd95L);
        assertThat(of(HashKey.DESTINATION, CLIENT, 40000, LOCAL)).isEqualTo(0x837fcefd4a242590L);
        assertThat(of(HashKey.FIVE_TUPLE, CLIENT6, 40000, LOCAL6)).isEqualTo(0x7f481c113024a205L);
        assertThat(FlowHash.of(HashKey.FIVE_TUPLE, 17, CLIENT, 40000, LOCAL, 53)).isEqualTo(0xc135aa4d3acb1871L);
    }

    @Test
    void looksOnlyAtWhatItsKeyNames() {
        byte[] other = {10, 0, 0, 1};
        for (HashKey key : HashKey.values()) {
            long base = of(key, CLIENT, 40000, LOCAL);
            boolean port = key == HashKey.FIVE_TUPLE || key == HashKey.SOURCE_IP_PORT;
            boolean client = key != HashKey.DESTINATION;
            boolean local = key == HashKey.FIVE_TUPLE || key == HashKey.DESTINATION;
            boolean protocol = key == HashKey.FIVE_TUPLE;

            assertThat(of(key, CLIENT, 40001, LOCAL) != base).as("%s port", key).isEqualTo(port);
            assertThat(of(key, other, 40000, LOCAL) != base).as("%s client", key).isEqualTo(client);
            assertThat(of(key, CLIENT, 40000, other) != base).as("%s local", key).isEqualTo(local);
            assertThat(FlowHash.of(key, 17, CLIENT, 40000, LOCAL, 5432) != base).as("%s protocol", key)
                    .isEqualTo(protocol);
        }
    }

    @Test
    void everyInputBitFlipsEveryOutputBitHalfOfTheTime() {
        for (byte[] address : List.of(CLIENT, CLIENT6)) {
            for (int bit = 0; bit < address.length * 8 + 16; bit++) {
                int[] flips = new int[64];
                for (int sample = 0; sample < 1000; sample++) {
                    byte[] client = address.clone();
                    client[client.length - 1] = (byte) sample;
                    int port = 1024 + sample * 61;
                    long before = of(HashKey.FIVE_TUPLE, client, port, LOCAL);
                    int portBit = bit - address.length * 8;
                    if (portBit >= 0) {
                        port ^= 1 << portBit;
                    } else {
                        client[bit / 8] ^= (byte) (1 << bit % 8);
                    }
                    long changed = before ^ of(HashKey.FIVE_TUPLE, client, port, LOCAL);
                    for (int out = 0; out < 64; out++) {
                        flips[out] += (int) (changed >>> out & 1);
                    }
                }
                // Six standard deviations.
                assertThat(Arrays.stream(flips).boxed()).allSatisfy(count -> assertThat(count).isBetween(405, 595));
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void consecutivePortsSpreadEvenly(HashTable table) {
        assertSpread(table, i -> of(HashKey.FIVE_TUPLE, CLIENT, i & 0xFFFF, LOCAL));
    }

    @ParameterizedTest
    @EnumSource
    void evenPortsSpreadEvenly(HashTable table) {
        // Linux gives even ports to connect() and odd ones to bind().
        byte[] client = CLIENT.clone();
        assertSpread(table, i -> {
            client[3] = (byte) (i >>> 15);
            return of(HashKey.SOURCE_IP_PORT, client, (i << 1) & 0xFFFF, LOCAL);
        });
    }

    @ParameterizedTest
    @EnumSource
    void consecutiveAddressesSpreadEvenly(HashTable table) {
        byte[] client = CLIENT.clone();
        assertSpread(table, i -> {
            client[2] = (byte) (i >>> 8);
            client[3] = (byte) i;
            return of(HashKey.SOURCE_IP, client, 0, LOCAL);
        });
    }

    @ParameterizedTest
    @EnumSource
    void networksOfIpv6SpreadEvenly(HashTable table) {
        byte[] client = CLIENT6.clone();
        assertSpread(table, i -> {
            client[6] = (byte) (i >>> 8);
            client[7] = (byte) i;
            return of(HashKey.SOURCE_IP, client, 0, LOCAL);
        });
    }

    /// 64,000 flows over 8 backends, as even as random hashes would be over the same
    /// table.
    private static void assertSpread(HashTable table, IntToLongFunction flow) {
        int flows = 64_000;
        Balancer balancer = Candidates.build(Candidates.hash(table, 0), Candidates.equal(8));
        Map<String, Integer> expected = Candidates.count(balancer, flows);
        Map<String, Integer> counts = new HashMap<>();
        for (int i = 0; i < flows; i++) {
            counts.merge(Candidates.pick(balancer, flow.applyAsLong(i), Tried.NONE).name(), 1, Integer::sum);
        }
        // Two samples of a standard deviation of 90.
        assertThat(counts).hasSize(8);
        expected.forEach((name, count) -> assertThat(counts.getOrDefault(name, 0)).as(name).isBetween(count - 600,
                count + 600));
    }

    private static long of(HashKey key, byte[] client, int clientPort, byte[] local) {
        return FlowHash.of(key, 6, client, clientPort, local, 5432);
    }
}
