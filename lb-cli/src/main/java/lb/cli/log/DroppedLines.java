package lb.cli.log;

import java.util.concurrent.atomic.AtomicLong;
import org.apache.logging.log4j.core.LogEvent;
import org.apache.logging.log4j.core.appender.AbstractAppender;
import org.apache.logging.log4j.core.config.Property;

/// Takes the lines that the queue of the operational log has no room for, and counts them.
///
/// Threading: whoever logs.
final class DroppedLines extends AbstractAppender {

    private final AtomicLong count;

    DroppedLines(String name, AtomicLong count) {
        super(name, null, null, true, Property.EMPTY_ARRAY);
        this.count = count;
    }

    @Override
    public void append(LogEvent event) {
        count.incrementAndGet();
    }
}
