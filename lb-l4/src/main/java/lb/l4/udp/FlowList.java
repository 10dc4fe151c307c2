package lb.l4.udp;

import org.jspecify.annotations.Nullable;

/// All flows of one socket, the one that has been quiet for longest first. A flow moves at most once in a tick, whatever
/// it carries.
///
/// Threading: confined to its worker.
final class FlowList {

    private @Nullable UdpFlow oldest;
    private @Nullable UdpFlow newest;

    @Nullable
    UdpFlow oldest() {
        return oldest;
    }

    void add(UdpFlow flow) {
        flow.older = newest;
        flow.newer = null;
        if (newest == null) {
            oldest = flow;
        } else {
            newest.newer = flow;
        }
        newest = flow;
    }

    void remove(UdpFlow flow) {
        if (flow.older == null) {
            oldest = flow.newer;
        } else {
            flow.older.newer = flow.newer;
        }
        if (flow.newer == null) {
            newest = flow.older;
        } else {
            flow.newer.older = flow.older;
        }
        flow.older = null;
        flow.newer = null;
    }

    void moveToEnd(UdpFlow flow) {
        if (flow != newest) {
            remove(flow);
            add(flow);
        }
    }
}
