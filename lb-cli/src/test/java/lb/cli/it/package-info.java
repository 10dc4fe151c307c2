/// Real clients and real servers that meet through a running `lb` process.
@NullMarked
package lb.cli.it;

import org.jspecify.annotations.NullMarked;
