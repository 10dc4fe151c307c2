package lb.core.config;

import java.time.Duration;

/// TCP keepalive of both sides of a session: how a dead peer is noticed.
///
/// @param idle quiet time before the first keepalive, whole seconds; zero for no
///     keepalive
/// @param interval between two of them, whole seconds
/// @param count unanswered ones that end the connection, 1 to 127
/// @param userTimeout how long sent data may stay unacknowledged (TCP_USER_TIMEOUT);
///     zero for the kernel's own
public record KeepaliveConfig(Duration idle, Duration interval, int count, Duration userTimeout) {}
