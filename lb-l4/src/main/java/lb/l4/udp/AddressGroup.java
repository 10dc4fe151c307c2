package lb.l4.udp;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;

/// The sockets that a listener has for one address, one for each worker. The kernel spreads flows over all of them by
/// their number: one that is closed earlier than the others would send their flows to workers that do not know them.
///
/// Threading: members join on the control loop, before any of them receives; the rest from any worker.
final class AddressGroup {

    private final List<UdpAcceptor> members = new CopyOnWriteArrayList<>();
    private final AtomicInteger withFlows = new AtomicInteger();

    void join(UdpAcceptor member) {
        members.add(member);
        withFlows.incrementAndGet();
    }

    /// A member has stopped and its last flow has ended. The last such member closes the sockets of all.
    void finished() {
        if (withFlows.decrementAndGet() == 0) {
            members.forEach(UdpAcceptor::closeOnItsLoop);
        }
    }
}
