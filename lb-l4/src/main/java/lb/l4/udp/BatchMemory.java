package lb.l4.udp;

import lb.l4.linux.Datagrams;
import lb.l4.linux.Linux;
import lb.l4.linux.ReceiveBatch;
import org.jspecify.annotations.Nullable;

/// What there is once for all flows of a worker: the memory of its batches, and what works with it.
///
/// Threading: confined to its worker.
final class BatchMemory {

    /// Whether the kernel can both join datagrams (GRO) and take them apart (GSO).
    final boolean joins;
    final Datagrams calls = new Datagrams();
    /// What one call has received from clients.
    final ReceiveBatch fromClients = new ReceiveBatch(UdpWorker.BATCH, true);
    /// For each slot of [#fromClients] the next one of the same flow, or -1.
    final int[] next = new int[UdpWorker.BATCH];
    /// The flows that [#fromClients] has datagrams of.
    final @Nullable UdpFlow[] touched = new UdpFlow[UdpWorker.BATCH];
    final BackendSender toBackend;
    final PassingOn passingOn;
    final Replies replies;
    final UpstreamSockets sockets;
    final FlowDialer dialer;

    BatchMemory(UdpWorker home) {
        Linux linux = home.worker.linux();
        joins = Datagrams.knows(linux, Datagrams.UDP_SEGMENT) && Datagrams.knows(linux, Datagrams.UDP_GRO);
        toBackend = new BackendSender(linux, fromClients, next, joins);
        passingOn = new PassingOn(fromClients, toBackend);
        replies = new Replies(home.worker, joins);
        sockets = new UpstreamSockets(linux, home::forEachSocket);
        dialer = new FlowDialer(home, sockets);
    }

    void close() {
        fromClients.close();
        toBackend.close();
        passingOn.close();
        replies.close();
    }
}
