package lb.cli.config;

import java.io.IOException;
import java.net.InetAddress;
import java.util.List;

/// Turns a host name into its addresses.
///
/// Threading: called on threads of the reader's, several at once; may block.
@FunctionalInterface
public interface Resolver {

    /// The JDK's resolver, which asks what the system is set up to ask.
    Resolver SYSTEM = name -> List.of(InetAddress.getAllByName(name));

    /// @throws java.net.UnknownHostException if the name has no address
    List<InetAddress> resolve(String name) throws IOException;
}
