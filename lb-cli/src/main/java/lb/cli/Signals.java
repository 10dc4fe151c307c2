package lb.cli;

import java.lang.reflect.Proxy;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/// SIGTERM and SIGINT, which end the program, and SIGHUP and SIGUSR1, which must
/// not. The JDK's shutdown hooks cannot do what we promise (exit
/// status 0 after the first, 1 at once after the second), so this uses the
/// handler of jdk.unsupported.
///
/// Threading: the second signal acts on the JVM's signal thread.
final class Signals {

    private final AtomicReference<@Nullable CompletableFuture<String>> first = new AtomicReference<>();

    private Signals() {}

    /// Takes both signals over.
    ///
    /// @param second
    ///            what the second one does
    static CompletableFuture<String> takeOver(Runnable second) {
        Signals signals = new Signals();
        CompletableFuture<String> ended = new CompletableFuture<>();
        signals.first.set(ended);
        handle("TERM", () -> signals.received("TERM", second));
        handle("INT", () -> signals.received("INT", second));
        return ended;
    }

    /// Makes a signal do nothing but `action`.
    static void on(String name, Runnable action) {
        handle(name, action);
    }

    /// By reflection: javac warns of this class's name, and nothing silences that
    /// warning.
    private static void handle(String name, Runnable action) {
        try {
            Class<?> signal = Class.forName("sun.misc.Signal");
            Class<?> handler = Class.forName("sun.misc.SignalHandler");
            Object receiver = Proxy.newProxyInstance(handler.getClassLoader(), new Class<?>[]{handler},
                    (proxy, method, arguments) -> {
                        action.run();
                        return null;
                    });
            signal.getMethod("handle", signal, handler).invoke(null,
                    signal.getConstructor(String.class).newInstance(name), receiver);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("this Java cannot handle SIG" + name, e);
        }
    }

    private void received(String name, Runnable second) {
        CompletableFuture<String> ended = first.getAndSet(null);
        // What was ended in another way is ended once more by a first signal.
        if (ended == null || !ended.complete("SIG" + name)) {
            second.run();
        }
    }
}
