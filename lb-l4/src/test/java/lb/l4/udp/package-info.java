/// Tests of the parts of flows.
@NullMarked
package lb.l4.udp;

import org.jspecify.annotations.NullMarked;
