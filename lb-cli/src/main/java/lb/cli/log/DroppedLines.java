package lb.cli.log;

import java.util.concurrent.atomic.AtomicLong;
import org.apache.logging.log4j.core.LogEvent;
import org.apache.logging.log4j.core.appender.AbstractAppender;
import org.apache.logging.log4j.core.config.Property;

/// Takes the lines that the queue of the operational log has no room for, and counts them: those that are still to be
/// told of, and all.
///
/// Threading: whoever logs.
final class DroppedLines extends AbstractAppender {

    private final AtomicLong count;
    private final AtomicLong all;

    DroppedLines(String name, AtomicLong count, AtomicLong all) {
        super(name, null, null, true, Property.EMPTY_ARRAY);
        this.count = count;
        this.all = all;
    }

    @Override
    public void append(LogEvent event) {
        count.incrementAndGet();
        all.incrementAndGet();
    }
}
