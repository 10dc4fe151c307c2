package lb.cli.metrics;

import io.prometheus.metrics.model.snapshots.Labels;
import java.io.IOException;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// The series of the process, under the names that Prometheus's own libraries give them.
///
/// Threading: confined to one thread.
final class ProcessMetrics {

    private static final Pattern LIMIT = Pattern.compile("Max open files\\s+(\\d+)");
    private static final Pattern RESIDENT = Pattern.compile("VmRSS:\\s+(\\d+) kB");
    private static final double SECOND_MILLIS = TimeUnit.SECONDS.toMillis(1);
    private static final double SECOND_NANOS = TimeUnit.SECONDS.toNanos(1);

    private final Path proc = Path.of("/proc/self");

    void add(Exposition to, long startedMillis) {
        to.gauge("process_start_time_seconds", "When the process started, since the epoch.", Labels.EMPTY,
                startedMillis / SECOND_MILLIS);
        ProcessHandle.current().info().totalCpuDuration().map(Duration::toNanos)
                .ifPresent(nanos -> to.counter("process_cpu_seconds_total",
                        "Processor time of user and system together.", Labels.EMPTY, nanos / SECOND_NANOS));
        descriptors(to);
        memory(to);
        for (GarbageCollectorMXBean collector : ManagementFactory.getGarbageCollectorMXBeans()) {
            Labels labels = Labels.of("gc", collector.getName());
            to.counter("lb_gc_collections_total", "Collections of garbage, in which all threads stand still.", labels,
                    Math.max(0, collector.getCollectionCount()));
            to.counter("lb_gc_collection_seconds_total", "The time that they took.", labels,
                    Math.max(0, collector.getCollectionTime()) / SECOND_MILLIS);
        }
    }

    private void descriptors(Exposition to) {
        try {
            to.gauge("process_open_fds", "Open descriptors. A TCP session has two, a flow one.", Labels.EMPTY, open());
            number("limits", LIMIT, to, "process_max_fds", "The most that there may be.", 1);
        } catch (IOException e) {
            // None is free to look with: lb_active_sessions tells.
        }
    }

    private long open() throws IOException {
        Path folder = proc.resolve("fd");
        // Since Linux 6.2 that is their number; before, 0.
        long count = Files.size(folder);
        if (count == 0) {
            try (var all = Files.list(folder)) {
                count = all.count();
            }
        }
        return count;
    }

    private void memory(Exposition to) {
        Runtime runtime = Runtime.getRuntime();
        Labels heap = Labels.of("area", "heap");
        to.gauge("jvm_memory_used_bytes", "Memory that Java's heap uses, garbage included.", heap,
                runtime.totalMemory() - runtime.freeMemory());
        to.gauge("jvm_memory_max_bytes", "The most that it may use.", heap, runtime.maxMemory());
        for (BufferPoolMXBean pool : ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class)) {
            if (pool.getName().equals("direct")) {
                to.gauge("jvm_buffer_pool_used_bytes",
                        "Memory of Java's buffers outside of the heap; those of workers are their own.",
                        Labels.of("pool", "direct"), pool.getMemoryUsed());
            }
        }
        try {
            number("status", RESIDENT, to, "process_resident_memory_bytes", "Memory of the process in all.", 1 << 10);
        } catch (IOException e) {
            // As above.
        }
    }

    private void number(String file, Pattern line, Exposition to, String name, String help, long unit)
            throws IOException {
        Matcher matcher = line.matcher(Files.readString(proc.resolve(file)));
        if (matcher.find()) {
            to.gauge(name, help, Labels.EMPTY, Long.parseLong(matcher.group(1)) * (double) unit);
        }
    }
}
