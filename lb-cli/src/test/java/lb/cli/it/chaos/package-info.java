/// The program among servers that die, stand still and lie, and without what it needs of the system.
@NullMarked
package lb.cli.it.chaos;

import org.jspecify.annotations.NullMarked;
