/// The metrics of a running process, as text for Prometheus. Its classes are loaded with the first scrape.
///
/// Threading: confined to lb-admin; what is counted is read without asking the threads that count it.
@NullMarked
package lb.cli.metrics;

import org.jspecify.annotations.NullMarked;
