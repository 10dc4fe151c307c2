package lb.l4.tcp;

import lb.core.session.EndCause;
import lb.l4.linux.Errno;
import lb.l4.linux.Linux;
import lb.l4.proxy.ProxyHeader;
import lb.l4.proxy.ProxyHeaderParser;
import lb.l4.proxy.ProxyHeaderResult;
import lb.l4.worker.Descriptor;
import lb.l4.worker.Worker;
import org.jspecify.annotations.Nullable;

/// Whether a client is let in: the listener's rules, and before them the PROXY header that a trusted peer has to send.
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

    /// Why the client is refused, or null if nothing speaks against it so far.
    @Nullable
    EndCause refusal() {
        return awaitsHeader || settings.rules().permits(flow.clientAddress()) ? null : EndCause.DENIED;
    }

    /// Looks for a PROXY header and consumes exactly that: what follows stays in the kernel.
    ///
    /// @param events all that the socket has had
    /// @return as [#refusal]
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
                yield refusal();
            }
            case ProxyHeaderResult.Incomplete _ ->
                (events & Descriptor.RDHUP) == 0 ? null : EndCause.CLIENT_CLOSED;
            case ProxyHeaderResult.Malformed(String reason) -> {
                home.warnings.log("listener " + listener.name() + ": bad PROXY header: " + reason);
                yield EndCause.BAD_PROXY_HEADER;
            }
        };
    }
}
