package lb.l4.udp;

import org.jspecify.annotations.Nullable;

/// When a flow began, and what it is called: here, or in the process that has handed it over.
///
/// Threading: immutable.
final class FlowOrigin {

    /// How long what a client's flows have tried in vain is not tried again for it.
    private static final long SEARCH_NANOS = 1_000_000_000;

    private final UdpWorker home;
    private final long number;
    /// Null if it began here: most never need a text.
    private final @Nullable String foreignId;
    private final long startedNanos;
    private final long startedMillis;

    /// One that begins here and now.
    FlowOrigin(UdpWorker home) {
        this.home = home;
        this.number = home.nextFlowNumber();
        this.foreignId = null;
        this.startedNanos = System.nanoTime();
        this.startedMillis = System.currentTimeMillis();
    }

    /// One that another process has begun.
    FlowOrigin(UdpWorker home, FlowState from) {
        this.home = home;
        this.number = UdpWorker.flowNumber(from.id());
        this.foreignId = from.id();
        this.startedNanos = System.nanoTime() - from.ageNanos();
        this.startedMillis = from.startedMillis();
    }

    long number() {
        return number;
    }

    /// As the access log has it.
    String id() {
        return foreignId == null ? home.flowId(number) : foreignId;
    }

    long startedNanos() {
        return startedNanos;
    }

    /// Wall clock, since the epoch.
    long startedMillis() {
        return startedMillis;
    }

    long ageNanos() {
        return System.nanoTime() - startedNanos;
    }

    /// Whether its search for a backend may still be going on.
    boolean isNew() {
        return ageNanos() < SEARCH_NANOS;
    }
}
