/// TCP sessions on raw descriptors: accepting, admission, dialing and the
/// relay.
///
/// Threading: a session and everything of it is confined to one worker;
/// [lb.l4.tcp.TcpListener], its settings and
/// [lb.l4.tcp.ConnectionLimit] are shared.
@NullMarked
package lb.l4.tcp;

import org.jspecify.annotations.NullMarked;
