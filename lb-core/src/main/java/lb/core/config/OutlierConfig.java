package lb.core.config;

import java.time.Duration;

/// When a backend that clients cannot reach is left out for a while. The defaults stand in reference.conf.
///
/// @param failures clients in a row that could not connect; 0 for never
/// @param baseEjection how long the first time; the n-th time n times as long
/// @param maxEjection the longest
/// @param maxEjectedPercent of the pool's backends at a time, though one may always be
public record OutlierConfig(int failures, Duration baseEjection, Duration maxEjection, int maxEjectedPercent) {

    public static final OutlierConfig OFF = new OutlierConfig(0, Duration.ofSeconds(30), Duration.ofMinutes(5), 10);
}
