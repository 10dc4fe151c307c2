/// UDP: flows of datagrams between clients and backends, on raw descriptors.
///
/// Threading: each worker has its own socket for each address of a listener and its own flows; nothing of them is
/// shared. `UdpListener` is, and says how.
@NullMarked
package lb.l4.udp;

import org.jspecify.annotations.NullMarked;
