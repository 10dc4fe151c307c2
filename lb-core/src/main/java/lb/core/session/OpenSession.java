package lb.core.session;

import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/// What is known of a session that is going on, at one moment.
///
/// @param id as the access log will have it
/// @param backend `POOL/NAME`; null before one is picked
/// @param client the address from a trusted PROXY header, else the socket's other end
/// @param phase where it is: [SessionPhase#DATA] while both sides send
/// @param startedMillis wall clock, since the epoch
/// @param ageNanos since its start
/// @param bytesUp from client to backend
/// @param bytesDown from backend to client
public record OpenSession(String id, boolean isUdp, String listener, String pool, @Nullable String backend,
        InetSocketAddress client, SessionPhase phase, long startedMillis, long ageNanos, long bytesUp,
        long bytesDown) {}
