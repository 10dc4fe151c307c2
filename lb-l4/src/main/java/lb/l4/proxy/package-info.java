/// The PROXY protocol, versions 1 and 2: the header in front of a connection or
/// in a datagram that carries the addresses of the original client (haproxy.org,
/// proxy-protocol.txt).
///
/// Threading: pure functions and immutable values; any thread.
@NullMarked
package lb.l4.proxy;

import org.jspecify.annotations.NullMarked;
