package lb.l4.udp;

import lb.core.config.FlowConfig;
import lb.l4.worker.Worker;

/// What one flow has carried, and what that means for its end.
///
/// Threading: confined to the flow's worker.
final class FlowCounts {

    private final FlowConfig config;
    private final int unansweredTicks;
    private long datagramsUp;
    private long bytesUp;
    private long datagramsDown;
    private long bytesDown;
    private int unanswered;
    private int unansweredSinceTick;

    /// @param unansweredTicks the time of [FlowConfig#unanswered]
    FlowCounts(FlowConfig config, int unansweredTicks) {
        this.config = config;
        this.unansweredTicks = unansweredTicks;
    }

    /// Goes on with what a flow of another process has carried.
    void goOn(FlowState from, int tick) {
        datagramsUp = from.datagramsUp();
        bytesUp = from.bytesUp();
        datagramsDown = from.datagramsDown();
        bytesDown = from.bytesDown();
        unanswered = from.unanswered();
        unansweredSinceTick = tick - Worker.wholeTicks(from.unansweredMillis());
    }

    /// The backend was sent something.
    void asked(int datagrams, int bytes, int tick) {
        datagramsUp += datagrams;
        bytesUp += bytes;
        if (unanswered == 0) {
            unansweredSinceTick = tick;
        }
        unanswered += datagrams;
    }

    /// The backend has sent something, which is on its way to the client.
    void answered(int datagrams, int bytes) {
        datagramsDown += datagrams;
        bytesDown += bytes;
        unanswered = 0;
    }

    /// Whether every answer that was to come has come.
    boolean isComplete() {
        return config.responses() > 0 && datagramsUp > 0 && datagramsDown >= datagramsUp * config.responses();
    }

    /// Whether the backend has been silent for so long that the flow has to leave it.
    boolean isUnanswered(int tick) {
        int most = config.unanswered().count();
        return most > 0 && unanswered >= most && tick - unansweredSinceTick >= unansweredTicks;
    }

    /// Datagrams in a row that were not answered.
    int unanswered() {
        return unanswered;
    }

    /// When the first of them was sent.
    int unansweredSinceTick() {
        return unansweredSinceTick;
    }

    long datagramsUp() {
        return datagramsUp;
    }

    long bytesUp() {
        return bytesUp;
    }

    long datagramsDown() {
        return datagramsDown;
    }

    long bytesDown() {
        return bytesDown;
    }
}
