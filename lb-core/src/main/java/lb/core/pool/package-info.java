/// Backends and pools: who there is, and which of them may take a session now.
///
/// Threading: one control loop writes; snapshots are immutable and published
/// with one volatile write; counters that must be exact across workers
/// are atomics.
@NullMarked
package lb.core.pool;

import org.jspecify.annotations.NullMarked;
