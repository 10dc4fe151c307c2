package lb.l4.udp;

import lb.core.config.Endpoint;

/// The socket of one flow.
///
/// Threading: confined to the flow's worker.
final class FlowSocket extends UpstreamSocket {

    private final UdpFlow flow;
    private boolean isJoining;

    FlowSocket(int fd, UdpFlow flow, Endpoint.Inet target) {
        super(fd, target);
        this.flow = flow;
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
