package lb.l4.udp;

import java.util.ArrayList;
import java.util.List;
import lb.core.config.Endpoint;
import lb.core.config.TestConfigs;
import lb.l4.linux.Linux;
import lb.l4.linux.SocketAddresses;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

/// With the ten local ports 45000 to 45009: Linux 6.3 can narrow the range for one socket.
class UpstreamSocketsTest {

    private static final int FIRST = 45_000;
    private static final int LAST = 45_009;
    private static final int MANY = 100;
    private static final Endpoint.Inet ONE = (Endpoint.Inet) TestConfigs.loopback(1);
    private static final Endpoint.Inet TWO = (Endpoint.Inet) TestConfigs.loopback(2);

    private final Linux linux = new Linux();
    private final List<UpstreamSocket> open = new ArrayList<>();
    private final UpstreamSockets sockets = new UpstreamSockets(linux, open::forEach, LAST << 16 | FIRST);

    private static final class Socket extends UpstreamSocket {
        Socket(int fd, Endpoint.Inet target) {
            super(fd, target);
        }

        @Override
        protected void onEvents(int events) {
            throw new AssertionError("is not registered");
        }

        @Override
        protected void onFailure(Throwable failure) {
            throw new AssertionError(failure);
        }
    }

    @AfterEach
    void closeAll() {
        open.forEach(socket -> linux.close(socket.intValue()));
    }

    @Test
    void eachBackendHasAllPorts() {
        int ofOne = openAll(ONE);
        assumeTrue(ofOne < MANY, "this kernel cannot narrow the range of ports for one socket");
        assertThat(ofOne).isBetween(1, 10);
        assertThat(openAll(TWO)).isEqualTo(ofOne);
        assertThat(openAll((Endpoint.Inet) TestConfigs.loopback(3))).isEqualTo(ofOne);
        assertThat(open).allSatisfy(socket -> {
            linux.getsockname(socket.intValue());
            assertThat(SocketAddresses.readPort(linux)).isBetween(FIRST, LAST);
        });
        assertThat(open.stream().map(socket -> socket.target() + " " + socket.localPort())).doesNotHaveDuplicates();
    }

    @Test
    void aPortThatIsGivenBackIsUsedAgain() {
        int ofOne = openAll(ONE);
        assumeTrue(ofOne < MANY, "this kernel cannot narrow the range of ports for one socket");
        openAll(TWO);
        UpstreamSocket closed = open.removeLast();
        sockets.closed(closed);
        linux.close(closed.intValue());
        assertThat(openAll(TWO)).isEqualTo(1);
        assertThat(open.getLast().localPort()).isEqualTo(closed.localPort());
    }

    /// Opens as many as there can be, and returns their number.
    private int openAll(Endpoint.Inet target) {
        int count = 0;
        for (int fd = sockets.open(target); fd >= 0 && count < MANY; fd = sockets.open(target)) {
            UpstreamSocket socket = new Socket(fd, target);
            sockets.opened(socket);
            open.add(socket);
            count++;
        }
        return count;
    }
}
