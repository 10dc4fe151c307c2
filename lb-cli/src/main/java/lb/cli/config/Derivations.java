package lb.cli.config;

import org.jspecify.annotations.Nullable;

/// How values that nobody wrote were found, each as a phrase for people; null
/// for a value that somebody wrote.
public record Derivations(@Nullable String workers, @Nullable String maxConnections) {}
