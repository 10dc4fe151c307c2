package lb.cli.systemd;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;
import lb.core.config.IpText;
import lb.l4.engine.OfferedSocket;
import lb.l4.linux.DescriptorMessage;

/// The listening sockets that systemd keeps for the next process of this service (FileDescriptorStoreMax=): connections wait
/// in them while there is none.
///
/// Threading: confined to the thread of changes.
final class DescriptorStore {

    private final BiConsumer<String, List<Integer>> send;
    /// By name; empty for those that an earlier process had kept.
    private Map<String, List<Integer>> kept = new HashMap<>();

    /// @param send takes a message and descriptors
    DescriptorStore(BiConsumer<String, List<Integer>> send) {
        this.send = send;
    }

    /// What an earlier process may have kept.
    void former(List<OfferedSocket> sockets) {
        sockets.forEach(socket -> kept.put(name(socket), List.of()));
    }

    /// Keeps these, and none besides.
    void keep(List<OfferedSocket> sockets) {
        Map<String, List<Integer>> wanted = new HashMap<>();
        sockets.forEach(socket -> wanted.computeIfAbsent(name(socket), _ -> new ArrayList<>()).add(socket.fd()));
        kept.keySet().stream().filter(name -> !wanted.containsKey(name)).sorted()
                .forEach(name -> send.accept("FDSTOREREMOVE=1\nFDNAME=" + name, List.of()));
        wanted.forEach((name, descriptors) -> {
            if (!descriptors.equals(kept.get(name))) {
                store(name, descriptors);
            }
        });
        kept = wanted;
    }

    /// systemd drops those that it has already.
    private void store(String name, List<Integer> descriptors) {
        for (int i = 0; i < descriptors.size(); i += DescriptorMessage.MOST_DESCRIPTORS) {
            int end = Math.min(descriptors.size(), i + DescriptorMessage.MOST_DESCRIPTORS);
            // FDPOLL=0: a listening socket with nothing wrong with it would not be dropped, but nobody has to look.
            send.accept("FDSTORE=1\nFDPOLL=0\nFDNAME=" + name, descriptors.subList(i, end));
        }
    }

    /// A name must not have colons.
    private static String name(OfferedSocket socket) {
        return (socket.isUdp() ? "udp-" : "tcp-") + IpText.of(socket.address()).replace(':', '_');
    }
}
