package lb.cli.metrics;

import io.prometheus.metrics.config.EscapingScheme;
import io.prometheus.metrics.expositionformats.PrometheusTextFormatWriter;
import io.prometheus.metrics.model.snapshots.ClassicHistogramBuckets;
import io.prometheus.metrics.model.snapshots.CounterSnapshot;
import io.prometheus.metrics.model.snapshots.CounterSnapshot.CounterDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.DataPointSnapshot;
import io.prometheus.metrics.model.snapshots.Exemplars;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot.GaugeDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot.HistogramDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.MetricMetadata;
import io.prometheus.metrics.model.snapshots.MetricSnapshot;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.BiFunction;
import lb.l4.count.DurationScale;
import lb.l4.count.DurationTotals;

/// What one scrape has found, a flat list of values by name and labels, and its text.
///
/// Threading: confined to one thread.
final class Exposition {

    private static final String TOTAL = "_total";
    private static final double NANOS = TimeUnit.SECONDS.toNanos(1);

    private final Map<String, Family<?>> families = new LinkedHashMap<>();

    /// The values of one name.
    private static final class Family<P extends DataPointSnapshot> {
        private final MetricMetadata metadata;
        private final BiFunction<MetricMetadata, List<P>, MetricSnapshot> snapshot;
        private final List<P> points = new ArrayList<>();

        Family(MetricMetadata metadata, BiFunction<MetricMetadata, List<P>, MetricSnapshot> snapshot) {
            this.metadata = metadata;
            this.snapshot = snapshot;
        }

        MetricSnapshot snapshot() {
            return snapshot.apply(metadata, points);
        }
    }

    /// Something that only grows.
    ///
    /// @param name ends with `_total`, behind the unit if it has one
    void counter(String name, String help, Labels labels, double value) {
        // The library knows counters without their ending.
        Exposition.<CounterDataPointSnapshot>add(families, name.substring(0, name.length() - TOTAL.length()), help,
                CounterSnapshot::new, new CounterDataPointSnapshot(value, labels, null, 0));
    }

    void counter(String name, String help, Labels labels, long value) {
        counter(name, help, labels, (double) value);
    }

    /// Something that goes up and down.
    void gauge(String name, String help, Labels labels, double value) {
        Exposition.<GaugeDataPointSnapshot>add(families, name, help, GaugeSnapshot::new,
                new GaugeDataPointSnapshot(value, labels, null));
    }

    void gauge(String name, String help, Labels labels, long value) {
        gauge(name, help, labels, (double) value);
    }

    void gauge(String name, String help, Labels labels, boolean is) {
        gauge(name, help, labels, is ? 1L : 0L);
    }

    /// Durations.
    ///
    /// @param name ends with `_seconds`
    void histogram(String name, String help, Labels labels, DurationTotals totals) {
        DurationScale scale = totals.scale();
        double[] ends = new double[scale.buckets()];
        long[] counts = new long[scale.buckets()];
        for (int i = 0; i < ends.length; i++) {
            ends[i] = i == ends.length - 1 ? Double.POSITIVE_INFINITY : scale.endNanos(i) / NANOS;
            counts[i] = totals.inBucket(i);
        }
        Exposition.<HistogramDataPointSnapshot>add(families, name, help, HistogramSnapshot::new,
                new HistogramDataPointSnapshot(ClassicHistogramBuckets.of(ends, counts), totals.sumNanos() / NANOS,
                        labels, Exemplars.EMPTY, 0));
    }

    @SuppressWarnings("unchecked") // of one name all are made by one method
    private static <P extends DataPointSnapshot> void add(Map<String, Family<?>> families, String name, String help,
            BiFunction<MetricMetadata, List<P>, MetricSnapshot> snapshot, P point) {
        Family<P> family = (Family<P>) families.computeIfAbsent(name,
                _ -> new Family<>(new MetricMetadata(name, help), snapshot));
        family.points.add(point);
    }

    /// In the text format of Prometheus, sorted by name and labels.
    String text() {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try {
            PrometheusTextFormatWriter.create().write(out,
                    new MetricSnapshots(families.values().stream().map(Family::snapshot).toList()),
                    EscapingScheme.UNDERSCORE_ESCAPING);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return out.toString(StandardCharsets.UTF_8);
    }
}
