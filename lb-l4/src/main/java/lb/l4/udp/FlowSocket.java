package lb.l4.udp;

import lb.core.config.Endpoint;
import lb.l4.worker.Descriptor;

/// The socket of one flow, connected to its backend.
///
/// Threading: confined to the flow's worker.
final class FlowSocket extends Descriptor {

    private final UdpFlow flow;
    private final Endpoint.Inet target;
    /// 0 while nobody had to know.
    private int localPort;
    private boolean isJoining;

    /// @param target the backend's address, with a port
    FlowSocket(int fd, UdpFlow flow, Endpoint.Inet target) {
        super(fd);
        this.flow = flow;
        this.target = target;
    }

    Endpoint.Inet target() {
        return target;
    }

    int localPort() {
        return localPort;
    }

    void setLocalPort(int port) {
        localPort = port;
    }

    /// Whether the kernel joins what the backend sends.
    boolean isJoining() {
        return isJoining;
    }

    void setJoining() {
        isJoining = true;
    }

    @Override
    protected void onEvents(int events) {
        flow.onReadable();
    }

    @Override
    protected void onFailure(Throwable failure) {
        flow.onFailure(failure);
    }
}
