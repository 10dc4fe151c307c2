package lb.l4.udp;

import lb.l4.worker.Descriptor;

/// The socket of one flow, connected to its backend.
///
/// Threading: confined to the flow's worker.
final class FlowSocket extends Descriptor {

    private final UdpFlow flow;

    FlowSocket(int fd, UdpFlow flow) {
        super(fd);
        this.flow = flow;
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
