package lb.l4.tcp;

import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import lb.core.config.CongestionControl;
import lb.l4.linux.Linux;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

class PacingTest {

    private final Linux linux = new Linux();
    private final int fd = linux.socket(Linux.AF_INET, Linux.SOCK_STREAM | Linux.SOCK_CLOEXEC, 0);
    private final String before = congestionControl();

    @AfterEach
    void close() {
        linux.close(fd);
    }

    @Test
    void isAvoidedOnLoopback() {
        new Pacing(CongestionControl.AUTO, "bbr").avoid(linux, fd, InetAddress.ofLiteral("127.0.0.2"));
        assertThat(congestionControl()).isEqualTo("reno");
    }

    @Test
    void isAvoidedForAnAddressAsItIsOnTheWire() {
        new Pacing(CongestionControl.AUTO, "bbr").avoid(linux, fd, InetAddress.ofLiteral("::1").getAddress());
        assertThat(congestionControl()).isEqualTo("reno");
    }

    @Test
    void isLeftToTheSystemElsewhere() {
        new Pacing(CongestionControl.AUTO, "bbr").avoid(linux, fd, InetAddress.ofLiteral("192.0.2.1"));
        new Pacing(CongestionControl.AUTO, "cubic").avoid(linux, fd, InetAddress.ofLiteral("127.0.0.1"));
        new Pacing(CongestionControl.SYSTEM, "bbr").avoid(linux, fd, InetAddress.ofLiteral("127.0.0.1"));
        assertThat(congestionControl()).isEqualTo(before);
    }

    /// Its first four characters, which is what an option of one int has room for.
    private String congestionControl() {
        int text = linux.getsockopt(fd, Linux.IPPROTO_TCP, Linux.TCP_CONGESTION);
        return new String(ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putInt(text).array(), US_ASCII).trim();
    }
}
