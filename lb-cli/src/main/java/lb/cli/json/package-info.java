/// JSON, of the admin interface and of the state file.
///
/// Threading: any thread.
@NullMarked
package lb.cli.json;

import org.jspecify.annotations.NullMarked;
