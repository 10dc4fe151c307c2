package lb.core.pool;

/// What the probes say of a backend.
public enum HealthState {
    UP, DOWN
}
