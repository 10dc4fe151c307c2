/// Health: what results of probes make of a backend's state, and when the next
/// probe is due. Nobody probes here.
///
/// Threading: control loop only; no clock, no randomness of its own.
@NullMarked
package lb.core.health;

import org.jspecify.annotations.NullMarked;
