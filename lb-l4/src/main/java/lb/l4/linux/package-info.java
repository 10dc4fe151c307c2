/// Linux system calls by the foreign-function interface, and the addresses that
/// they take. The only package that uses `java.lang.foreign`.
///
/// Threading: a [lb.l4.linux.Linux] belongs to one thread.
@NullMarked
package lb.l4.linux;

import org.jspecify.annotations.NullMarked;
