package lb.cli.upgrade;

import java.io.IOException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import lb.cli.live.LiveConfiguration;
import lb.cli.systemd.Supervisor;
import lb.cli.upgrade.Predecessor.Offer;
import lb.core.config.IpText;
import lb.l4.engine.ApplyResult;
import lb.l4.engine.Engine;
import lb.l4.engine.Inheritance;
import lb.l4.engine.OfferedSocket;
import lb.l4.engine.PausedState;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// How a process begins to serve: afresh, with sockets of the service manager, or in place of another process.
///
/// Threading: the main thread, but what changes something holds the thread of changes.
public final class Beginning {

    private static final Logger LOG = LoggerFactory.getLogger(Beginning.class);

    private final Engine engine;
    private final LiveConfiguration live;
    /// What there was before.
    private List<OfferedSocket> offered = List.of();

    public Beginning(Engine engine, LiveConfiguration live) {
        this.engine = engine;
        this.live = live;
    }

    /// The admin interface and what else tells of this process, in place of the other's.
    public interface Voice {
        /// Opens it; who comes has to wait for an answer.
        void openInPlaceOf(Predecessor.AdminInheritance inheritance) throws IOException;

        /// This process serves.
        ///
        /// @param readyFile which the other process has written; null for none
        void begin(@Nullable Path readyFile);
    }

    /// Begins without a predecessor.
    public ApplyResult start(List<OfferedSocket> sockets) {
        offered = sockets;
        return live.exclusively(() -> {
            if (sockets.isEmpty()) {
                return live.start(null, null);
            }
            ApplyResult result = live.start(new Inheritance(sockets, List.of()), null);
            if (result instanceof ApplyResult.Applied) {
                Set<Integer> taken = engine.taken().join();
                warnOfUnused(sockets, taken);
                engine.adopt(PausedState.NONE).join();
            }
            return result;
        }).join();
    }

    /// Has the service manager keep the sockets for the next process.
    public void keepSockets(Supervisor supervisor) {
        live.exclusively(() -> {
            keepSockets0(supervisor);
            return true;
        }).join();
    }

    /// The same on the thread of changes.
    public void keepSockets0(Supervisor supervisor) {
        if (supervisor.keepsSockets()) {
            supervisor.keep(offered, engine.sockets().join());
            offered = List.of();
        }
    }

    private static void warnOfUnused(List<OfferedSocket> sockets, Set<Integer> taken) {
        Set<Integer> unused = new HashSet<>();
        for (int i = 0; i < sockets.size(); i++) {
            if (!taken.contains(i)) {
                unused.add(i);
            }
        }
        unused.stream().sorted().map(sockets::get).forEach(socket -> LOG.warn(
                "the service manager gave a socket on {} {} that no listener has: it is closed",
                socket.isUdp() ? "udp" : "tcp", IpText.of(socket.address())));
    }

    /// Takes over from the predecessor. When this returns, it has.
    ///
    /// @throws IOException with a reason for people
    public ApplyResult takeOver(Predecessor from, Upgrade upgrade, Voice voice) throws IOException {
        ApplyResult begun = live.exclusively(() -> {
            Offer offer = from.offer();
            offered = offer.inheritance().sockets();
            ApplyResult result = live.start(offer.inheritance(), offer.overlay());
            if (result instanceof ApplyResult.Applied) {
                // Before the point of no return: one that cannot be had must not stop a process that serves already.
                voice.openInPlaceOf(offer.admin());
                int flows = from.takeOver(engine, engine.taken().join(), upgrade::isToldToEnd);
                upgrade.follows(from, offer.generation());
                voice.begin(offer.readyFile());
                LOG.info("has taken over from process {}: {} listening sockets, {} flows", from.pid(),
                        engine.taken().join().size(), flows);
            }
            return result;
        }).join();
        if (begun instanceof ApplyResult.Applied) {
            from.awaitAnnounced();
        }
        return begun;
    }
}
