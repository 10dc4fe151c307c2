/// Limits on what one client may take: rates, and the table of sources.
///
/// Threading: stated by each class.
@NullMarked
package lb.core.limit;

import org.jspecify.annotations.NullMarked;
