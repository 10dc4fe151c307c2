package lb.core.config;

/// What a listener writes into the access log.
///
/// @param oneIn of how many sessions that end normally, or are refused by address, one is written; at least 1
/// @param startRecords whether a session is also written when it is connected to its backend
/// @param tcpInfo whether the kernel is asked for round-trip times and retransmits when a session ends
public record AccessLogConfig(AccessLogFormat format, int oneIn, boolean startRecords, boolean tcpInfo) {

    /// 2^64 divided by the golden ratio: multiples fill the range evenly.
    private static final long SPREAD = 0x9E3779B97F4A7C15L;

    /// Nothing.
    public static final AccessLogConfig OFF = new AccessLogConfig(AccessLogFormat.OFF, 1, false, false);

    public AccessLogConfig {
        if (oneIn < 1) {
            throw new IllegalArgumentException("one-in: " + oneIn + " (expected: >= 1)");
        }
    }

    /// A line for each ended session.
    public static AccessLogConfig all(AccessLogFormat format) {
        return new AccessLogConfig(format, 1, false, false);
    }

    public boolean isOn() {
        return format != AccessLogFormat.OFF;
    }

    /// Whether a session is written that ends normally, or is refused by address. Numbers are spread, so that sessions
    /// which come in turns do not meet the same answer again and again.
    ///
    /// @param number of the session on its worker
    public boolean takesCommon(long number) {
        return isOn() && (oneIn == 1 || (((number * SPREAD) >>> 32) * oneIn) >>> 32 == 0);
    }
}
