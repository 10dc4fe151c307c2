package lb.l4.tcp;

import lb.core.config.CidrTable;
import lb.core.session.EndCause;
import lb.l4.linux.Errno;
import lb.l4.linux.Linux;
import lb.l4.proxy.ProxyHeader;
import lb.l4.proxy.ProxyHeaderParser;
import lb.l4.proxy.ProxyHeaderResult;
import lb.l4.worker.Descriptor;
import lb.l4.worker.Worker;
import org.jspecify.annotations.Nullable;

/// What a session waits for before it begins: the PROXY header that a trusted peer has to send. Only then the client's
/// address is known, for which the [Gate] is asked; others were let in before they had a session.
///
/// Threading: confined to the session's worker.
final class Admission {

    private final TcpWorker home;
    private final TcpListener listener;
    private final TcpListener.Settings settings;
    private final FlowAddresses flow;
    private boolean awaitsHeader;

    Admission(TcpWorker home, TcpListener listener, TcpListener.Settings settings, FlowAddresses flow) {
        this.home = home;
        this.listener = listener;
        this.settings = settings;
        this.flow = flow;
        this.awaitsHeader = settings.headerPeers().contains(flow.peerAddress());
    }

    /// Whether the answer has to wait for the peer's header.
    boolean awaitsHeader() {
        return awaitsHeader;
    }

    /// Looks for a PROXY header and consumes exactly that: what follows stays in the kernel.
    ///
    /// @param events all that the socket has had
    /// @return why the client is refused, or null if nothing speaks against it so far; its source is then the gate's
    @Nullable
    EndCause readHeader(Descriptor client, int events) {
        Worker worker = home.worker();
        int peeked = worker.linux().peek(client.intValue(), worker.buffer(), ProxyHeaderParser.MAX_HEADER_BYTES);
        if (peeked == -Errno.EAGAIN) {
            return null;
        }
        if (peeked <= 0) {
            return peeked == 0 ? EndCause.CLIENT_CLOSED : EndCause.CLIENT_RESET;
        }
        return switch (ProxyHeaderParser.parse(Linux.view(worker.buffer(), peeked))) {
            case ProxyHeaderResult.Complete(ProxyHeader found, int length) -> {
                Linux.recv(client.intValue(), worker.buffer(), length);
                flow.setHeader(found);
                awaitsHeader = false;
                yield ask(flow.clientAddress());
            }
            case ProxyHeaderResult.Incomplete _ ->
                (events & Descriptor.RDHUP) == 0 ? null : EndCause.CLIENT_CLOSED;
            case ProxyHeaderResult.Malformed(String reason) -> {
                home.warnings.log("listener " + listener.name() + ": bad PROXY header: " + reason);
                yield EndCause.BAD_PROXY_HEADER;
            }
        };
    }

    private @Nullable EndCause ask(byte[] client) {
        return home.gate.ask(listener, settings, client.length == 4, CidrTable.high(client), CidrTable.low(client));
    }
}
