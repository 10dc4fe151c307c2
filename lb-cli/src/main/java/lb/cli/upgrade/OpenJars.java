package lb.cli.upgrade;

import java.io.IOException;
import java.util.Enumeration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Opens all jars of the program, which the JVM does only when it looks for something in them. What is open can be read to
/// the end of the process, also after an update has removed the files.
///
/// Threading: a thread of its own.
public final class OpenJars {

    private static final Logger LOG = LoggerFactory.getLogger(OpenJars.class);
    /// A name that no jar has, so that all of them are asked.
    private static final String NOWHERE = "lb/cli/upgrade/nowhere";

    private OpenJars() {}

    /// Begins, and returns at once.
    public static void all() {
        Thread.ofPlatform().daemon().name("open-jars").start(() -> {
            try {
                Enumeration<?> found = OpenJars.class.getClassLoader().getResources(NOWHERE);
                LOG.debug("all jars are open{}", found.hasMoreElements() ? "; one has " + NOWHERE : "");
            } catch (IOException e) {
                LOG.warn("not all jars can be opened: an update must not remove them: {}", e.toString());
            }
        });
    }
}
