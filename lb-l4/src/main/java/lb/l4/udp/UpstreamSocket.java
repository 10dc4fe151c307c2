package lb.l4.udp;

import lb.core.config.Endpoint;
import lb.l4.worker.Descriptor;

/// A socket that is connected to a backend, and what [UpstreamSockets] knows of it.
///
/// Threading: confined to its worker.
abstract class UpstreamSocket extends Descriptor {

    private final Endpoint.Inet target;
    /// 0 while nobody had to know.
    private int localPort;

    /// @param target the backend's address, with a port
    UpstreamSocket(int fd, Endpoint.Inet target) {
        super(fd);
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
}
