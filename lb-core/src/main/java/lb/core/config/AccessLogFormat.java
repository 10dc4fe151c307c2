package lb.core.config;

/// How a session's access-log line is written.
public enum AccessLogFormat {
    OFF, TEXT, JSON
}
