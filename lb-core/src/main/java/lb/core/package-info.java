/// The selection core: configuration records, backends, pools, balancers,
/// health state. JDK only, no threads.
@NullMarked
package lb.core;

import org.jspecify.annotations.NullMarked;
