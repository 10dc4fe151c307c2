package lb.l4.tcp;

import lb.core.config.RejectConfig.Action;
import lb.core.limit.Source;
import lb.core.limit.SourceAnswer;
import lb.core.limit.SourceTable;
import lb.core.session.EndCause;
import lb.core.session.EndReason;
import lb.core.session.SessionPhase;
import lb.core.session.SessionRecord;
import lb.l4.linux.Linux;
import lb.l4.linux.SocketAddresses;
import lb.l4.worker.Descriptor;
import org.jspecify.annotations.Nullable;

/// One worker's doorman: says by address who is let in, and shows the others out. It allocates nothing for a connection
/// that is refused, unless an access log wants its record.
///
/// Threading: confined to its worker.
final class Gate {

    private final TcpWorker home;
    private final Tarpits tarpits;
    private @Nullable Source source;

    Gate(TcpWorker home, ConnectionLimit tarpits) {
        this.home = home;
        this.tarpits = new Tarpits(home.worker, tarpits, failure -> home.broken("a tarpit", failure));
    }

    /// Why an address is not let in, or null. Then its source, if sources are counted, is [#takeSource].
    ///
    /// @param high the address's first 64 bits; an IPv4 address is followed by zeros
    /// @param low the others
    @Nullable
    EndCause ask(TcpListener listener, TcpListener.Settings settings, boolean isIpv4, long high, long low) {
        source = null;
        EndCause refusal = settings.rules().permits(isIpv4, high, low) ? null : EndCause.DENIED;
        SourceTable sources = settings.sources();
        if (refusal == null && sources != null) {
            refusal = count(sources.acquire(isIpv4, high, low, settings.sourceLimits(), System.nanoTime()), listener);
        }
        if (refusal != null && settings.isDryRun()) {
            listener.refusals(home.worker).addDry(refusal);
            return null;
        }
        return refusal;
    }

    private @Nullable EndCause count(SourceAnswer answer, TcpListener listener) {
        return switch (answer) {
            case Source counted -> {
                source = counted;
                yield null;
            }
            case SourceAnswer.Without.TOO_MANY -> EndCause.SOURCE_CONNECTIONS;
            case SourceAnswer.Without.TOO_FAST -> EndCause.SOURCE_RATE;
            case SourceAnswer.Without.UNTRACKED -> {
                home.warnings.log("listener " + listener.name()
                        + ": per-source.table-size is too small: all of its sources have connections; others are let in "
                        + "uncounted");
                yield null;
            }
        };
    }

    /// The source that the address which was let in last is counted for, or null. Whoever takes it releases it.
    @Nullable
    Source takeSource() {
        Source taken = source;
        source = null;
        return taken;
    }

    /// Shows out a connection that has no session. Its peer is what the kernel wrote last.
    void reject(int fd, TcpListener listener, TcpListener.Settings settings, EndCause cause, LocalAddress bound) {
        listener.refusals(home.worker).add(cause);
        listener.counts(home.worker).ended(cause);
        long number = home.nextSessionNumber();
        if (settings.accessLog().takesCommon(number)) {
            Linux linux = home.worker.linux();
            record(fd, number, listener, settings, cause,
                    new FlowAddresses(SocketAddresses.readAddress(linux), SocketAddresses.readPort(linux), bound));
        }
        end(fd, settings);
    }

    private void end(int fd, TcpListener.Settings settings) {
        Linux linux = home.worker.linux();
        Action action = settings.reject();
        if (action == Action.TARPIT && tarpits.hold(fd, settings.tarpitTicks())) {
            return;
        }
        prepareClose(linux, fd, action);
        linux.close(fd);
    }

    /// Shows out the client of a session that could be refused only after its PROXY header.
    void reject(Descriptor client, TcpListener.Settings settings) {
        if (settings.reject() == Action.TARPIT) {
            home.worker.deregister(client);
            if (tarpits.hold(client.intValue(), settings.tarpitTicks())) {
                return;
            }
        }
        prepareClose(home.worker.linux(), client.intValue(), settings.reject());
        home.worker.closeLater(client);
    }

    private static void prepareClose(Linux linux, int fd, Action action) {
        switch (action) {
            case CLOSE -> {
                // The kernel sends FIN.
            }
            case SILENT -> silence(linux, fd);
            case RESET, TARPIT -> linux.resetOnClose(fd);
        }
    }

    /// A socket under repair is closed without a word, which takes CAP_NET_ADMIN. Without it the reset is sent with a
    /// time to live that ends at the first router.
    private static void silence(Linux linux, int fd) {
        if (linux.setsockopt(fd, Linux.IPPROTO_TCP, Linux.TCP_REPAIR, 1) < 0) {
            linux.setsockopt(fd, Linux.IPPROTO_IP, Linux.IP_TTL, 1);
            linux.setsockopt(fd, Linux.IPPROTO_IPV6, Linux.IPV6_UNICAST_HOPS, 1);
            linux.resetOnClose(fd);
        }
    }

    private void record(int fd, long number, TcpListener listener, TcpListener.Settings settings, EndCause cause,
            FlowAddresses flow) {
        try {
            SessionRecord record = new SessionRecord(home.sessionId(number), listener.name(),
                    settings.upstream().pool().name(), null, flow.peer(), flow.client(),
                    flow.local(home.worker.linux(), fd), System.currentTimeMillis(), -1, 0, 0, 0, 0,
                    new EndReason(cause, SessionPhase.ADMISSION), listener.active(),
                    settings.upstream().pool().active(), 0);
            home.sessionLog.ended(record, settings.accessLog());
        } catch (RuntimeException | Error e) {
            home.broken("a refused connection's record", e);
        }
    }
}
