package lb.l4.udp;

/// How old a flow may become, and how long it may be quiet, in ticks.
///
/// Threading: confined to its worker.
final class FlowDeadline {

    /// How long a flow may be quiet while its listener stops, or once it has to leave its backend.
    private static final int HURRIED_TICKS = 10;

    /// The age at which it ends; 0 for none.
    private final int lifetimeTicks;
    private int idleTicks;
    private int startTick;

    /// @param lifetimeTicks 0 for no limit
    FlowDeadline(int idleTicks, int lifetimeTicks) {
        this.idleTicks = idleTicks;
        this.lifetimeTicks = lifetimeTicks;
    }

    /// Its life begins.
    void start(int nowTick) {
        startTick = nowTick;
    }

    /// The age at which it ends; 0 for none.
    int lifetimeTicks() {
        return lifetimeTicks;
    }

    /// How long it may be quiet.
    int idleTicks() {
        return idleTicks;
    }

    /// When its life began.
    int startTick() {
        return startTick;
    }

    /// From now on it may be quiet for a second at most.
    void hurry() {
        shorten(HURRIED_TICKS);
    }

    /// From now on it may not be quiet for longer.
    void shorten(int mostIdleTicks) {
        idleTicks = Math.min(idleTicks, mostIdleTicks);
    }

    /// Whether it has to end.
    boolean isOver(int nowTick, int quietTicks) {
        return quietTicks >= idleTicks || overdueTicks(nowTick) >= HURRIED_TICKS;
    }

    /// Whether it is as old as it may become: answers may come for a second more, so that none is lost that is on its way.
    boolean isOverdue(int nowTick) {
        return overdueTicks(nowTick) >= 0;
    }

    private int overdueTicks(int nowTick) {
        return lifetimeTicks == 0 ? -1 : nowTick - startTick - lifetimeTicks;
    }

    /// Ticks until one of the others says something new, if it stays quiet.
    ///
    /// @param isBound whether it takes datagrams of its client
    int ticksLeft(int nowTick, int quietTicks, boolean isBound) {
        int idle = idleTicks - quietTicks;
        int lifetime = isBound ? lifetimeTicks : lifetimeTicks + HURRIED_TICKS;
        return lifetimeTicks == 0 ? idle : Math.min(idle, lifetime - (nowTick - startTick));
    }
}
