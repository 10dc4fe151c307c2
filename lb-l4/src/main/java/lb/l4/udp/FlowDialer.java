package lb.l4.udp;

import java.nio.ByteBuffer;
import java.util.Arrays;
import lb.core.config.BalanceConfig.HashKey;
import lb.core.config.Endpoint;
import lb.core.pool.Backend;
import lb.core.pool.PoolSnapshot;
import lb.l4.linux.Errno;
import lb.l4.linux.SendBatch;
import lb.l4.proxy.ProxyHeaderEncoder;
import org.jspecify.annotations.Nullable;

/// Finds a new flow its backend, and opens the socket to it.
///
/// Threading: confined to its worker.
final class FlowDialer {

    private final UdpWorker home;
    private final UpstreamSockets sockets;

    FlowDialer(UdpWorker home, UpstreamSockets sockets) {
        this.home = home;
        this.sockets = sockets;
    }

    /// Connects a flow whose places are taken.
    ///
    /// @param wanted the backend that a connection id names; null to have one picked
    /// @return why there is none, or null
    @Nullable
    DropReason dial(UdpFlow flow, @Nullable Backend wanted) {
        PoolSnapshot snapshot = flow.backend.snapshot();
        HashKey part = snapshot.hashKey();
        long hash = part == null ? 0 : flow.client.hash(part);
        for (int tries = 1; tries <= snapshot.config().connectTries(); tries++) {
            if (tries > 1 && !mayRetry(flow, snapshot)) {
                break;
            }
            Backend picked = wanted != null && !flow.backend.tried().contains(wanted) && wanted.tryAcquire()
                    ? wanted
                    : snapshot.acquire(hash, flow.backend.tried());
            if (picked == null) {
                return snapshot.hasUntried(flow.backend.tried()) ? DropReason.BACKENDS_FULL : DropReason.NO_BACKEND;
            }
            int result = connect(flow, picked, tries);
            if (result >= 0) {
                return null;
            }
            picked.release();
            if (Errno.isOutOfResources(-result) || result == -Errno.EAGAIN) {
                home.warnings.log("backend " + picked.id() + ": cannot begin a flow: " + Errno.text(-result));
                return DropReason.NO_RESOURCES;
            }
            flow.backend.addTried(picked);
            flow.settings().upstream().connectFailed(picked, Errno.text(-result));
        }
        return DropReason.NO_BACKEND;
    }

    private static boolean mayRetry(UdpFlow flow, PoolSnapshot snapshot) {
        return snapshot.hasUntried(flow.backend.tried()) && flow.backend.pool().retries().tryRetry(System.nanoTime());
    }

    private int connect(UdpFlow flow, Backend picked, int tries) {
        if (!(picked.endpoint() instanceof Endpoint.Inet inet)) {
            return -Errno.EAFNOSUPPORT;
        }
        Endpoint.Inet target = inet.port() > 0
                ? inet
                : new Endpoint.Inet(inet.address(), flow.client.bound().port());
        int fd = sockets.open(target);
        if (fd < 0) {
            return fd;
        }
        FlowSocket socket = new FlowSocket(fd, flow, target);
        if (!home.worker.registerDatagrams(socket)) {
            home.worker.closeLater(socket);
            return -Errno.ENOMEM;
        }
        sockets.opened(socket);
        flow.backend.choose(picked, tries);
        flow.connected(socket, header(flow));
        return fd;
    }

    private static @Nullable OutgoingHeader header(UdpFlow flow) {
        ProxyHeaderEncoder encoder = flow.settings().upstream().proxyHeader();
        if (encoder == null) {
            return null;
        }
        ByteBuffer out = ByteBuffer.allocate(SendBatch.MAX_PREFIX_BYTES);
        int length = encoder.encodeUdp(out, flow.client.client(), flow.client.local(), flow.client.tlvs(),
                flow.origin.id());
        return new OutgoingHeader(Arrays.copyOf(out.array(), length),
                flow.backend.snapshot().config().proxyProtocol().udp(), flow.flows.listener());
    }
}
