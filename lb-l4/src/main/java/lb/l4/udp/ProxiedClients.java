package lb.l4.udp;

import java.util.function.Consumer;
import lb.l4.linux.ReceiveBatch;
import lb.l4.proxy.ProxyHeader;
import lb.l4.worker.TimerWheel;
import lb.l4.worker.Worker;
import org.jspecify.annotations.Nullable;

/// Whose datagrams each port of a proxy carries, where only the first one says so (`udp-proxy-header = first`). A port
/// stays with its client as long as it has a flow or sends something, however often the client's flows end meanwhile: the
/// proxy knows nothing of that, and sends no other header.
///
/// Threading: confined to its worker.
final class ProxiedClients {

    private final Worker worker;
    private final Consumer<Throwable> broken;
    private final FlowTable<UdpFlow> flows;
    private final FlowTable<Client> clients = new FlowTable<>();

    /// @param flows those that are bound to their keys
    /// @param broken is told of broken invariants
    ProxiedClients(Worker worker, FlowTable<UdpFlow> flows, Consumer<Throwable> broken) {
        this.worker = worker;
        this.flows = flows;
        this.broken = broken;
    }

    /// One port's client.
    final class Client extends TimerWheel.Entry implements FlowTable.Entry {

        private final FlowKey key;
        private final ProxyHeader header;
        private final int idleTicks;
        private int lastSeenTick;

        private Client(FlowKey key, ProxyHeader header, int idleTicks, int lastSeenTick) {
            this.key = key;
            this.header = header;
            this.idleTicks = idleTicks;
            this.lastSeenTick = lastSeenTick;
        }

        int idleTicks() {
            return idleTicks;
        }

        int quietTicks() {
            return worker.wheel().now() - lastSeenTick;
        }

        @Override
        public FlowKey key() {
            return key;
        }

        /// What the first datagram said.
        ProxyHeader header() {
            return header;
        }

        @Override
        protected void onDeadline() {
            if (quietTicks() < idleTicks || flows.find(key) != null) {
                worker.setDeadline(this, idleTicks - quietTicks());
            } else {
                clients.remove(this);
            }
        }

        @Override
        protected void onFailure(Throwable failure) {
            broken.accept(failure);
        }
    }

    /// The client of the port that a datagram comes from, or null if it has none yet.
    @Nullable
    Client find(ReceiveBatch in, int slot, int hash) {
        Client client = clients.find(in, slot, 0, hash);
        if (client != null) {
            client.lastSeenTick = worker.wheel().now();
        }
        return client;
    }

    /// A port has a client from now on.
    ///
    /// @param key of the port, which has none yet
    /// @param idleTicks how long it may be quiet
    void add(FlowKey key, ProxyHeader header, int idleTicks) {
        add(key, header, idleTicks, 0);
    }

    /// The same of one that has been quiet for some time.
    void add(FlowKey key, ProxyHeader header, int idleTicks, int quietTicks) {
        Client client = new Client(key, header, idleTicks, worker.wheel().now() - quietTicks);
        clients.add(client);
        worker.setDeadline(client, idleTicks - quietTicks);
    }

    void forEach(Consumer<Client> visitor) {
        clients.forEach(visitor);
    }
}
