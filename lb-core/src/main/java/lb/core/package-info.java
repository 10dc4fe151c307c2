/// The selection core: configuration records, backends, pools, balancers,
/// health state, and the hash that processes agree on. JDK only, no threads.
@NullMarked
package lb.core;

import org.jspecify.annotations.NullMarked;
