package lb.l4.proxy;

import java.util.List;
import lb.l4.proxy.ProxyHeader.Command;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

class TlvTest {

    @Test
    void isAValue() {
        Tlv tlv = new Tlv(0xEA, new byte[]{1, 2});

        assertThat(tlv).isEqualTo(new Tlv(0xEA, new byte[]{1, 2})).hasSameHashCodeAs(
                new Tlv(0xEA, new byte[]{1, 2}));
        assertThat(tlv).isNotEqualTo(new Tlv(0xEB, new byte[]{1, 2})).isNotEqualTo(new Tlv(0xEA, new byte[]{1, 3}));
        assertThat(tlv).hasToString("Tlv[0xea, 2 bytes]");
    }

    @Test
    void sharesItsBytesWithNobody() {
        byte[] given = {1, 2};
        Tlv tlv = new Tlv(0xEA, given);

        given[0] = 9;
        tlv.value()[1] = 9;

        assertThat(tlv.value()).containsExactly(1, 2);
    }

    @Test
    void boundsTypeAndValue() {
        assertThat(new Tlv(255, new byte[65535]).value()).hasSize(65535);
        assertThatIllegalArgumentException().isThrownBy(() -> new Tlv(-1, new byte[0]));
        assertThatIllegalArgumentException().isThrownBy(() -> new Tlv(256, new byte[0]));
        assertThatIllegalArgumentException().isThrownBy(() -> new Tlv(0, new byte[65536]));
    }

    @Test
    void aHeaderHasTheAddressesOfItsTransport() {
        var endpoint = Headers.endpoint("192.0.2.1", 1);

        assertThatIllegalArgumentException().isThrownBy(
                () -> new ProxyHeader(Command.PROXY, Transport.TCP4, endpoint, null, List.of()));
        assertThatIllegalArgumentException().isThrownBy(
                () -> new ProxyHeader(Command.PROXY, Transport.UNSPEC, endpoint, endpoint, List.of()));
        assertThatIllegalArgumentException().isThrownBy(
                () -> new ProxyHeader(Command.LOCAL, Transport.UDP4, endpoint, endpoint, List.of()));
    }
}
