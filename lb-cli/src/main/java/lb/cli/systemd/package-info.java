/// What systemd is told of this process (sd_notify(3)), and that it is still alive.
///
/// Threading: any thread but workers and the control loop; the watchdog has a thread of its own.
@NullMarked
package lb.cli.systemd;

import org.jspecify.annotations.NullMarked;
