package lb.cli.config;

import lb.core.config.AccessLogConfig;
import lb.core.config.AccessLogFormat;

/// Reads what is written into the access log: a block, or a format in its place.
final class AccessLogReader {

    private static final String SHORT_KEY = "format";
    private static final int MOST = 1_000_000;
    private static final ValueParser<AccessLogFormat> FORMAT = ValueParser.word(PoolReader.words("off",
            AccessLogFormat.OFF, "text", AccessLogFormat.TEXT, "json", AccessLogFormat.JSON));
    private static final ValueParser<Boolean> EVENTS = ValueParser
            .word(PoolReader.words("end", false, "start-and-end", true));

    private AccessLogReader() {}

    /// What the top says.
    static AccessLogConfig read(Block top) {
        Block block = top.block("access-log", SHORT_KEY);
        return new AccessLogConfig(block.read(SHORT_KEY, FORMAT), block.read("one-in", oneIn()),
                block.read("events", EVENTS), block.read("tcp-info", Values.bool()));
    }

    /// What a listener says, and where it says nothing, the top.
    static AccessLogConfig read(Block listener, AccessLogConfig top) {
        Block block = listener.block("access-log", SHORT_KEY);
        AccessLogFormat format = block.readOptional(SHORT_KEY, FORMAT);
        Integer oneIn = block.readOptional("one-in", oneIn());
        Boolean startRecords = block.readOptional("events", EVENTS);
        Boolean tcpInfo = block.readOptional("tcp-info", Values.bool());
        return new AccessLogConfig(format == null ? top.format() : format, oneIn == null ? top.oneIn() : oneIn,
                startRecords == null ? top.startRecords() : startRecords, tcpInfo == null ? top.tcpInfo() : tcpInfo);
    }

    private static ValueParser<Integer> oneIn() {
        return Values.integer(1, MOST);
    }
}
