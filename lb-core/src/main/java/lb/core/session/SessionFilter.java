package lb.core.session;

import lb.core.config.CidrSet;
import lb.core.pool.Backend;
import org.jspecify.annotations.Nullable;

/// Which sessions are meant; what is null does not matter.
///
/// @param backend `POOL/NAME`
/// @param clients networks of the client's address
public record SessionFilter(@Nullable String listener, @Nullable String pool, @Nullable String backend,
        @Nullable CidrSet clients) {

    /// Whether it means a session.
    ///
    /// @param client its address, 4 or 16 bytes
    public boolean takes(String itsListener, String itsPool, @Nullable Backend itsBackend, byte[] client) {
        return (listener == null || listener.equals(itsListener)) && (pool == null || pool.equals(itsPool))
                && (backend == null || (itsBackend != null && backend.equals(itsBackend.id())))
                && (clients == null || clients.contains(client));
    }
}
