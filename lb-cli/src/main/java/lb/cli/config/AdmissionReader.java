package lb.cli.config;

import com.typesafe.config.ConfigOrigin;
import com.typesafe.config.ConfigValue;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import lb.cli.config.ValueParser.Rejected;
import lb.core.config.AddressFile;
import lb.core.config.AdmissionConfig;
import lb.core.config.AdmissionConfig.OnFull;
import lb.core.config.BandwidthConfig;
import lb.core.config.RejectConfig;
import lb.core.config.RejectConfig.Action;
import lb.core.limit.SourceLimits;
import org.jspecify.annotations.Nullable;

/// Reads whom a listener refuses, and how fast those may be whom it lets in.
final class AdmissionReader {

    private static final int LEAST_BANDWIDTH = 1024;
    /// Sources without connections that a table remembers, for their rates, when nobody says how many.
    private static final int SPARE_SOURCES = 65_536;
    private static final int MOST_SOURCES = 10_000_000;
    private static final Map<String, OnFull> ON_FULL = PoolReader.words("wait", OnFull.WAIT, "refuse", OnFull.REFUSE);
    private static final Map<String, Action> ACTIONS = PoolReader.words("reset", Action.RESET, "close", Action.CLOSE,
            "silent", Action.SILENT, "tarpit", Action.TARPIT);

    private final Block block;

    /// @param block of the listener
    AdmissionReader(Block block) {
        this.block = block;
    }

    AdmissionConfig read() {
        List<AddressFile> allow = block.readList("allow-file", AdmissionReader::file);
        List<AddressFile> deny = block.readList("deny-file", AdmissionReader::file);
        SourceLimits sources = sources(block.block("per-source", "max-connections"));
        OnFull onFull = block.read("on-full", ValueParser.word(ON_FULL));
        Block reject = block.block("reject", "action");
        RejectConfig how = new RejectConfig(reject.read("action", ValueParser.word(ACTIONS)),
                reject.read("tarpit", Values.duration()));
        return new AdmissionConfig(allow, deny, sources, onFull, how, block.read("dry-run", Values.bool()));
    }

    BandwidthConfig bandwidth() {
        Block bandwidth = block.block("bandwidth", "down");
        return new BandwidthConfig(bandwidth(bandwidth, "up"), bandwidth(bandwidth, "down"));
    }

    private static SourceLimits sources(Block block) {
        RateText rate = block.read("connection-rate", RateText.parser());
        int burst = block.read("burst", Values.integer(1, ConfigReader.MOST_CONNECTIONS).or("auto", 0));
        if (rate == RateText.OFF && burst > 0) {
            block.problem("burst", "applies only with a connection-rate");
        }
        return new SourceLimits(block.read("max-connections", ConfigReader.limit()), rate.withBurst(burst),
                bandwidth(block, "bandwidth-up"), bandwidth(block, "bandwidth-down"),
                block.read("ipv4-prefix", Values.integer(0, 32)), block.read("ipv6-prefix", Values.integer(0, 128)),
                block.read("table-size", Values.integer(1, MOST_SOURCES).or("auto", 1)));
    }

    private static int bandwidth(Block block, String key) {
        int bytes = block.read(key, Values.size().or("off", 0));
        if (bytes > 0 && bytes < LEAST_BANDWIDTH) {
            block.problem(key, "expected at least 1k, or off");
        }
        return bytes;
    }

    /// A file of networks.
    private static AddressFile file(ConfigValue value) throws Rejected {
        try {
            return AddressFile.read(path(value));
        } catch (AddressFile.Unusable e) {
            throw new Rejected(String.join("; ", e.reasons()));
        }
    }

    /// The name of a file; a relative one is looked for beside the file that names it.
    static Path path(ConfigValue value) throws Rejected {
        String text = ValueParser.text("the name of a file", name -> name).parse(value);
        try {
            return beside(value.origin()).resolve(text).toAbsolutePath().normalize();
        } catch (InvalidPathException e) {
            throw new Rejected("expected the name of a file");
        }
    }

    /// The folder of the file in which something is written; the working directory for a flag.
    static Path beside(ConfigOrigin origin) {
        String where = Findings.where(origin);
        int line = where == null ? -1 : where.lastIndexOf(':');
        Path folder = where == null || line < 0 || where.startsWith("--")
                ? null
                : Path.of(where.substring(0, line)).getParent();
        return folder == null ? Path.of("") : folder;
    }

    /// How many sources a table knows where nobody says it: as many as may have connections, and some more.
    static int tableSize(int maxConnections) {
        return Math.min(maxConnections + SPARE_SOURCES, MOST_SOURCES);
    }

    /// Whether the size of the table is to be derived.
    static boolean isTableAuto(@Nullable Block listener, AdmissionConfig admission) {
        return listener != null && admission.sources().isActive()
                && listener.block("per-source", "max-connections").isAuto("table-size");
    }

    /// How it was found.
    static String explanation(int maxConnections) {
        return "derived: max-connections (" + maxConnections + ") and " + SPARE_SOURCES
                + " sources without connections";
    }
}
