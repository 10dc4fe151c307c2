package lb.l4.tcp;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import lb.core.config.Endpoint;

/// An address that a listening socket is bound to.
///
/// @param isWildcard whether clients reach it on any address of the machine, so that a
///     session has to ask which
/// @param address 4 or 16 bytes
public record LocalAddress(boolean isWildcard, InetAddress address, int port) {

    /// The address of raw bytes, which are 4 or 16.
    public static InetSocketAddress socketAddress(byte[] address, int port) {
        try {
            return new InetSocketAddress(InetAddress.getByAddress(address), port);
        } catch (UnknownHostException e) {
            throw new AssertionError("an address of " + address.length + " bytes", e);
        }
    }

    /// Whether a client could mean both.
    public boolean overlaps(LocalAddress other) {
        return port == other.port && address.getAddress().length == other.address.getAddress().length
                && (isWildcard || other.isWildcard || address.equals(other.address));
    }

    public InetSocketAddress socketAddress() {
        return new InetSocketAddress(address, port);
    }

    @Override
    public String toString() {
        return new Endpoint.Inet(address, port).toString();
    }
}
