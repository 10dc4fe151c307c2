package lb.cli;

import lb.l4.engine.Engine;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

/// Skips tests that need the engine while it is only a promise.
final class EngineStands {

    private EngineStands() {}

    static void assume() {
        boolean stands;
        try (Engine engine = new Engine(1, (session, format) -> {})) {
            stands = engine.addresses().isEmpty();
        } catch (UnsupportedOperationException e) {
            stands = false;
        }
        assumeTrue(stands, "the engine is not there yet");
    }
}
