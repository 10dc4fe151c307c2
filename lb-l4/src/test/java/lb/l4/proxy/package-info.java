/// Tests of the PROXY protocol.
@NullMarked
package lb.l4.proxy;

import org.jspecify.annotations.NullMarked;
